// What of a process goes through Redis: its connections, the installation's part of it, the tier of the look-up and how
// far Redis itself has come.

import { CertificateFault } from '../config/certificates.ts'
import type { Settings } from '../config/compiled.ts'
import type { Changes } from '../lookup/changes.ts'
import type { FeedCompares } from '../lookup/feed.ts'
import { createInstallation, type InstalledStore, type Installation } from '../lookup/installation.ts'
import { createRedisScope, type RedisScope } from '../lookup/redis-scope.ts'
import { createRedisTier, type RedisTier } from '../lookup/redis-tier.ts'
import { cacheKeysOf, createSeal, type Seal } from '../lookup/seal.ts'
import { changesAfter } from '../store/change-table.ts'
import type { Postgres } from '../store/postgres.ts'
import { createRedis, type RedisStore, type RedisStoreOptions } from '../store/redis.ts'
import type { Logger } from '../telemetry/log.ts'
import { StartError } from './start-error.ts'

export interface RedisPart {
  /** The connections, whatever of Redis is ours. */
  readonly server: RedisStore
  readonly store: InstalledStore
  readonly seal: Seal
  readonly tier: RedisTier
  readonly scope: RedisScope
  readonly installation: Installation
  /** For the feed. */
  readonly compares: FeedCompares
  /** To be called after each poll. */
  polled(isConfirmed: boolean): void
}

export interface RedisPartOptions {
  readonly redis: Settings['redis']
  readonly cacheKey: string
  readonly postgresUrl: string
  readonly db: Postgres
  readonly changes: Changes
  readonly isPostgresAway: () => boolean
  readonly maxStaleLimitMs: () => number
  readonly now: () => number
  readonly monotonicNow: () => number
  readonly rejected: () => void
  /** Told of what Redis refuses. */
  readonly refused: (kind: string) => void
  readonly log: Logger
}

/** null: no Redis is used. */
export function openRedisPart(options: RedisPartOptions): RedisPart | null {
  if (options.redis.kind === 'none') return null
  const { changes, maxStaleLimitMs, rejected, log, now, monotonicNow } = options
  const seal = createSeal(...cacheKeysOf(options.cacheKey))
  const server = openServer({ url: options.redis.url, log, monotonicNow, refused: options.refused })
  const installation = createInstallation({
    store: server,
    seal,
    databaseUrl: options.postgresUrl,
    now,
    maxStaleLimitMs,
    log,
  })
  const { store } = installation
  const scope = createRedisScope({
    store,
    seal,
    changes,
    changesAfter: (revision, limit) => changesAfter(options.db, revision, limit),
    maxStaleLimitMs,
    monotonicNow,
    rejected,
  })
  const tier = createRedisTier({
    store,
    seal,
    scope,
    epoch: () => changes.epoch,
    isPostgresAway: options.isPostgresAway,
    maxStaleLimitMs,
    rejected,
  })
  return {
    ...{ server, store, seal, tier, scope, installation },
    compares: {
      async read() {
        // A process that has never met Postgres finds out here whose part of Redis is its own.
        if (changes.epoch === undefined) await installation.tend(false)
        return scope.read()
      },
      judged: scope.judged,
    },
    polled(isConfirmed) {
      void installation.tend(isConfirmed)
      void scope.tend(isConfirmed)
    },
  }
}

/** Throws a StartError where a file cannot be used that the URL names. */
function openServer(options: RedisStoreOptions): RedisStore {
  try {
    return createRedis(options)
  } catch (error) {
    if (error instanceof CertificateFault) throw new StartError(`Redis: ${error.message}`)
    throw error
  }
}
