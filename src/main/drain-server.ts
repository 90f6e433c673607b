// The polite end of a server: no new connections, requests under way finished, idle connections given a moment in which
// a request that is on its way still gets its answer (with Connection: close), then closed; all of it bounded.

import { Server as NetServer, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { noteCut } from '../gateway/listener/closing.ts'
import { headerBytesOf } from '../gateway/listener/proxy-protocol.ts'
import type { Logger } from '../telemetry/log.ts'

export interface DrainLimits {
  /** How long idle connections stay open, in milliseconds. */
  readonly idleMs: number
  /** After this the requests still under way are cut, in milliseconds. */
  readonly cutMs: number
}

type DrainedApp = Pick<FastifyInstance, 'server'> & { close(): PromiseLike<unknown> }

/**
 * Makes the end of an app that does not listen yet: a function that closes it and never rejects. The app's answers must
 * say `Connection: close` by then.
 */
export function createServerDrain(app: DrainedApp, limits: DrainLimits, log: Logger): () => Promise<void> {
  const { server } = app
  const open = watchConnections(server)
  return async () => {
    const startedAt = Date.now()
    // The listener alone: http's own close would at once close connections on which a request may be on its way.
    if (server.listening) NetServer.prototype.close.call(server)
    let isCut = false
    while ((await connections(server)) > 0) {
      const elapsed = Date.now() - startedAt
      if (elapsed >= limits.idleMs) {
        server.closeIdleConnections()
        open.closeSilent()
      }
      if (elapsed >= limits.cutMs && !isCut) {
        isCut = true
        log.warn('Requests did not end in time and are cut')
        for (const socket of open.sockets) noteCut(socket, 'gateway')
        server.closeAllConnections()
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await app.close()
  }
}

interface OpenConnections {
  readonly sockets: ReadonlySet<Socket>
  /** Closes those on which no byte of a client has come: to Node they are not idle, but about to speak. */
  closeSilent(): void
}

function watchConnections(server: NetServer): OpenConnections {
  const sockets = new Set<Socket>()
  const watch = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  // With TLS both come: a connection before its handshake, and then one above it.
  server.on('connection', watch).on('secureConnection', watch)
  return {
    sockets,
    closeSilent() {
      for (const socket of sockets) if (socket.bytesRead <= headerBytesOf(socket)) socket.destroy()
    },
  }
}

function connections(server: NetServer): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((error, count) => resolve(error === null ? count : 0))
  })
}
