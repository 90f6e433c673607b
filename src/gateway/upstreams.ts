// The upstreams: a connection pool each, with its bounds, and the header builder that belongs to it. Made anew with
// each configuration; the pools of an old one finish what they have begun.

import { readFileSync } from 'node:fs'
import { isIP, type Socket } from 'node:net'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import type { Settings, Table, Upstream } from '../config/compiled.ts'
import { createHeaderBuilder, type HeaderBuilder } from './headers.ts'

export interface UpstreamPool {
  readonly settings: Upstream
  readonly headers: HeaderBuilder
  /** Host and port, as a Host header has it. */
  readonly authority: string
  readonly idleTimeoutMs: number
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void
  /** Whether connections and queue are full. */
  isFull(): boolean
  enter(): void
  leave(): void
  /** Exchanges under way. */
  inFlight(): number
  /** Whether a failure came from a connection that had answered something before. */
  wasReused(error: Error): boolean
}

export interface Upstreams {
  get(name: string): UpstreamPool | undefined
  all(): Iterable<UpstreamPool>
  /** Waits for what is under way, then closes. */
  close(): Promise<void>
}

/** Requests that may wait, for each connection of the pool. */
const queuePerConnection = 4
const connectTimeoutMs = 5_000

/** Opens no connection yet. Throws when a CA file cannot be read. */
export function createUpstreams(settings: Settings, table: Table): Upstreams {
  const pools = new Map<string, { shared: UpstreamPool; pool: Pool }>()
  for (const [name, upstream] of settings.upstreams) {
    pools.set(name, createUpstreamPool(settings, table, upstream))
  }
  return {
    get: (name) => pools.get(name)?.shared,
    *all() {
      for (const { shared } of pools.values()) yield shared
    },
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.close()))
    },
  }
}

function createUpstreamPool(
  settings: Settings,
  table: Table,
  upstream: Upstream,
): { shared: UpstreamPool; pool: Pool } {
  const { idleTimeoutMs } = settings.gateway.limits
  const url = new URL(upstream.origin)
  const failures = new WeakMap<Error, boolean>()
  const pool = new Pool(upstream.origin, {
    connections: upstream.connections,
    pipelining: 1,
    connect: connectorFor(upstream, url, failures),
    // Both are timed by the exchange, or set for each request.
    headersTimeout: 0,
    bodyTimeout: idleTimeoutMs,
  })
  const most = upstream.connections * (1 + queuePerConnection)
  const tlsName = { servername: url.hostname }
  let inFlight = 0

  const shared: UpstreamPool = {
    settings: upstream,
    headers: createHeaderBuilder(settings, table, upstream),
    authority: url.host,
    idleTimeoutMs,
    // undici takes the name for TLS from the Host header otherwise, and reconnects each time that it changes.
    dispatch: (options, handler) => void pool.dispatch({ ...options, ...tlsName }, handler),
    isFull: () => inFlight >= most,
    enter() {
      inFlight++
    },
    leave() {
      inFlight--
    },
    inFlight: () => inFlight,
    wasReused: (error) => failures.get(error) ?? bytesReadBefore(error) > 0,
  }
  return { shared, pool }
}

/**
 * Connects with certificate checks on, against the upstream's own name whatever Host the client sent; and remembers
 * of each failed connection whether it had answered before (undici's own error tells that only of some).
 */
function connectorFor(
  upstream: Upstream,
  url: URL,
  failures: WeakMap<Error, boolean>,
): buildConnector.connector {
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    keepAlive: true,
    rejectUnauthorized: true,
    ...(upstream.caFile !== null && { ca: readFileSync(upstream.caFile) }),
    ...(upstream.clientCertificate !== null && {
      cert: readFileSync(upstream.clientCertificate.certFile),
      key: readFileSync(upstream.clientCertificate.keyFile),
    }),
  })
  return (options, callback) =>
    connect({ ...options, servername: isIP(url.hostname) === 0 ? url.hostname : '' }, (error, socket) => {
      if (error === null) {
        watch(socket, failures)
        callback(null, socket)
      } else callback(error, null)
    })
}

function watch(socket: Socket, failures: WeakMap<Error, boolean>): void {
  socket.prependListener('error', (error) => failures.set(error, socket.bytesRead > 0))
}

/** undici's SocketError carries the counters of the socket that it is about. */
function bytesReadBefore(error: Error): number {
  if (!('socket' in error) || typeof error.socket !== 'object' || error.socket === null) return 0
  return 'bytesRead' in error.socket && typeof error.socket.bytesRead === 'number'
    ? error.socket.bytesRead
    : 0
}
