// Names of headers that undici need not look into. It has a record of usual names; each other one it folds, looks up again
// and matches, with every request: for those that the gateway adds, that is half of what it costs to make a request of
// undici's (docs/performance.md).

import { validateHeaderName } from 'node:http'
import { createRequire } from 'node:module'

/** By the name as it is written: the same in lower case. Has no prototype. */
const usualNames = recordOf(createRequire(import.meta.url))

/**
 * Puts a name among the usual ones, for good: names of the configuration alone, as there is no end of a client's. Throws
 * where it is no field name (RFC 9110 §5.1). Without effect where undici keeps no such record.
 */
export function makeKnown(name: string): void {
  validateHeaderName(name)
  if (usualNames !== undefined) usualNames[name] ??= name.toLowerCase()
}

/** Whether undici takes the name without looking into it. */
export function isKnown(name: string): boolean {
  return usualNames?.[name] !== undefined
}

function recordOf(require: NodeJS.Require): Record<string, string> | undefined {
  try {
    const { headerNameLowerCasedRecord: record } = require('undici/lib/core/constants.js')
    return typeof record === 'object' && record.Accept === 'accept' ? record : undefined
  } catch {
    return undefined
  }
}
