// Why an upstream could not be reached, in words that say where to look. Never repeats what was sent.

import { type ConnectStage, ProbeTimeout } from './probe-connection.ts'

export interface ProbeFailure {
  readonly reason: string
  readonly explanation: string
}

/** By the code of Node's or OpenSSL's error. */
const known: Readonly<Record<string, readonly [reason: string, explanation: string]>> = {
  ECONNREFUSED: ['refused', 'nobody listens on that port'],
  ECONNRESET: ['reset', 'the connection was reset before an answer came'],
  EPIPE: ['reset', 'the connection was reset before an answer came'],
  ETIMEDOUT: ['connect_timeout', 'the host takes no packets'],
  ENOTFOUND: ['name_not_found', 'there is no such name'],
  EAI_AGAIN: ['name_not_found', 'the name servers do not answer'],
  EHOSTUNREACH: ['unreachable', 'there is no way to the host'],
  ENETUNREACH: ['unreachable', 'there is no way to the host’s network'],
  ENOENT: ['certificate_file', 'a file that `ca`, `cert` or `key` names is not there'],
  EACCES: ['certificate_file', 'a file that `ca`, `cert` or `key` names cannot be read'],
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'certificate_self_signed',
    'its certificate is signed by itself: name it as `ca`',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'certificate_unknown_authority',
    'its certificate is of an authority that is not known here: name that as `ca`',
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'certificate_unknown_authority',
    'its certificate is of an authority that is not known here, or it leaves out one in between: see `ca`',
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'certificate_unknown_authority',
    'its certificate is of an authority that is not known here: name that as `ca`',
  ],
  CERT_HAS_EXPIRED: ['certificate_expired', 'its certificate has expired'],
  CERT_NOT_YET_VALID: [
    'certificate_not_yet_valid',
    'its certificate is not valid yet; or this machine’s clock is wrong',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'certificate_name',
    'its certificate is for another name than the one in `url`',
  ],
  ERR_SSL_WRONG_VERSION_NUMBER: ['no_tls', 'it speaks no TLS on that port: is it http://?'],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['no_tls', 'it speaks no TLS on that port: is it http://?'],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: [
    'client_certificate',
    'it asks for a certificate: see `cert` and `key`',
  ],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: ['tls_version', 'it speaks older versions of TLS only'],
  ERR_SSL_UNSUPPORTED_PROTOCOL: ['tls_version', 'it speaks older versions of TLS only'],
}

const timeouts: Readonly<Record<ConnectStage, ProbeFailure>> = {
  name: { reason: 'name_timeout', explanation: 'its name was not resolved within `connect_timeout`' },
  connect: { reason: 'connect_timeout', explanation: 'no connection within `connect_timeout`' },
  handshake: {
    reason: 'tls_timeout',
    explanation: 'it takes connections, and no TLS handshake came about within `connect_timeout`',
  },
}

export function failureOf(error: unknown): ProbeFailure {
  if (error instanceof ProbeTimeout) return timeouts[error.stage]
  const code = codeOf(error)
  const [reason, explanation] = known[code] ?? unnamed(code)
  return { reason, explanation }
}

/** Several addresses were tried: the first one's reason. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function unnamed(code: string): readonly [reason: string, explanation: string] {
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return ['tls', `the TLS handshake failed (${code})`]
  return [
    'failed',
    code === '' ? 'something unforeseen went wrong' : `something unforeseen went wrong (${code})`,
  ]
}

/** It took a connection, and no HTTP/1 came of it. */
export const noHttp = {
  silent: { reason: 'silent', explanation: 'it takes connections and answers nothing' },
  closed: {
    reason: 'closed',
    explanation: 'it closed the connection instead of answering: does it want https://?',
  },
  garbled: {
    reason: 'no_http',
    explanation: 'what it answers is no HTTP/1: is it https://, or HTTP/2 alone?',
  },
} as const
