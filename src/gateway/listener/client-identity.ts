// Who the client of a request is, as its connection and its head tell.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
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
}

/** Returns a function that tells who the client of a request is. `trustedProxies`: CIDR blocks or addresses. */
export function clientIdentifier(
  trustedProxies: readonly string[],
): (raw: IncomingMessage, head: Head) => ClientIdentity {
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
      identity = { peer, client: peer, isPeerTrusted, isSecure, tls: isSecure ? tlsFields(socket) : '' }
      identities.set(socket, identity)
    }
    return identity
  }

  return (raw, head) => {
    const identity = identityOf(raw.socket)
    if (!identity.isPeerTrusted) return identity
    const { peer, tls } = identity
    const isSecure = isSecureBehind(identity.isSecure, head)
    return { peer, client: clientBehind(peer, head), isPeerTrusted: true, isSecure, tls }
  }
}

/** OpenSSL's names: letters, digits, `.`, `-` and `_`. No renegotiation changes them. */
function tlsFields(socket: TLSSocket): string {
  return `,"tls":"${socket.getProtocol()}","cipher":"${socket.getCipher()?.name}"`
}
