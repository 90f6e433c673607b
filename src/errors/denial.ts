// A refusal: public code apart from private reason. The core returns it, the edge turns it into bytes.

import type { ErrorCode } from './catalogue.ts'
import type { Reason } from './reasons.ts'

export interface Denial {
  readonly code: ErrorCode
  /** For the log and the metric only; one of a bounded set of words (reasons.ts), never taken from the request. */
  readonly reason: string
  /** What the route requires (INSUFFICIENT_PERMISSIONS). */
  readonly required?: readonly string[]
  /** `any`: one of `required` is enough. */
  readonly match?: 'any'
  /** Methods that the path has (METHOD_NOT_ALLOWED). */
  readonly allow?: readonly string[]
  /** What the request itself shows to be wrong with it: a fixed sentence, in ASCII, that repeats nothing of a secret. */
  readonly hint?: string
  /** Seconds for `Retry-After`, where it is not the same each time. */
  readonly retryAfterSeconds?: number
  /** Of a request that is not kept: when its id was made, RFC 3339; null: the id does not say. */
  readonly madeAt?: string | null
  /** What is wrong with a request to the control plane. */
  readonly details?: readonly FieldFault[]
}

export interface FieldFault {
  /** Of a body of lines: which one, from 1. */
  readonly line?: number
  /** JSON pointer into the body, or the name of a query parameter or header. */
  readonly path: string
  readonly message: string
}

/** Makes a refusal: `deny('INVALID_API_KEY', 'revoked')`. */
export function deny<Code extends ErrorCode>(
  code: Code,
  reason: Reason<Code>,
  extra?: Omit<Denial, 'code' | 'reason'>,
): Denial {
  return { code, reason, ...extra }
}

/** A refusal on its way through code that throws (the control plane, stores). */
export class DenialError extends Error {
  override readonly name = 'DenialError'
  readonly denial: Denial

  constructor(denial: Denial, options?: ErrorOptions) {
    super(`${denial.code}: ${denial.reason}`, options)
    this.denial = denial
  }
}
