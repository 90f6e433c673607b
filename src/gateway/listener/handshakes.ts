// Handshakes of clients that fail: counted by their reason, and told in the log within a bound, as nothing else is seen of them. Who
// speaks plain HTTP to the port is told so, in plain HTTP.

import type { Server } from 'node:http'
import { Socket } from 'node:net'
import { type Denial, deny } from '../../errors/denial.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { peerOf } from './peer.ts'
import { handshakeReasonOf } from './tls-failure.ts'

export interface HandshakeDeps {
  readonly log: Logger
  readonly metrics: Metrics
  /** Refuses on a connection that nothing was said on yet. */
  readonly refuse: (socket: Socket, denial: Denial) => void
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

/** Lines a second at most: a scanner must not fill the log. */
const mostLines = 10

/** Watches the handshakes of a server; nothing where it has none. */
export function watchHandshakes(server: Server, deps: HandshakeDeps): void {
  const tell = createTeller(deps)
  // Fastify's own, which would answer in another shape.
  server.removeAllListeners('tlsClientError')
  server.on('tlsClientError', (error: Error & { readonly code?: string }, secure: Socket) => {
    const reason = handshakeReasonOf(error.code ?? '')
    const socket = below(secure)
    deps.metrics.handshakeFailed(reason)
    // A balancer that looks whether the port is open, or a connection that was over its address' limit.
    const isSilent = reason === 'closed' && (socket === undefined || socket.bytesRead === 0)
    if (!isSilent) tell(reason, error.code, socket && peerOf(socket))
    if (socket !== undefined && isPlainHttp(reason, socket)) {
      return deps.refuse(socket, deny('BAD_REQUEST', 'plain_http', { hint: 'this port speaks https' }))
    }
    // Nothing else can be said before the handshake is done, and what is written would wait for it for ever.
    secure.destroy()
  })
}

/** OpenSSL knows HTTP by some methods' first letters, in older releases by four: what is no TLS from the start is taken for it too. */
function isPlainHttp(reason: string, socket: Socket): boolean {
  return (reason === 'plain_http' || reason === 'not_tls') && socket.writable && socket.bytesWritten === 0
}

/** The connection that TLS is spoken over: Node keeps it there, and the address of its client is known by it. */
function below(secure: Socket & { readonly _parent?: unknown }): Socket | undefined {
  return secure._parent instanceof Socket ? secure._parent : undefined
}

function createTeller({ log, now }: HandshakeDeps) {
  let second = 0
  let lines = 0
  let untold = 0
  return (reason: string, code: string | undefined, client: string | undefined): void => {
    const current = Math.floor(now() / 1_000)
    if (current !== second) {
      second = current
      lines = 0
    }
    if (++lines > mostLines) return void untold++
    log.info({ client, reason, code, ...(untold > 0 && { untold }) }, 'TLS handshake failed')
    untold = 0
  }
}
