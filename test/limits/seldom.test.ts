// Limits that bring a request seldom, over six processes and a real Redis.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { RateLimit } from '../../src/config/compiled.ts'
import { allowanceOf } from '../../src/config/rate-limits.ts'
import { createLeaseStore } from '../../src/limits/lease-store.ts'
import { createLimiter } from '../../src/limits/limiter.ts'
import { isSeldom } from '../../src/limits/seldom.ts'
import { principalOf } from '../gateway/subject.ts'
import { patientStore, rawClient, sealing, until } from '../lookup/redis-subject.ts'
import { startRedis } from '../support/redis-service.ts'

const processes = 6

async function startLimiters(t: Test, url: string) {
  const instances = () => processes
  return Promise.all(
    Array.from({ length: processes }, async () => {
      const store = await patientStore(t, url)
      const leases = createLeaseStore({ ...sealing, instances, store, now: Date.now })
      const limiter = createLimiter({ store: leases, instances, monotonicNow: () => performance.now() })
      limiter.start()
      t.teardown(() => limiter.stop())
      return limiter
    }),
  )
}

function limitOf(name: string, rate: string, burst: number): RateLimit {
  const allowance = allowanceOf(rate, burst)
  return { api: 'flintn', name, per: 'key', ofPlans: new Map(), isShadow: false, allowance }
}

t.test('a burst is there once, and not for each process', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const limiters = await startLimiters(t, redis.url)
  await sleep(600)
  const asked = {
    limits: [limitOf('refunds', '4/h', 5)],
    environment: 'live',
    record: principalOf({ keyId: 'key_a' }).record,
    client: '192.0.2.7',
  }
  let served = 0
  // Each is heard of by all before the next.
  for (let i = 0; i < 30; i++) {
    if (limiters[i % processes]?.spend(asked).limit === undefined) served++
    await sleep(25)
  }
  t.equal(served, 5)
})

t.test('a message that nobody of the installation has sealed says nothing', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const store = await patientStore(t, redis.url)
  let rejected = 0
  const leases = createLeaseStore({ ...sealing, store, now: Date.now, rejected: () => void rejected++ })
  const heard: string[] = []
  leases.heed((place) => void heard.push(place))
  const item = { intervalMs: 60_000, burst: 2, spent: 1, unused: 0, wanted: 0, fullInMs: null }
  await until(async () => {
    await leases.lease([{ ...item, place: 'flintn/live/refunds/key/key_a@60000' }], 1)
    return heard.length > 0
  })
  t.same(new Set(heard), new Set(['flintn/live/refunds/key/key_a@60000']))
  const raw = rawClient(t, redis.url)
  const [channel = ''] = (await raw.pubsub('CHANNELS', '*rates')) as string[]
  const before = heard.length
  await raw.publish(
    channel,
    `${'0'.repeat(32)}1900000000000 ${store.at('rate:flintn/live/refunds/key/key_b@60000')}`,
  )
  await until(() => rejected > 0)
  t.equal(heard.length, before)
})

t.test('ten a second is seldom, and more is not', async (t) => {
  t.ok(isSeldom(allowanceOf('10/s', null)))
  t.ok(isSeldom(allowanceOf('20/min', null)))
  t.notOk(isSeldom(allowanceOf('11/s', null)))
})
