// A few processes on one real Postgres and one real Redis, for the model test: their look-ups, feeds and Redis tiers as
// the program wires them, but with the messages in the test's hand, and look-ups that can be held half-way.

import { performance } from 'node:perf_hooks'
import type { Redis } from 'ioredis'
import { createLookup } from '../../src/lookup/chain.ts'
import type { Found, Lookup } from '../../src/lookup/found.ts'
import { createChanges } from '../../src/lookup/changes.ts'
import { createFeed, type Feed } from '../../src/lookup/feed.ts'
import { createKnownEntries } from '../../src/lookup/known-entries.ts'
import { createMemoryTier } from '../../src/lookup/memory-tier.ts'
import { createRedisScope, type RedisScope } from '../../src/lookup/redis-scope.ts'
import { createRedisTier, type RedisTier } from '../../src/lookup/redis-tier.ts'
import { createSeal } from '../../src/lookup/seal.ts'
import { type Change, changesAfter } from '../../src/store/change-table.ts'
import type { Postgres } from '../../src/store/postgres.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { cacheKey, type PatientStore } from './redis-subject.ts'
import { postgresTierOn, silentLog, staleLimitMs } from './subject.ts'

export interface Process {
  readonly lookup: Lookup
  readonly feed: Feed
  readonly tier: RedisTier
  readonly scope: RedisScope
  readonly epoch: () => string | undefined
  readonly applied: () => number
  /** Resolves when a poll that began after the call has confirmed. */
  poll(): Promise<void>
  /** Begins a look-up whose answer from Postgres is on its way until `arrive`. */
  begin(digest: string): void
  arrive(): Promise<void>
  stop(): Promise<void>
}

/** Starts one, as after a restart: nothing is in its memory. */
export async function startProcess(db: Postgres, store: PatientStore, id: string): Promise<Process> {
  const changes = createChanges()
  const gate = createGate(db)
  const monotonicNow = () => performance.now()
  const redis = { store, seal: createSeal(cacheKey), maxStaleLimitMs: () => staleLimitMs, rejected: () => {} }
  const scope = createRedisScope({
    ...redis,
    changes,
    changesAfter: (revision, limit) => changesAfter(db, revision, limit),
    monotonicNow,
  })
  const tier = createRedisTier({ ...redis, scope, epoch: () => changes.epoch })
  const feed = createFeed({
    db,
    changes,
    monotonicNow,
    wallNow: Date.now,
    log: silentLog,
    instance: () => ({ id, role: 'all', host: 'h', pid: 1, version: '1' }),
    applied: () => {},
    compares: scope,
    polled: (isConfirmed) => void scope.tend(isConfirmed),
  })
  const memory = createMemoryTier({
    known: createKnownEntries(100),
    maxUnknown: 100,
    changes,
    confirmedAt: feed.confirmedAt,
    monotonicNow,
    now: Date.now,
    staleLimitMs: () => staleLimitMs,
    offer: tier.fill,
  })
  const lookup = createLookup({
    memory,
    redis: tier,
    postgres: postgresTierOn(gate.db, { isAway: feed.isAway, confirmedAt: feed.confirmedAt }),
    changes,
    refresh: feed.refresh,
    counted: () => {},
  })
  const held: Promise<Found>[] = []
  await feed.start()
  return {
    lookup,
    feed,
    tier,
    scope,
    epoch: () => changes.epoch,
    applied: () => changes.applied,
    async poll() {
      const calledAt = performance.now()
      feed.kick()
      while (feed.confirmedAt() < calledAt) await new Promise((resolve) => setTimeout(resolve, 1))
      await scope.tend(true)
    },
    begin(digest) {
      gate.close()
      const found = lookup.find(digest)
      if (found instanceof Promise) held.push(found)
    },
    async arrive() {
      gate.open()
      await Promise.all(held.splice(0))
    },
    async stop() {
      gate.open()
      await feed.stop()
    },
  }
}

/** A database whose answers are held while the gate is closed. */
function createGate(db: Postgres) {
  let waiting: (() => void)[] = []
  let isClosed = false
  const gated: Postgres = {
    ...db,
    async query<Row extends object>(...args: Parameters<Postgres['query']>) {
      const rows = await db.query<Row>(...args)
      if (isClosed) await new Promise<void>((resolve) => waiting.push(resolve))
      return rows
    },
  }
  return {
    db: gated,
    close() {
      isClosed = true
    },
    open() {
      isClosed = false
      const opened = waiting
      waiting = []
      for (const open of opened) open()
    },
  }
}

/** A Postgres that is away. */
export const noPostgres: Postgres = {
  query: () => Promise.reject(new StoreUnavailableError('ECONNREFUSED')),
  transaction: () => Promise.reject(new StoreUnavailableError('ECONNREFUSED')),
  ping: () => Promise.reject(new StoreUnavailableError('ECONNREFUSED')),
  reconnect() {},
  gauges: () => ({ total: 0, idle: 0, waiting: 0 }),
  close: () => Promise.resolve(),
}

/** The same store for all, that is away while it is said to be. */
export function failingStore(store: PatientStore): PatientStore & { isAway: boolean } {
  const failing: PatientStore & { isAway: boolean } = {
    ...store,
    isAway: false,
    isUp: () => !failing.isAway && store.isUp(),
    run: (command, limitMs) => (failing.isAway ? Promise.resolve(undefined) : store.run(command, limitMs)),
    tell: (command, limitMs) => (failing.isAway ? Promise.resolve(undefined) : store.tell(command, limitMs)),
  }
  return failing
}

/** All that Redis holds, as it would write it to its disk. */
export async function copyOf(client: Redis): Promise<ReadonlyMap<string, Buffer>> {
  const copy = new Map<string, Buffer>()
  for (const name of await client.keys('*')) {
    const value = await client.dumpBuffer(name)
    if (value !== null) copy.set(name, value)
  }
  return copy
}

/** Redis is as it was when that was written. */
export async function goBackTo(client: Redis, copy: ReadonlyMap<string, Buffer>): Promise<void> {
  await client.flushall()
  for (const [name, value] of copy) await client.restore(name, 600_000, value)
}

export interface Saved {
  readonly head: number
  readonly rows: readonly { readonly id: string; readonly status: string; readonly revision: number }[]
}

/** What a backup would hold. */
export async function save(db: Postgres): Promise<Saved> {
  const [head] = await db.query<{ revision: number }>('SELECT revision FROM head')
  const rows = await db.query<Saved['rows'][number]>('SELECT id, status, revision FROM api_key')
  return { head: head?.revision ?? 0, rows }
}

/** Brings that state back, as a restore does: identifier, timeline and epoch are as they were. */
export async function restore(db: Postgres, saved: Saved): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query('DELETE FROM outbox WHERE revision > $1', [saved.head])
    await tx.query('UPDATE head SET revision = $1', [saved.head])
    for (const { id, status, revision } of saved.rows) {
      await tx.query('UPDATE api_key SET status = $2, revision = $3 WHERE id = $1', [id, status, revision])
    }
  })
}

export interface Message {
  readonly epoch: string
  readonly change: Change
  readonly key: number
  /** The epoch of the change once its maker had polled: another one where the database had gone back. */
  settledEpoch?: string | undefined
  /** The change that it tells of is no part of the database's history any more. */
  isLost?: true
}
