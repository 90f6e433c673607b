// What gateway and control plane stand on in one process: stores, look-up, feed. Wired here, owned by nobody else.

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings, Table } from '../config/compiled.ts'
import { type Acknowledgement, createAcknowledgement, newInstanceId } from '../lookup/acknowledge.ts'
import { createLookup } from '../lookup/chain.ts'
import type { Lookup } from '../lookup/found.ts'
import { type Changes, createChanges } from '../lookup/changes.ts'
import { createDatabaseClock } from '../lookup/database-clock.ts'
import { createFeed, type Feed } from '../lookup/feed.ts'
import { createKnownEntries } from '../lookup/known-entries.ts'
import { createMemoryTier } from '../lookup/memory-tier.ts'
import { createWarmStart, type WarmStart } from '../lookup/warm-start.ts'
import { createPostgresTier, maxLookups, type PostgresTier } from '../lookup/postgres-tier.ts'
import type { InstalledStore } from '../lookup/installation.ts'
import type { Seal } from '../lookup/seal.ts'
import { createSteadyClock } from '../lookup/steady-clock.ts'
import { createInFlightStore, type InFlightStore } from '../limits/in-flight-store.ts'
import { createLeaseStore } from '../limits/lease-store.ts'
import type { LeaseStore } from '../limits/renewals.ts'
import type { Change } from '../store/change-table.ts'
import type { InstanceState } from '../store/instance-table.ts'
import type { Refusal } from '../store/refusals.ts'
import { createPostgres, type Postgres } from '../store/postgres.ts'
import type { RedisStore } from '../store/redis.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createCensus } from './census.ts'
import { createInstanceWatch } from './instance-watch.ts'
import { openRedisPart, type RedisPart } from './redis-part.ts'
import { version } from './version.ts'

export interface Core {
  readonly db: Postgres
  readonly changes: Changes
  readonly lookup: Lookup
  readonly acknowledgement: Acknowledgement
  readonly instanceId: string
  /** What goes through Redis besides the look-up's entries; null: no Redis is used. */
  readonly redis: { readonly store: InstalledStore; readonly seal: Seal } | null
  /** Instances that serve requests, this one included, as last heard of. */
  instances(): number
  /** Who counts for all instances; null: nobody. */
  readonly leases: LeaseStore | null
  readonly underWay: InFlightStore | null
  /** Monotonic milliseconds. */
  monotonicNow(): number
  /** Milliseconds since the epoch by the database's clock: what expiry, grace and activity go by. */
  now(): number
  /** Resolves with whether Redis lacks a change up to `revision`: at once where it is away, after `timeoutMs` at most. */
  isRedisBehind(revision: number, timeoutMs: number): Promise<boolean>
  /** Spreads a committed change: Redis for the others, the own feed at once. Never throws. */
  publish(change: Change): void
  /** Begins to follow the changes; resolves after the first try to reach Postgres. */
  start(): Promise<void>
  state(): CoreState
  /** What it did before it began, and as it ends, so that others begin with the keys in use; null: it serves none, or without Redis. */
  readonly warmStart: WarmStart | null
  /** Leaves the instances that count, and closes the connections. */
  close(): Promise<void>
}

/** What is up. */
export interface CoreState {
  /** `refused`: it answers that it will not have us, and no waiting mends that. */
  readonly postgres: 'up' | 'down' | 'refused'
  readonly refusal: Refusal | undefined
  /** `degraded`: it answers, and refuses some of what it is asked. */
  readonly redis: 'up' | 'degraded' | 'down' | 'none'
  /** Whether known keys can be decided. */
  readonly canDecide: boolean
  readonly appliedRevision: number | null
  /** Whether instances cannot read what others write to Redis. */
  readonly haveKeysApart: boolean
  /** How far this machine's clock is behind the database's, in milliseconds; undefined: not known. */
  readonly clockOffsetMs: number | undefined
}

export interface CoreOptions {
  readonly postgresUrl: string
  readonly redis: Settings['redis']
  /** LATCHKEY_CACHE_KEY; required where Redis is used. */
  readonly cacheKey: string
  readonly role: Role
  /** Keeps workers that serve requests, and serves none itself. */
  readonly isPrimary?: boolean
  /** Of a worker: how many of them there are. */
  readonly serving?: number | undefined
  /** A new one unless said. */
  readonly instanceId?: string | undefined
  /** How this process stands, to be told with each beat; undefined: it has only begun. */
  readonly standing?: () => InstanceState | undefined
  readonly table: () => Table
  readonly cache: Settings['gateway']['cache']
  readonly log: Logger
  readonly metrics: Metrics
}

