// Which certificate the client of a request has shown, in the handshake or to a trusted proxy that hands it on. Whose it is, and
// whether anybody vouches for it, is for others to say.

import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { addressMatcher, plainAddress } from '../config/request/addresses.ts'
import { certificateIn } from '../config/request/client-cert.ts'

export interface CertificateRules {
  /** CIDR blocks or addresses. */
  readonly trustedProxies: readonly string[]
  /** They hand the client's certificate on (RFC 9440). */
  readonly clientCertHeader: boolean
}

/** undefined: none was shown, or what was handed on is none. */
export function createClientCertificate({
  trustedProxies,
  clientCertHeader,
}: CertificateRules): (request: IncomingMessage) => X509Certificate | undefined {
  const isTrusted = addressMatcher(trustedProxies)
  return ({ socket, rawHeaders }) => {
    const peer = socket.remoteAddress
    // A proxy's own certificate is not its client's.
    if (peer !== undefined && trustedProxies.length > 0 && isTrusted(plainAddress(peer)))
      return clientCertHeader ? parsed(certificateIn(rawHeaders)) : undefined
    return socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  }
}

function parsed(der: Buffer | undefined): X509Certificate | undefined {
  try {
    return der && new X509Certificate(der)
  } catch {
    return undefined
  }
}
