// A Redis tier of one process on a private Redis, with a client beside it that does what it likes.

import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { installedStore, type InstalledStore } from '../../src/lookup/installation.ts'
import { createRedisScope, type RedisScope } from '../../src/lookup/redis-scope.ts'
import { createRedisTier, type RedisTier } from '../../src/lookup/redis-tier.ts'
import { createSeal, type Seal } from '../../src/lookup/seal.ts'
import { createRedis } from '../../src/store/redis.ts'
import { changeOf, silentLog, staleLimitMs } from './subject.ts'

export const cacheKey = 'test-cache-key-of-more-than-32-characters'

interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

/** Changes of a key that no test asks for: readings of theirs are not beyond what Redis has. */
const madeBefore = 20

/** What the names in Redis begin with. */
export const part = '{latchkey:test}:'

export interface PatientStore extends InstalledStore {
  /** Deadlines that were asked for, in milliseconds. */
  readonly deadlines: number[]
  /** Resolves when no command is under way. */
  settled(): Promise<void>
}

/** A store that waits longer than it is told to, so that a slow machine does not change what is seen. */
export async function patientStore(t: Teardown, url: string): Promise<PatientStore> {
  const server = createRedis({ url, log: silentLog, monotonicNow: () => performance.now() })
  t.teardown(() => server.close())
  const { store } = installedStore(server, () => 'test')
  const running = new Set<Promise<unknown>>()
  const deadlines: number[] = []
  await until(() => store.isUp())
  const patient: InstalledStore['run'] = (command, deadlineMs) => {
    deadlines.push(deadlineMs)
    const answer = store.run(command, 5_000)
    running.add(answer)
    return answer.finally(() => running.delete(answer))
  }
  return {
    ...store,
    deadlines,
    run: patient,
    tell: patient,
    async settled() {
      while (running.size > 0) await Promise.all(running)
      // Whoever waits for the answers comes first.
      await setImmediate()
    },
  }
}

export interface TierSubject {
  readonly tier: RedisTier
  readonly scope: RedisScope
  /** As after a poll: reads how far Redis is, and begins a scope where there is none of this epoch. */
  follow(): Promise<void>
  readonly store: PatientStore
  readonly seal: Seal
  /** Entries and messages refused for their seal. */
  rejected(): number
}

/** A process's tier that has polled; `epoch` undefined: it has not reached Postgres yet. */
export async function tierOn(
  t: Teardown,
  url: string,
  of: { epoch?: string | undefined; cacheKey?: string } = { epoch: 'e' },
): Promise<TierSubject> {
  const store = await patientStore(t, url)
  const seal = createSeal(of.cacheKey ?? cacheKey)
  let rejections = 0
  const rejected = () => void rejections++
  const maxStaleLimitMs = () => staleLimitMs
  const changes = { applied: 0, stamp: undefined, epoch: of.epoch }
  const scope = createRedisScope({
    ...{ store, seal, maxStaleLimitMs, rejected, changes },
    changesAfter: async (revision) =>
      Array.from({ length: madeBefore - revision }, (_, i) =>
        changeOf(revision + i + 1, { keyId: 'key_before' }),
      ),
    monotonicNow: () => performance.now(),
  })
  async function follow(): Promise<void> {
    const record = await scope.read()
    if (of.epoch === undefined) return
    if (record === undefined) changes.applied = 0
    if (record !== undefined) scope.judged(record, record.epoch === of.epoch ? 'same' : 'other')
    await scope.tend(true)
    changes.applied = madeBefore
    await scope.tend(true)
    await scope.tend(true)
  }
  await follow()
  const tier = createRedisTier({
    ...{ store, seal, scope, maxStaleLimitMs, rejected },
    epoch: () => of.epoch,
  })
  // What a look-up asks for is counted from here on.
  store.deadlines.length = 0
  return { tier, scope, follow, store, seal, rejected: () => rejections }
}

/** A plain client. */
export function rawClient(t: Teardown, url: string): Redis {
  const client = new Redis(url)
  client.on('error', () => {})
  t.teardown(() => client.disconnect())
  return client
}

/** Waits for something that nobody tells of. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(5)
}

/** What scripts of Redis seal with (limits/sealed-script.ts). */
export const sealing = { keys: createSeal(cacheKey).scriptKeys, rejected: () => {}, instances: () => 3 }
