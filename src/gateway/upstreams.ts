// The upstreams: a connection pool each, with its bounds, and the header builder that belongs to it. Made anew with
// each configuration; a pool whose settings have not changed goes on, one that is no longer named finishes what it has.

import { lookup } from 'node:dns'
import { performance } from 'node:perf_hooks'
import type { Settings, Table, Upstream } from '../config/compiled.ts'
import { stampOfFiles } from './file-stamp.ts'
import { certificateFiles, readCertificates } from './upstream-certificates.ts'
import { createHeaderBuilder, type HeaderBuilder } from './headers.ts'
import { createConnect } from './upstream/connect.ts'
import type { BodyLimits } from './request-body.ts'
import { type AskSystem, createNames, type Names } from './upstream/names.ts'
import { createPool, type Pool } from './upstream/pool.ts'

/** An upstream under one configuration. */
export interface UpstreamPool {
  readonly settings: Upstream
  readonly headers: HeaderBuilder
  /** Its own name, as Host says it. */
  readonly host: string
  /** What bodies have to keep to; the silence that is allowed to answers too. */
  readonly bodyLimits: BodyLimits
  readonly connections: Connections
  /** What the connections were opened with; others under the same name are opened anew. */
  readonly opened: string
}

/** The connections to an upstream, whatever tables come and go. */
export interface Connections extends Omit<Pool, 'close'> {
  enter(): void
  leave(): void
  /** Exchanges under way. */
  inFlight(): number
  /** Waits for what is under way, then closes. */
  close(): Promise<void>
}

export interface Upstreams {
  get(name: string): UpstreamPool | undefined
  all(): Iterable<UpstreamPool>
  /** What is known of their names: one for the process, whatever configurations come and go. */
  readonly names: Names
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
  const { idleTimeoutMs, bodyRate } = settings.gateway.limits
  const names = before?.names ?? createNames({ ask: askSystem, now: () => performance.now() })
  for (const [name, upstream] of settings.upstreams) {
    const known = before?.get(name)
    const opened = openedWith(upstream)
    pools.set(name, {
      settings: upstream,
      opened,
      headers: createHeaderBuilder(settings, table, upstream),
      host: new URL(upstream.origin).host,
      bodyLimits: { idleTimeoutMs, bodyRate },
      connections: known?.opened === opened ? known.connections : openConnections(upstream, names),
    })
  }
  return {
    get: (name) => pools.get(name),
    all: () => pools.values(),
    names,
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
  const { origin, serverName, connections, queue, queueTimeoutMs, connectTimeoutMs } = upstream
  const files = certificateFiles(upstream)
  const numbers = [connections, queue, queueTimeoutMs, connectTimeoutMs]
  return JSON.stringify([origin, serverName, numbers, files, stampOfFiles(files)])
}

function askSystem(name: string, done: Parameters<AskSystem>[1]): void {
  lookup(name, { all: true }, done)
}

function openConnections(upstream: Upstream, names: Names): Connections {
  const { origin, serverName, connections, queue, queueTimeoutMs, connectTimeoutMs } = upstream
  const certificates = readCertificates(upstream)
  const connect = createConnect({ origin, serverName, timeoutMs: connectTimeoutMs, certificates, names })
  const pool = createPool(connect, { most: connections, queue, queueTimeoutMs })
  let inFlight = 0
  let ended: (() => void) | undefined

  return {
    ...pool,
    enter() {
      inFlight++
    },
    leave() {
      inFlight--
      if (inFlight === 0) ended?.()
    },
    inFlight: () => inFlight,
    async close() {
      pool.close()
      if (inFlight > 0) await new Promise<void>((resolve) => (ended = resolve))
    },
  }
}
