// The upstreams: their targets with connections each, and the header builder that belongs to them. Made anew with each
// configuration; a target whose settings have not changed goes on, one that is no longer named finishes what it has.

import { lookup } from 'node:dns'
import { performance } from 'node:perf_hooks'
import type { Settings, Table, Upstream } from '../../config/compiled.ts'
import { createHeaderBuilder, type HeaderBuilder } from '../../decision/headers/header-builder.ts'
import type { BodyLimits } from '../exchange/body-limits.ts'
import type { Oddity } from './answer-head.ts'
import { type AskSystem, createNames, type Names } from './names.ts'
import type { UpstreamNews } from './news.ts'
import { createUpstreamRoom, type UpstreamRoom } from './room.ts'
import { followTargets, type TargetsInForce } from './targets-in-force.ts'

/** An upstream under one configuration. */
export interface UpstreamPool {
  readonly settings: Upstream
  readonly headers: HeaderBuilder
  /** What bodies have to keep to; the silence that is allowed to answers too. */
  readonly bodyLimits: BodyLimits
  /** Where its requests go. */
  readonly targets: TargetsInForce
  /** Tells of an answer that was taken though something was wrong with it: each kind once a minute. */
  odd(oddity: Oddity): void
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

export interface Inherited {
  /** What was in force until now. */
  readonly before?: Upstreams
  readonly news?: UpstreamNews
  /** Where nothing was in force; without bound unless said. */
  readonly room?: UpstreamRoom
  /** Whether names and targets are looked at; unless said they are. */
  readonly isWatched?: boolean
}

/** Between two lines of one kind about one upstream. */
const tellOddityEveryMs = 60_000

/** A request that began under an older configuration has this long to reach its dispatch, in milliseconds. */
const retireAfterMs = 30_000

/** Opens no connection yet; takes over what it can of `before`. Throws when a certificate file cannot be read. */
export function createUpstreams(
  settings: Settings,
  table: Table,
  {
    before,
    news,
    room = before?.room ?? createUpstreamRoom(Number.POSITIVE_INFINITY),
    isWatched = true,
  }: Inherited = {},
): Upstreams {
  const pools = new Map<string, UpstreamPool>()
  const { idleTimeoutMs, bodyRate } = settings.gateway.limits
  const names = before?.names ?? createNames({ ask: askSystem, now: () => performance.now() })
  try {
    for (const [name, upstream] of settings.upstreams) {
      const known = before?.get(name)
      pools.set(name, {
        settings: upstream,
        headers: createHeaderBuilder(settings, table, upstream),
        bodyLimits: { idleTimeoutMs, bodyRate },
        targets: followTargets(upstream, { table, names, room, news, before: known?.targets }),
        odd: known?.odd ?? tellOddities((oddity) => news?.odd(name, oddity)),
      })
    }
  } catch (error) {
    // Those that were opened for it share the room, and would for ever.
    const kept = new Set([...(before?.all() ?? [])].flatMap(targetsOf))
    for (const target of [...pools.values()].flatMap(targetsOf))
      if (!kept.has(target)) void target.connections.close()
    throw error
  }
  // Not before all could be made: what is not taken over looks at nothing.
  if (isWatched) for (const { targets } of pools.values()) targets.begin()
  const stop = () => {
    for (const { targets } of pools.values()) targets.stop()
  }
  return {
    get: (name) => pools.get(name),
    all: () => pools.values(),
    names,
    room,
    retire(next) {
      stop()
      const kept = new Set([...next.all()].flatMap(targetsOf))
      const gone = [...pools.values()].flatMap(targetsOf).filter((target) => !kept.has(target))
      if (gone.length === 0) return
      setTimeout(
        () => void Promise.all(gone.map(({ connections }) => connections.close())),
        retireAfterMs,
      ).unref()
    },
    async close() {
      stop()
      const all = [...pools.values()].flatMap(targetsOf)
      await Promise.all(all.map(({ connections }) => connections.close()))
    },
  }
}

function targetsOf({ targets }: UpstreamPool) {
  return targets.all().map(({ target }) => target)
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
