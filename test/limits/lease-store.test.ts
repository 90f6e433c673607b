// Contract 11: one count over all instances, in a real Redis.

import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { RateLimit } from '../../src/config/compiled.ts'
import { allowanceOf } from '../../src/config/rate-limits.ts'
import { createLeaseStore } from '../../src/limits/lease-store.ts'
import { createLimiter, type RunningLimiter } from '../../src/limits/limiter.ts'
import type { LeaseItem } from '../../src/limits/renewals.ts'
import { patientStore, sealing, until } from '../lookup/redis-subject.ts'
import { principalOf } from '../gateway/subject.ts'
import { startRedis } from '../support/redis-service.ts'

const item: LeaseItem = {
  place: 'flintn/live/default/key/key_a',
  ...{ intervalMs: 1_000, burst: 10, spent: 0, unused: 0, wanted: 0, fullInMs: null },
}

t.test('the script counts for all', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const store = await patientStore(t, redis.url)
  let now = 1_800_000_000_000
  let rejections = 0
  const rejected = () => void rejections++
  const leases = createLeaseStore({ ...sealing, store, now: () => now, rejected })
  const ask = async (of: Partial<LeaseItem>) => (await leases.lease([{ ...item, ...of }], 1))?.[0]

  await t.test('what is leased is counted, and no more of it than there is', async (t) => {
    t.same(await ask({ wanted: 4 }), { granted: 4, fullInMs: 4_000 })
    t.same(await ask({ wanted: 10 }), { granted: 6, fullInMs: 10_000 })
    t.same(await ask({ wanted: 1 }), { granted: 0, fullInMs: 10_000 })
    now += 2_500
    t.same(await ask({ wanted: 5 }), { granted: 2, fullInMs: 9_500 })
  })

  await t.test('what is given back is there again', async (t) => {
    t.same(await ask({ unused: 2, wanted: 1 }), { granted: 1, fullInMs: 8_500 })
    now += 60_000
    t.same(await ask({ unused: 20 }), { granted: 0, fullInMs: 0 }, 'never more than the burst')
    t.same(await ask({ wanted: 99 }), { granted: 10, fullInMs: 10_000 })
  })

  await t.test('what was let through already is counted also where there was none left', async (t) => {
    t.same(await ask({ spent: 3, wanted: 5 }), { granted: 0, fullInMs: 13_000 })
    now += 13_000
  })

  await t.test('who knows better is believed, and who knows less is not', async (t) => {
    t.same(await ask({ fullInMs: 7_000 }), { granted: 0, fullInMs: 7_000 })
    t.same(await ask({ fullInMs: 2_000 }), { granted: 0, fullInMs: 7_000 })
    t.same(await ask({ fullInMs: -1e9 }), { granted: 0, fullInMs: 7_000 })
  })

  await t.test(
    'many are asked for at once, each by itself, and nothing is kept of who has all',
    async (t) => {
      const items = Array.from({ length: 500 }, (_, i) => ({ ...item, place: `many/${i}`, wanted: i % 3 }))
      const answers = await leases.lease(items, 1)
      t.same(
        answers?.map(({ granted }) => granted),
        items.map(({ wanted }) => wanted),
      )
      const client = new Redis(redis.url)
      t.teardown(() => client.disconnect())
      const names = await client.keys('*many/*')
      t.equal(names.length, items.filter(({ wanted }) => wanted > 0).length)
      t.ok(
        names.every((name) => name.startsWith('{latchkey:test}:rate:')),
        'one slot for all',
      )
      const [name = ''] = names
      t.ok((await client.pttl(name)) > 0, 'and it ends')
    },
  )

  await t.test('what nobody has sealed is nothing, and told of', async (t) => {
    const client = new Redis(redis.url)
    t.teardown(() => client.disconnect())
    const place = `{latchkey:test}:rate:${item.place}`
    const others = `${item.place}/other`
    await leases.lease([{ ...item, place: others, wanted: 5 }], 1)
    const moved = (await client.get(`{latchkey:test}:rate:${others}`)) ?? ''
    t.match(moved, /^[0-9a-f]{32}\d+\.\d{3}$/)
    rejections = 0
    for (const value of ['no number', String(now + 9e9), moved, `${'0'.repeat(32)}${now + 9e9}`]) {
      await client.set(place, value)
      t.same(await ask({ wanted: 1 }), { granted: 1, fullInMs: 1_000 }, value)
    }
    t.equal(rejections, 4)
    t.same(await ask({ wanted: 1 }), { granted: 1, fullInMs: 2_000 })
    t.equal(rejections, 4)
  })
})

t.test('by no clock but the one that all have', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const store = await patientStore(t, redis.url)
  const clock: { now: number | undefined } = { now: undefined }
  const leases = createLeaseStore({ ...sealing, store, now: () => clock.now })
  t.equal(await leases.reaches(1_000), false)
  t.equal(await leases.lease([item], 1_000), undefined)
  clock.now = 1_800_000_000_000
  t.equal(await leases.reaches(1_000), true)
  const client = new Redis(redis.url)
  t.teardown(() => client.disconnect())
  t.same(await client.keys('*:rate:*'), [], 'who looks leaves nothing')
})

const limit: RateLimit = {
  ...{ api: 'flintn', name: 'default', per: 'key', ofPlans: new Map(), isShadow: false },
  allowance: allowanceOf('20/s', 40),
}

t.test('processes that have a Redis let through together what the limit allows', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const limiters: RunningLimiter[] = []
  for (let i = 0; i < 3; i++) {
    const store = await patientStore(t, redis.url)
    const limiter = createLimiter({
      store: createLeaseStore({ ...sealing, store, now: Date.now }),
      instances: () => 3,
      monotonicNow: () => performance.now(),
    })
    limiter.start()
    t.teardown(() => limiter.stop())
    limiters.push(limiter)
  }
  await until(() => limiters.every((one) => one.isNear()))
  const asked = { limits: [limit], environment: 'live', record: principalOf().record, client: '192.0.2.7' }
  const startedAt = performance.now()
  let passed = 0
  const turns = [0, 0, 0]
  while (performance.now() - startedAt < 3_000) {
    for (const [index, limiter] of limiters.entries()) {
      // One has most of the load, and one nearly none.
      turns[index] = (turns[index] ?? 0) + ([1, 0.5, 0.05][index] ?? 0)
      if ((turns[index] ?? 0) < 1) continue
      turns[index] = 0
      if (limiter.spend(asked).limit === undefined) passed++
    }
    await sleep(5)
  }
  const seconds = (performance.now() - startedAt) / 1_000
  const allowed = 40 + 20 * seconds
  t.ok(passed <= allowed * 1.05, `${passed} of ${allowed}`)
  t.ok(passed >= allowed * 0.85, `${passed} of ${allowed}`)
})
