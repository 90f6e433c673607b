// Who the client of a request is, as its connection and its head tell.

import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { certificateIn } from '../../config/request/client-cert.ts'
import { createClientFinder, isSecureBehind } from '../../decision/request/client.ts'
import type { Head } from '../../decision/request/head.ts'
import { isUnnamed, peerOf } from './peer.ts'

export interface ClientIdentity {
  readonly peer: string
  readonly client: string
  readonly isPeerTrusted: boolean
  readonly isSecure: boolean
  /** Version and cipher of the connection, as fields of the log line behind a comma; empty: plain HTTP. */
  readonly tls: string
  /** SHA-256 (base64url) of the certificate that the client has shown: worked out when somebody wants to know. */
  readonly certificate: () => string | undefined
}

export interface IdentityRules {
  /** CIDR blocks or addresses. */
  readonly trustedProxies: readonly string[]
  /** They hand the client's certificate on (RFC 9440). */
  readonly clientCertHeader: boolean
}

/** Returns a function that tells who the client of a request is. */
export function clientIdentifier({
  trustedProxies,
  clientCertHeader,
}: IdentityRules): (raw: IncomingMessage, head: Head) => ClientIdentity {
  const { isTrusted, clientBehind } = createClientFinder(trustedProxies)
  // What is the same for all requests of a connection.
  const identities = new WeakMap<Socket, ClientIdentity>()

  function identityOf(socket: Socket): ClientIdentity {
    let identity = identities.get(socket)
    if (identity === undefined) {
      const peer = peerOf(socket)
      // Such a connection was never taken.
      if (peer === undefined) throw new Error('a request without a peer')
      const isPeerTrusted = isTrusted(peer) && !isUnnamed(socket)
      const isSecure = socket instanceof TLSSocket
      const certificate = isSecure && !isPeerTrusted ? shownBy(socket) : nothingShown
      const tls = isSecure ? tlsFields(socket) : ''
      identity = { peer, client: peer, isPeerTrusted, isSecure, tls, certificate }
      identities.set(socket, identity)
    }
    return identity
  }

  return (raw, head) => {
    const identity = identityOf(raw.socket)
    if (!identity.isPeerTrusted) return identity
    const { peer, tls } = identity
    const isSecure = isSecureBehind(identity.isSecure, head)
    const certificate = clientCertHeader ? () => handedOn(raw.rawHeaders) : nothingShown
    return { peer, client: clientBehind(peer, head), isPeerTrusted: true, isSecure, tls, certificate }
  }
}

/** OpenSSL's names: letters, digits, `.`, `-` and `_`. No renegotiation changes them. */
function tlsFields(socket: TLSSocket): string {
  return `,"tls":"${socket.getProtocol()}","cipher":"${socket.getCipher()?.name}"`
}

/** A proxy's own certificate is not its client's. */
const nothingShown = () => undefined

/** Of a connection: a resumed session has it, too. */
function shownBy(socket: TLSSocket): () => string | undefined {
  let shown: string | null | undefined
  return () => {
    if (shown === undefined) shown = thumbprintOf(socket.getPeerX509Certificate()?.raw) ?? null
    return shown ?? undefined
  }
}

function handedOn(fields: readonly string[]): string | undefined {
  return thumbprintOf(certificateIn(fields))
}

function thumbprintOf(der: Buffer | undefined): string | undefined {
  return der && hash('sha256', der, 'base64url')
}
