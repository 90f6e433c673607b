// What a line says of a request that no route or key tells enough of: method, host and path as they came, and how its key
// begins and ends. Nothing of it is worked out for a request that is let through, unless the log is to name all paths.

import type { LogPaths } from '../../config/log-schema.ts'
import { hintOfKey } from '../../credentials/secret.ts'
import { asSeen, pathAsSeen } from '../../decision/request/as-seen.ts'
import { asciiJson } from '../../telemetry/log.ts'
import type { Access } from '../access.ts'

/** The host where no API has it, and the path where no route matched, as fields behind commas; `all`: the path in any case. */
export function placeFields({ host, route, head, table, target, path }: Access, paths: LogPaths): string {
  const { prefixes } = table
  let fields = ''
  if (host === undefined && head.host !== '') fields = `,"host":${asciiJson(asSeen(head.host, prefixes))}`
  if (paths === 'none' || (route !== undefined && paths !== 'all')) return fields
  // What stands for a query may be a part of a path that a route has matched.
  const seen = route === undefined ? pathAsSeen(target, prefixes) : asSeen(path, prefixes)
  return seen === undefined ? fields : `${fields},"path":${asciiJson(seen)}`
}

/** How a refused key begins and ends, where it has the form of one, whosever it is; as a field behind a comma. */
export function keyHintField({ credential, table }: Access): string {
  const hint = credential === undefined ? undefined : hintOfKey(credential, table.prefixes)
  return hint === undefined ? '' : `,"key_hint":${asciiJson(hint)}`
}

/** The trace that a request belongs to (W3C Trace Context, `traceparent`), as a field behind a comma. */
export function traceField(traceParent: string): string {
  const [whole, version, id] = traceParentForm.exec(traceParent) ?? []
  if (whole === undefined || id === noTrace || version === 'ff') return ''
  // Later versions may have more behind the flags.
  return version === '00' && whole.length > traceParentLength ? '' : `,"trace_id":"${id}"`
}

const noTrace = '0'.repeat(32)
const traceParentLength = 55
const traceParentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/
