// HTTPS on the control port, where it is configured: with a certificate that is renewed while the process runs.

import { constants } from 'node:crypto'
import { createServer } from 'node:https'
import type { RequestListener, Server as HttpServer, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'

/** Who has the certificate, and tells of later ones. */
export interface ControlTls {
  current(): { readonly cert: string | Buffer; readonly key: string | Buffer }
  follow(renewed: () => void): void
  readonly ciphers: string
  /** Clients are asked for a certificate. */
  readonly asksClients: boolean
  /** Time for a handshake: then its connection is closed. */
  readonly handshakeTimeoutMs: number
}

interface Listening {
  readonly options: ServerOptions
  readonly keepAliveTimeout: number
  readonly requestTimeout: number
}

/** For Fastify's `serverFactory`, which then sets none of the server's times itself. */
export function tlsServer(tls: ControlTls, listening: Listening): (handler: RequestListener) => HttpServer {
  const context = () => {
    const { cert, key } = tls.current()
    return {
      ...{ cert, key, ciphers: tls.ciphers, minVersion: 'TLSv1.2' as const },
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      // Who has issued what a client shows is asked elsewhere, of each use (src/oauth/mutual-tls.ts).
      ca: [],
    }
  }
  return (handler) => {
    const ofTls = {
      ...{ ALPNProtocols: ['http/1.1'], handshakeTimeout: tls.handshakeTimeoutMs },
      ...(tls.asksClients && { requestCert: true, rejectUnauthorized: false }),
    }
    const server = createServer({ ...listening.options, ...context(), ...ofTls }, handler)
    // Node's own hands it on as a `clientError`, which is answered; and what is written would wait for the handshake for ever.
    server.removeAllListeners('tlsClientError')
    server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
    server.keepAliveTimeout = listening.keepAliveTimeout
    server.requestTimeout = listening.requestTimeout
    tls.follow(() => server.setSecureContext(context()))
    return server
  }
}
