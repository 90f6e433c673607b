// Exchanges that may not be sent twice, each with a connection that answered only just now: it is sent once the upstream would have
// closed the connection behind that answer. Kept for it meanwhile: else whoever may go at once takes each connection before.

import type { Connection, Exchange } from './connection.ts'

interface Settled {
  readonly connection: Connection
  /** In milliseconds of `performance.now()`. */
  readonly readyAt: number
}

export interface Settling {
  /** Keeps a connection for an exchange; `ready` is called once the time has come, unless it is taken out before. */
  keep(exchange: Exchange, connection: Connection, readyAt: number): void
  /** Takes an exchange out, and gives its connection; undefined: it is not there. */
  takeOf(exchange: Exchange): Connection | undefined
  /** Takes out the exchange that a connection is kept for; undefined: it is kept for none. */
  takeFrom(connection: Connection): Exchange | undefined
  /** The connections that are kept. */
  connections(): Connection[]
}

export function createSettling(
  now: () => number,
  ready: (exchange: Exchange, connection: Connection) => void,
): Settling {
  const byExchange = new Map<Exchange, Settled>()
  const byConnection = new Map<Connection, Exchange>()
  let timer: NodeJS.Timeout | undefined

  function take(exchange: Exchange): Connection | undefined {
    const settled = byExchange.get(exchange)
    if (settled === undefined) return undefined
    byExchange.delete(exchange)
    byConnection.delete(settled.connection)
    return settled.connection
  }

  function look(): void {
    timer = undefined
    const at = now()
    let nextAt = Number.POSITIVE_INFINITY
    for (const [exchange, { connection, readyAt }] of byExchange) {
      if (readyAt > at) nextAt = Math.min(nextAt, readyAt)
      else {
        take(exchange)
        ready(exchange, connection)
      }
    }
    if (byExchange.size > 0) lookAt(nextAt)
  }

  /** After what has come meanwhile was read: the upstream may have closed a connection. */
  function lookAt(at: number): void {
    timer ??= setTimeout(setImmediate, Math.max(1, Math.ceil(at - now())), look).unref()
  }

  return {
    keep(exchange, connection, readyAt) {
      byExchange.set(exchange, { connection, readyAt })
      byConnection.set(connection, exchange)
      lookAt(readyAt)
    },
    takeOf: take,
    takeFrom(connection) {
      const exchange = byConnection.get(connection)
      if (exchange !== undefined) take(exchange)
      return exchange
    },
    connections: () => [...byConnection.keys()],
  }
}
