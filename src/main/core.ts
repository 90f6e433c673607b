// What gateway and control plane stand on in one process: stores, look-up, feed. Wired here, owned by nobody else.

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { CertificateFault } from '../config/certificates.ts'
import type { Settings, Table } from '../config/compiled.ts'
import { type Acknowledgement, createAcknowledgement, newInstanceId } from '../lookup/acknowledge.ts'
import { createLookup, type Lookup } from '../lookup/chain.ts'
import { type Changes, createChanges } from '../lookup/changes.ts'
import { createFeed, type Feed } from '../lookup/feed.ts'
import { createMemoryTier } from '../lookup/memory-tier.ts'
import { createPostgresTier, maxLookups, type PostgresTier } from '../lookup/postgres-tier.ts'
import { createRedisTier, type RedisTier } from '../lookup/redis-tier.ts'
import { createSeal, type Seal } from '../lookup/seal.ts'
import { createSteadyClock } from '../lookup/steady-clock.ts'
import type { Change } from '../store/change-table.ts'
import { createPostgres, type Postgres } from '../store/postgres.ts'
import { createRedis, type RedisStore, type RedisStoreOptions } from '../store/redis.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { StartError } from './start-error.ts'
import { version } from './version.ts'

export interface Core {
  readonly db: Postgres
  readonly changes: Changes
  readonly lookup: Lookup
  readonly acknowledgement: Acknowledgement
  readonly instanceId: string
  /** What goes through Redis besides the look-up's entries; null: no Redis is used. */
  readonly redis: { readonly store: RedisStore; readonly seal: Seal } | null
  /** Spreads a committed change: Redis for the others, the own feed at once. Never throws. */
  publish(change: Change): void
  /** Begins to follow the changes; resolves after the first try to reach Postgres. */
  start(): Promise<void>
  state(): CoreState
  /** Leaves the instances that count, and closes the connections. */
  close(): Promise<void>
}

/** What is up. */
export interface CoreState {
  readonly postgres: 'up' | 'down'
  /** `degraded`: it answers, and refuses some of what it is asked. */
  readonly redis: 'up' | 'degraded' | 'down' | 'none'
  /** Whether known keys can be decided. */
  readonly canDecide: boolean
  readonly appliedRevision: number | null
}

export interface CoreOptions {
  readonly postgresUrl: string
  readonly redis: Settings['redis']
  /** LATCHKEY_CACHE_KEY; required where Redis is used. */
  readonly cacheKey: string
  readonly role: Role
  /** A new one unless said. */
  readonly instanceId?: string | undefined
  readonly table: () => Table
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
  const redis = openRedis({ ...options, monotonicNow }, changes, () => postgres.isAway())
  const acknowledgement = createAcknowledgement({
    db,
    redis,
    changes,
    feed: { confirmedAt: () => feed.confirmedAt(), kick: () => feed.kick() },
    instanceId,
    now: Date.now,
    monotonicNow,
    maxStaleLimitMs,
  })
  const feed: Feed = createFeed({
    db: lookupDb,
    changes,
    monotonicNow,
    log,
    instance: () => ({
      id: instanceId,
      role: options.role,
      host: hostname(),
      pid: process.pid,
      version,
      staleLimitMs: maxStaleLimitMs(),
    }),
    applied(isConfirmed) {
      acknowledgement.say()
      // Who is cut off may be following a database that is none any more.
      if (isConfirmed && changes.epoch !== undefined) redis?.tier.keepEpoch(changes.epoch)
    },
  })
  const postgres: PostgresTier = createPostgresTier({ db: lookupDb, now: Date.now, monotonicNow, feed })
  const memory = createMemoryTier({
    changes,
    confirmedAt: feed.confirmedAt,
    monotonicNow,
    now: Date.now,
    staleLimitMs: (api) => options.table().apis.get(api)?.staleLimitMs ?? 0,
    offer: (digest, reading) => redis?.tier.fill(digest, reading),
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
  metrics.gauge('latchkey_store_up', '1 while a store answers', () => storesUp(feed, redis), 'min')

  return {
    db,
    changes,
    lookup,
    acknowledgement,
    instanceId,
    redis: redis && { store: redis.store, seal: redis.seal },
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
      const isRedisUp = redis?.store.isUp() ?? false
      return {
        postgres: hasFeed && !feed.isAway() ? 'up' : 'down',
        redis: redis === null ? 'none' : redisState(redis.store),
        canDecide: hasFeed || isRedisUp,
        appliedRevision: changes.applied < 0 ? null : changes.applied,
      }
    },
    async close() {
      await Promise.race([feed.stop(), sleep(feedEndsWithinMs, undefined, { ref: false })])
      await acknowledgement.leave()
      await redis?.store.close()
      await Promise.all([db, lookupDb].map((pool) => pool.close().catch(() => {})))
    },
  }
}

/** An id for an instance in this process, never used before. */
export function makeInstanceId(): string {
  return newInstanceId(randomBytes(4).toString('hex'))
}

interface OpenRedis {
  readonly store: RedisStore
  readonly seal: Seal
  readonly tier: RedisTier
}

function openRedis(
  options: CoreOptions & { readonly monotonicNow: () => number },
  changes: Changes,
  isPostgresAway: () => boolean,
): OpenRedis | null {
  if (options.redis.kind === 'none') return null
  const seal = createSeal(options.cacheKey)
  // Deployments that share a Redis, but not the key, must not take each other's news for theirs. In braces: a cluster keeps
  // all of it in one slot.
  const prefix = `latchkey-{${seal.scope}}:`
  const { log, monotonicNow } = options
  const { redisRefused: refused } = options.metrics
  const store = openStore({ url: options.redis.url, prefix, log, monotonicNow, refused })
  const tier = createRedisTier({
    store,
    seal,
    epoch: () => changes.epoch,
    isPostgresAway,
    maxStaleLimitMs: () => options.table().maxStaleLimitMs,
    rejected: options.metrics.cacheRejected,
  })
  return { store, seal, tier }
}

/** Throws a StartError where a file cannot be used that the URL names. */
function openStore(options: RedisStoreOptions): RedisStore {
  try {
    return createRedis(options)
  } catch (error) {
    if (error instanceof CertificateFault) throw new StartError(`Redis: ${error.message}`)
    throw error
  }
}

function redisState(store: RedisStore): 'up' | 'degraded' | 'down' {
  if (!store.isUp()) return 'down'
  return store.troubles().length > 0 ? 'degraded' : 'up'
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

function storesUp(feed: Feed, redis: OpenRedis | null): Record<string, number> {
  const isFed = feed.confirmedAt() > Number.NEGATIVE_INFINITY && !feed.isAway()
  return { postgres: Number(isFed), ...(redis !== null && { redis: Number(redis.store.isUp()) }) }
}
