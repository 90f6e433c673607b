// What becomes of a failed exchange with an upstream: the answer to the client, and the reason for log and metric.

import { type Denial, deny } from '../errors/denial.ts'
import { CircuitOpen } from './connect-circuit.ts'
import { BodyFault } from './request-body.ts'
import { InvalidAnswer } from './upstream/answer-head.ts'
import { ConnectTimeout } from './upstream/connect.ts'
import { UpstreamClosed } from './upstream/connection.ts'
import { NotSent } from './upstream/pool.ts'

/** What the client is told of a failed exchange; undefined: it is not there any more. */
export function denialOf(error: Error): Denial | undefined {
  if (error instanceof BodyFault) return error.denial
  if (error instanceof NotSent) return deny('UPSTREAM_UNAVAILABLE', error.reason)
  if (error instanceof CircuitOpen) return deny('UPSTREAM_UNAVAILABLE', 'circuit_open')
  if (error instanceof ConnectTimeout) return deny('UPSTREAM_TIMEOUT', error.reason)
  if (error instanceof UpstreamClosed) return deny('UPSTREAM_ERROR', 'closed')
  if (error instanceof InvalidAnswer) return deny('UPSTREAM_ERROR', error.reason)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code.startsWith('ERR_SSL_')) return deny('UPSTREAM_ERROR', 'tls')
  return deny('UPSTREAM_ERROR', reasons[code] ?? unnamedFailure)
}

/** The reason of a failure that has none of its own: what was thrown must tell. */
export const unnamedFailure = 'upstream_failed'

/** Reasons for log and metric: a bounded set. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  EPROTO: 'tls',
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate',
  CERT_HAS_EXPIRED: 'certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate',
}
