// The upstreams: a connection pool each, with its bounds, and the header builder that belongs to it. Made anew with
// each configuration; a pool whose settings have not changed goes on, one that is no longer named finishes what it has.

import { lookup } from 'node:dns'
import { performance } from 'node:perf_hooks'
import type { Settings, Table, Upstream } from '../../config/compiled.ts'
import { stampOfFiles } from './file-stamp.ts'
import { certificateFiles, readCertificates } from './certificates.ts'
import { createHeaderBuilder, type HeaderBuilder } from '../../decision/headers/header-builder.ts'
import type { Oddity } from './answer-head.ts'
import { createConnect } from './connect.ts'
import type { Habit } from './habits.ts'
import type { BodyLimits } from '../exchange/body-limits.ts'
import { type AskSystem, createNames, type Names } from './names.ts'
import { createPool, type Pool } from './pool.ts'
import { createUpstreamRoom, type UpstreamRoom } from './room.ts'

/** An upstream under one configuration. */
export interface UpstreamPool {
  readonly settings: Upstream
  readonly headers: HeaderBuilder
  /** Its own name, as Host says it. */
  readonly host: string
  /** What bodies have to keep to; the silence that is allowed to answers too. */
  readonly bodyLimits: BodyLimits
  readonly connections: Connections
  /** Tells of an answer that was taken though something was wrong with it: each kind once a minute. */
  odd(oddity: Oddity): void
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
  /** How many connections there may be: one for the process, too. */
  readonly room: UpstreamRoom
  /** `next` has taken over: closes the connections that it does not use, when those who hold this one are done. */
  retire(next: Upstreams): void
  /** Waits for what is under way, then closes all. */
  close(): Promise<void>
}

/** Who is told of what was seen of an upstream, by its name: for the log. */
export interface UpstreamNews {
  /** Its connections are not used again for so long. */
  notReused(upstream: string, habit: Habit, milliseconds: number): void
  odd(upstream: string, oddity: Oddity): void
}

export interface Inherited {
  /** What was in force until now. */
  readonly before?: Upstreams
  readonly news?: UpstreamNews
  /** Where nothing was in force; without bound unless said. */
  readonly room?: UpstreamRoom
}

/** Between two lines of one kind about one upstream. */
const tellOddityEveryMs = 60_000

/** A request that began under an older configuration has this long to reach its dispatch, in milliseconds. */
const retireAfterMs = 30_000

/** Opens no connection yet; takes over what it can of `before`. Throws when a certificate file cannot be read. */
export function createUpstreams(
  settings: Settings,
  table: Table,
  { before, news, room = before?.room ?? createUpstreamRoom(Number.POSITIVE_INFINITY) }: Inherited = {},
): Upstreams {
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
      connections:
        known?.opened === opened ? known.connections : openConnections(upstream, { names, news, room }),
      odd: known?.odd ?? tellOddities((oddity) => news?.odd(name, oddity)),
    })
  }
  return {
    get: (name) => pools.get(name),
    all: () => pools.values(),
    names,
    room,
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
  const { origin, serverName, connections, queue, queueTimeoutMs, connectTimeoutMs, maxAgeMs } = upstream
  const files = certificateFiles(upstream)
  const numbers = [connections, queue, queueTimeoutMs, connectTimeoutMs, maxAgeMs]
  return JSON.stringify([origin, serverName, numbers, files, stampOfFiles(files)])
}

function askSystem(name: string, done: Parameters<AskSystem>[1]): void {
  lookup(name, { all: true }, done)
}

function tellOddities(tell: (oddity: Oddity) => void): (oddity: Oddity) => void {
  const toldAt = new Map<Oddity, number>()
  return (oddity) => {
    const now = performance.now()
    if (now - (toldAt.get(oddity) ?? Number.NEGATIVE_INFINITY) < tellOddityEveryMs) return
    toldAt.set(oddity, now)
    tell(oddity)
  }
}

interface Shared {
  readonly names: Names
  readonly news: UpstreamNews | undefined
  readonly room: UpstreamRoom
}

function openConnections(upstream: Upstream, { names, news, room }: Shared): Connections {
  const { origin, serverName, connections, queue, queueTimeoutMs, connectTimeoutMs, maxAgeMs } = upstream
  const certificates = readCertificates(upstream)
  const connect = createConnect({ origin, serverName, timeoutMs: connectTimeoutMs, certificates, names })
  const limits = { most: connections, queue, queueTimeoutMs, maxAgeMs }
  const pool = createPool(room.bound(connect), limits, (habit, milliseconds) =>
    news?.notReused(upstream.name, habit, milliseconds),
  )
  const leaveRoom = room.share(pool.closeOldest)
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
      leaveRoom()
      if (inFlight > 0) await new Promise<void>((resolve) => (ended = resolve))
    },
  }
}
