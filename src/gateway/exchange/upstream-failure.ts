// What becomes of a failed exchange with an upstream: the answer to the client, and the reason for log and metric.

import { type Denial, deny } from '../../errors/denial.ts'
import type { Reason } from '../../errors/reasons.ts'
import { CircuitOpen } from '../upstream/connect-circuit.ts'
import { BodyFault } from './request-body.ts'
import { tlsReasonOf } from '../listener/tls-failure.ts'
import { InvalidAnswer } from '../upstream/answer-head.ts'
import { ConnectTimeout } from '../upstream/connect.ts'
import { UpstreamClosed } from '../upstream/connection.ts'
import { NotSent } from '../upstream/not-sent.ts'
import { NoRoom } from '../upstream/no-room.ts'

/** What the client is told of a failed exchange; undefined: it is not there any more. */
export function denialOf(error: Error): Denial | undefined {
  if (error instanceof BodyFault) return error.denial
  if (error instanceof NotSent) return deny('UPSTREAM_UNAVAILABLE', error.reason)
  if (error instanceof NoRoom) return deny('OVERLOADED', 'descriptors')
  if (error instanceof CircuitOpen) return deny('UPSTREAM_UNAVAILABLE', 'circuit_open')
  if (error instanceof ConnectTimeout) return deny('UPSTREAM_TIMEOUT', error.reason)
  if (error instanceof UpstreamClosed) return deny('UPSTREAM_ERROR', 'closed')
  if (error instanceof InvalidAnswer) return deny('UPSTREAM_ERROR', error.reason)
  const code = codeOf(error)
  return deny('UPSTREAM_ERROR', reasons[code] ?? tlsReasonOf(code) ?? unnamedFailure)
}

type UpstreamReason = Reason<'UPSTREAM_ERROR'>

/** Of several addresses, none of which could be connected to: that of the first. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** The reason of a failure that has none of its own: what was thrown must tell. */
export const unnamedFailure = 'upstream_failed' satisfies UpstreamReason

/** Reasons for log and metric: a bounded set. */
const reasons: Readonly<Record<string, UpstreamReason>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'connect_timeout',
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
}
