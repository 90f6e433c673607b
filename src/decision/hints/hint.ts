// What a refusal says beyond its code: a fixed sentence about what the request itself shows to be wrong with it, for the
// developer who reads the answer.
//
// It is made of request, table and code alone, never of the private reason: two requests that are alike get the same
// sentence, whatever a store or the emergency stop knows of their keys. Nothing of the request is repeated but method, host
// and path (request/as-seen.ts). Asked when a request has been refused; those that are let through pay nothing. Pure.

import type { Denial } from '../../errors/denial.ts'
import type { ErrorCode } from '../../errors/catalogue.ts'
import { asSeen, pathAsSeen } from '../request/as-seen.ts'
import { hintOfInvalidKey, hintOfMissingKey, hintOfWrongEnvironment } from './key-hint.ts'
import type { Shown } from './shown.ts'

type Hint = (shown: Shown) => string | undefined

const hints: Readonly<Partial<Record<ErrorCode, Hint>>> = {
  HTTPS_REQUIRED: () =>
    'the request came over plain http: use https, and rotate a key that has been sent this way',
  UNKNOWN_HOST: ({ head, table }) =>
    head.host === ''
      ? 'the request names no host'
      : `no API is served under the host ${asSeen(head.host, table.prefixes)}`,
  ROUTE_NOT_FOUND: (shown) => `there is no ${placeOf(shown)}`,
  METHOD_NOT_ALLOWED: (shown) => `there is no ${placeOf(shown)}; Allow lists the methods that the path has`,
  MISSING_API_KEY: hintOfMissingKey,
  INVALID_API_KEY: hintOfInvalidKey,
  WRONG_ENVIRONMENT: hintOfWrongEnvironment,
}

/** The refusal with its hint; the same one where it has one already, or there is nothing to say. */
export function withHint(shown: Shown, denial: Denial): Denial {
  const hint = denial.hint === undefined ? hints[denial.code]?.(shown) : undefined
  return hint === undefined ? denial : { ...denial, hint }
}

function placeOf({ method, target, table }: Shown): string {
  return `${asSeen(method, [])} ${pathAsSeen(target, table.prefixes) ?? ''}`
}
