// The upstreams: a connection pool each, with its bounds, and the header builder that belongs to it. Made anew with
// each configuration; a pool whose settings have not changed goes on, one that is no longer named finishes what it has.

import { isIP, type Socket } from 'node:net'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import type { Settings, Table, Upstream } from '../config/compiled.ts'
import { stampOfFiles } from './file-stamp.ts'
import { certificateFiles, readCertificates } from './upstream-certificates.ts'
import { CircuitOpen, createConnectCircuit } from './connect-circuit.ts'
import { createHeaderBuilder, type HeaderBuilder } from './headers.ts'

/** An upstream under one configuration. */
export interface UpstreamPool {
  readonly settings: Upstream
  readonly headers: HeaderBuilder
  readonly idleTimeoutMs: number
  readonly connections: Connections
  /** What the connections were opened with; others under the same name are opened anew. */
  readonly opened: string
}

/** What undici is asked for; it reads the name for TLS too, which its types leave out. */
export type ExchangeOptions = Dispatcher.DispatchOptions & { servername?: string }

/** The connections to an upstream, whatever tables come and go. */
export interface Connections {
  dispatch(options: ExchangeOptions, handler: Dispatcher.DispatchHandler): void
  /** Whether connections and queue are full. */
  isFull(): boolean
  enter(): void
  leave(): void
  /** Exchanges under way. */
  inFlight(): number
  /** Whether a failure came from a connection that had answered something before. */
  wasReused(error: Error): boolean
  /** Waits for what is under way, then closes. */
  close(): Promise<void>
}

export interface Upstreams {
  get(name: string): UpstreamPool | undefined
  all(): Iterable<UpstreamPool>
  /** `next` has taken over: closes the connections that it does not use, when those who hold this one are done. */
  retire(next: Upstreams): void
  /** Waits for what is under way, then closes all. */
  close(): Promise<void>
}

/** A request that began under an older configuration has this long to reach its dispatch, in milliseconds. */
const retireAfterMs = 30_000

/** Opens no connection yet; takes over what it can of `before`. Throws when a certificate file cannot be read. */
export function createUpstreams(settings: Settings, table: Table, before?: Upstreams): Upstreams {
  const pools = new Map<string, UpstreamPool>()
  const { idleTimeoutMs } = settings.gateway.limits
  for (const [name, upstream] of settings.upstreams) {
    const known = before?.get(name)
    const opened = openedWith(upstream)
    pools.set(name, {
      settings: upstream,
      opened,
      headers: createHeaderBuilder(settings, table, upstream),
      idleTimeoutMs,
      connections: known?.opened === opened ? known.connections : openConnections(upstream),
    })
  }
  return {
    get: (name) => pools.get(name),
    all: () => pools.values(),
    retire(next) {
      const kept = new Set([...next.all()].map((pool) => pool.connections))
      const gone = [...pools.values()].filter((pool) => !kept.has(pool.connections))
      if (gone.length === 0) return
      setTimeout(() => void closeAll(gone), retireAfterMs).unref()
    },
    close: () => closeAll([...pools.values()]),
  }
}

async function closeAll(pools: readonly UpstreamPool[]): Promise<void> {
  await Promise.all(pools.map((pool) => pool.connections.close()))
}

/** What decides over the connections themselves; a certificate renewed under the same name is another one. */
function openedWith(upstream: Upstream): string {
  const { origin, connections, queue, connectTimeoutMs } = upstream
  const files = certificateFiles(upstream)
  return JSON.stringify([origin, connections, queue, connectTimeoutMs, files, stampOfFiles(files)])
}

function openConnections(upstream: Upstream): Connections {
  const url = new URL(upstream.origin)
  const failures = new WeakMap<Error, boolean>()
  const pool = new Pool(upstream.origin, {
    connections: upstream.connections,
    pipelining: 1,
    connect: connectorFor(upstream, url, failures),
    // Both are timed by the exchange.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const most = upstream.connections + upstream.queue
  // undici takes the name for TLS from the Host header otherwise, and reconnects each time that it changes.
  const servername = url.hostname
  let inFlight = 0

  return {
    dispatch(options, handler) {
      options.servername = servername
      pool.dispatch(options, handler)
    },
    isFull: () => inFlight >= most,
    enter() {
      inFlight++
    },
    leave() {
      inFlight--
    },
    inFlight: () => inFlight,
    wasReused: (error) => failures.get(error) ?? (url.protocol === 'http:' && bytesReadBefore(error) > 0),
    close: () => pool.close(),
  }
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
    timeout: upstream.connectTimeoutMs,
    keepAlive: true,
    rejectUnauthorized: true,
    ...readCertificates(upstream),
  })
  const circuit = createConnectCircuit(() => performance.now())
  const servername = isIP(url.hostname) === 0 ? url.hostname : ''
  return (options, callback) => {
    if (!circuit.allows()) return process.nextTick(callback, new CircuitOpen('not tried'), null)
    connect({ ...options, servername }, (error, socket) => {
      if (error !== null && 'code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT') circuit.timedOut()
      else circuit.answered()
      if (error !== null) return callback(error, null)
      watch(socket, failures)
      callback(null, socket)
    })
  }
}

function watch(socket: Socket, failures: WeakMap<Error, boolean>): void {
  // Over TLS the handshake has been read already.
  const atFirst = socket.bytesRead
  socket.prependListener('error', (error) => failures.set(error, socket.bytesRead > atFirst))
}

/** undici's SocketError carries the counters of the socket that it is about. */
function bytesReadBefore(error: Error): number {
  if (!('socket' in error) || typeof error.socket !== 'object' || error.socket === null) return 0
  return 'bytesRead' in error.socket && typeof error.socket.bytesRead === 'number'
    ? error.socket.bytesRead
    : 0
}