/** A poll of a Postgres that hangs is not waited for any longer at the end, in milliseconds. */
const feedEndsWithinMs = 1_500

export const roles = ['all', 'gateway', 'control'] as const
export type Role = (typeof roles)[number]

/** Makes the core; nothing is connected before `start`. */
export function createCore(options: CoreOptions): Core {
  const { log, metrics } = options
  const monotonicNow = createSteadyClock(() => performance.now(), Date.now)
  const database = { url: options.postgresUrl, applicationName: `latchkey ${options.role}`, log }
  const db = createPostgres(database)
  // The feed and the look-ups have connections of their own: whatever the admin API or the activity do with theirs,
  // nobody is turned away for it. One more than the look-ups take, so that the feed never waits for one.
  const lookupDb = createPostgres({ ...database, maxConnections: maxLookups + 1, keepsConnections: true })
  const instanceId = options.instanceId ?? makeInstanceId()
  const changes = createChanges()
  const maxStaleLimitMs = () => options.table().maxStaleLimitMs
  const clock = createDatabaseClock(Date.now)
  // An instance whose own clock is ahead would have all others wait.
  const sharedNow = () => (clock.offsetMs() === undefined ? undefined : clock.now())
  const redis = openRedisPart({
    ...{ ...options, db, changes, now: clock.now, monotonicNow, maxStaleLimitMs },
    isPostgresAway: () => postgres.isAway(),
    rejected: metrics.cacheRejected,
    refused: metrics.redisRefused,
  })
  const counting = redis && {
    // Of the census below.
    instances: () => census.serving(),
    ...{ store: redis.store, now: sharedNow, keys: redis.seal.scriptKeys, rejected: metrics.cacheRejected },
  }
  const cacheKeys = redis?.seal.fingerprints ?? null
  const watch = createInstanceWatch({ db, cacheKeys, clockOffsetMs: clock.offsetMs, monotonicNow, log })
  const census = createCensus({ db, monotonicNow, atFirst: options.serving ?? 1 })
  const acknowledgement = createAcknowledgement({
    db,
    redis,
    changes,
    feed: { confirmedAt: () => feed.confirmedAt(), kick: () => feed.kick() },
    instanceId,
    now: clock.now,
    monotonicNow,
    maxStaleLimitMs,
  })
  const feed: Feed = createFeed({
    db: lookupDb,
    changes,
    monotonicNow,
    wallNow: Date.now,
    log,
    instance: () => ({
      id: instanceId,
      role: options.isPrimary === true ? 'primary' : options.role,
      host: hostname(),
      pid: process.pid,
      version,
      staleLimitMs: maxStaleLimitMs(),
      clockOffsetMs: told(clock.offsetMs()),
      state: options.standing?.(),
      ...(cacheKeys !== null && { cacheKeys }),
    }),
    applied: () => acknowledgement.say(),
    met(installation, sample) {
      redis?.installation.take(installation)
      clock.take(sample)
    },
    ...(redis !== null && { compares: redis.compares }),
    polled(isConfirmed) {
      redis?.polled(isConfirmed)
      if (!isConfirmed) return
      void acknowledgement.tidy()
      void watch.look()
      void census.look()
    },
  })
  const postgres: PostgresTier = createPostgresTier({ db: lookupDb, now: clock.now, monotonicNow, feed })
  const memory = createMemoryTier({
    changes,
    confirmedAt: feed.confirmedAt,
    monotonicNow,
    now: clock.now,
    staleLimitMs(api) {
      const table = options.table()
      // A merchant's own record is of no API: it is used for those that take tokens of outside issuers.
      return api === '' ? table.merchantStaleLimitMs : (table.apis.get(api)?.staleLimitMs ?? 0)
    },
    offer: (digest, reading) => redis?.tier.fill(digest, reading),
    known: createKnownEntries(options.cache.maxKnown),
    maxUnknown: options.cache.maxUnknown,
  })
  const isServing = options.role !== 'control' && options.isPrimary !== true
  const warmStart =
    redis === null || !isServing
      ? null
      : createWarmStart({
          ...{ store: redis.store, seal: redis.seal, instanceId, changes, memory, monotonicNow },
          ...{ read: postgres.read, now: Date.now },
        })
  const lookup = createLookup({
    memory,
    redis: redis?.tier ?? null,
    postgres,
    changes,
    refresh: feed.refresh,
    counted: metrics.lookup,
  })
  metrics.gauge('latchkey_cache_entries', 'Entries in memory', memory.size)
  metrics.gauge('latchkey_postgres_connections', 'Connections of the pool', () =>
    connectionsOf([db, lookupDb]),
  )
  metrics.gauge(
    'latchkey_applied_revision',
    'Revision up to which every change is applied',
    () => ({
      instance: changes.applied,
    }),
    'min',
  )
  metrics.gauge(
    'latchkey_clock_offset_seconds',
    "How far this machine's clock is behind the database's; negative: ahead",
    () => {
      const offsetMs = clock.offsetMs()
      return offsetMs === undefined ? {} : { instance: offsetMs / 1_000 }
    },
    'max',
  )
  if (cacheKeys !== null) {
    metrics.gauge(
      'latchkey_cache_keys_apart',
      '1 while instances cannot read what others write to Redis',
      () => ({ instance: Number(watch.haveKeysApart()) }),
      'max',
    )
  }
  metrics.gauge('latchkey_store_up', '1 while a store answers', () => storesUp(feed, redis), 'min')

  return {
    db,
    changes,
    lookup,
    acknowledgement,
    instanceId,
    warmStart,
    redis: redis && { store: redis.store, seal: redis.seal },
    instances: census.serving,
    leases: counting && createLeaseStore(counting),
    underWay: counting && createInFlightStore(counting),
    monotonicNow,
    now: clock.now,
    isRedisBehind: async (revision, timeoutMs) => (await redis?.scope.isBehind(revision, timeoutMs)) ?? false,
    publish(change) {
      if (changes.epoch !== undefined) redis?.tier.publish(changes.epoch, change)
      feed.kick()
    },
    async start() {
      redis?.tier.listen(feed.hear)
      await feed.start()
    },
    state() {
      const hasFeed = feed.confirmedAt() > Number.NEGATIVE_INFINITY
      const refusal = feed.refusal()
      // Who is refused waits in vain: what it knows lasts for as long as it was confirmed, and no longer.
      const isFresh = monotonicNow() - feed.confirmedAt() <= maxStaleLimitMs()
      // Without Postgres it has to be known, too, which part of Redis is ours.
      const canServe = hasFeed || (redis?.store.isUp() ?? false)
      return {
        postgres: hasFeed && !feed.isAway() ? 'up' : refusal === undefined ? 'down' : 'refused',
        refusal,
        redis: redis === null ? 'none' : redisState(redis.server),
        canDecide: refusal === undefined ? canServe : isFresh,
        appliedRevision: changes.applied < 0 ? null : changes.applied,
        haveKeysApart: watch.haveKeysApart(),
        clockOffsetMs: clock.offsetMs(),
      }
    },
    async close() {
      await Promise.race([feed.stop(), sleep(feedEndsWithinMs, undefined, { ref: false })])
      await acknowledgement.leave()
      await redis?.server.close()
      await Promise.all([db, lookupDb].map((pool) => pool.close().catch(() => {})))
    },
  }
}

/** An id for an instance in this process, never used before. */
export function makeInstanceId(): string {
  return newInstanceId(randomBytes(4).toString('hex'))
}

function redisState(server: RedisStore): 'up' | 'degraded' | 'down' {
  if (!server.isUp()) return 'down'
  return server.troubles().length > 0 ? 'degraded' : 'up'
}

function connectionsOf(pools: readonly Postgres[]): Record<string, number> {
  const sum = { total: 0, idle: 0, waiting: 0 }
  for (const pool of pools) {
    const { total, idle, waiting } = pool.gauges()
    sum.total += total
    sum.idle += idle
    sum.waiting += waiting
  }
  return sum
}

/** By tenths of a second: what is written with each beat must not change with each. */
function told(offsetMs: number | undefined): number | undefined {
  return offsetMs === undefined ? undefined : Math.round(offsetMs / 100) * 100
}

function storesUp(feed: Feed, redis: RedisPart | null): Record<string, number> {
  const isFed = feed.confirmedAt() > Number.NEGATIVE_INFINITY && !feed.isAway()
  return { postgres: Number(isFed), ...(redis !== null && { redis: Number(redis.server.isUp()) }) }
}
