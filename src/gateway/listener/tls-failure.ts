// Errors of TLS by what is wrong, as one word of a bounded set. Node gives the name of OpenSSL's reason behind `ERR_SSL_`, with another
// beginning for alerts in each release of it, and for certificates the name of the fault found in them.

import type { Reason } from '../../errors/reasons.ts'

type Kinds<Kind extends string> = readonly (readonly [code: RegExp, kind: Kind])[]
type UpstreamReason = Reason<'UPSTREAM_ERROR'>

/** With an upstream, seen from the client. */
const withUpstream: Kinds<UpstreamReason> = [
  [/^CERT_HAS_EXPIRED$/, 'expired'],
  [/^CERT_NOT_YET_VALID$/, 'not_yet_valid'],
  [/^(?:ERR_TLS_CERT_ALTNAME_INVALID|ERR_TLS_CERT_ALTNAME_FORMAT|HOSTNAME_MISMATCH)$/, 'wrong_name'],
  [/^DEPTH_ZERO_SELF_SIGNED_CERT$/, 'self_signed'],
  [
    /^(?:SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)|CERT_UNTRUSTED)$/,
    'unknown_issuer',
  ],
  [/^(?:CERT_|CRL_|UNABLE_TO_|INVALID_|PATH_LENGTH_|ERROR_IN_|UNSPECIFIED$)/, 'certificate'],
  [/_ALERT_CERTIFICATE_REQUIRED$/, 'client_certificate_wanted'],
  [
    /_ALERT_(?:(?:NO|BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_(?:REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED)$/,
    'client_certificate_refused',
  ],
  [/NO_APPLICATION_PROTOCOL$/, 'alpn'],
  [/_UNRECOGNIZED_NAME$/, 'wrong_name'],
  [/(?:PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|WRONG_SSL_VERSION)$/, 'tls_version'],
  [
    /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|HTTP_REQUEST|HTTPS_PROXY_REQUEST)$/,
    'not_tls',
  ],
  [/^(?:ERR_SSL_|ERR_TLS_|ERR_OSSL_|EPROTO$)/, 'tls'],
]

/** With a client, seen from the server: what is its doing comes as an alert. */
const withClient: Kinds<string> = [
  [/^ERR_SSL_(?:HTTP_REQUEST|HTTPS_PROXY_REQUEST)$/, 'plain_http'],
  [/^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE)$/, 'not_tls'],
  [
    /(?:PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|WRONG_SSL_VERSION|INAPPROPRIATE_FALLBACK)$/,
    'version',
  ],
  [/NO_APPLICATION_PROTOCOL$/, 'alpn'],
  [/_ALERT_(?:\w+_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|DECRYPT_ERROR)$/, 'certificate_refused'],
  [/^ERR_SSL_NO_SHARED_|^ERR_SSL_NO_SUITABLE_/, 'nothing_shared'],
  [/_ALERT_/, 'alert'],
  [/^ERR_TLS_HANDSHAKE_TIMEOUT$/, 'timeout'],
  [/^(?:ECONNRESET|EPIPE|ECONNABORTED|ETIMEDOUT)$/, 'closed'],
  [/^ERR_SSL_/, 'malformed'],
]

function kindOf<Kind extends string>(kinds: Kinds<Kind>, code: string): Kind | undefined {
  return kinds.find(([pattern]) => pattern.test(code))?.[1]
}

/** Why no request went to an upstream over TLS; undefined: the code is none of TLS. */
export function tlsReasonOf(code: string): UpstreamReason | undefined {
  return kindOf(withUpstream, code)
}

/** Why a handshake with a client failed. */
export function handshakeReasonOf(code: string): string {
  return kindOf(withClient, code) ?? 'other'
}
