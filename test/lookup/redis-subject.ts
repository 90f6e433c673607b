// A Redis tier of one process on a private Redis, with a client beside it that does what it likes.

import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createRedisTier, type RedisTier } from '../../src/lookup/redis-tier.ts'
import { createSeal, type Seal } from '../../src/lookup/seal.ts'
import { createRedis, type RedisStore } from '../../src/store/redis.ts'
import { silentLog, staleLimitMs } from './subject.ts'

export const cacheKey = 'test-cache-key-of-more-than-32-characters'

interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

export interface PatientStore extends RedisStore {
  /** Deadlines that were asked for, in milliseconds. */
  readonly deadlines: number[]
  /** Resolves when no command is under way. */
  settled(): Promise<void>
}

/** A store that waits longer than it is told to, so that a slow machine does not change what is seen. */
export async function patientStore(t: Teardown, url: string): Promise<PatientStore> {
  const store = createRedis({ url, log: silentLog, monotonicNow: () => performance.now() })
  t.teardown(() => store.close())
  const running = new Set<Promise<unknown>>()
  const deadlines: number[] = []
  await until(() => store.isUp())
  const patient: RedisStore['run'] = (command, deadlineMs) => {
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
  readonly store: PatientStore
  readonly seal: Seal
  /** Entries and messages refused for their seal. */
  rejected(): number
}

/** A process's tier; `epoch` undefined: it has not reached Postgres yet. */
export async function tierOn(
  t: Teardown,
  url: string,
  of: { epoch?: string | undefined; cacheKey?: string } = { epoch: 'e' },
): Promise<TierSubject> {
  const store = await patientStore(t, url)
  const seal = createSeal(of.cacheKey ?? cacheKey)
  let rejected = 0
  const tier = createRedisTier({
    store,
    seal,
    epoch: () => of.epoch,
    maxStaleLimitMs: () => staleLimitMs,
    rejected: () => void rejected++,
  })
  return { tier, store, seal, rejected: () => rejected }
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
