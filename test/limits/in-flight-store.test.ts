// Contract 11: one count of what is under way, over all processes, in a real Redis.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createInFlight } from '../../src/limits/in-flight.ts'
import { createInFlightStore, type Presence } from '../../src/limits/in-flight-store.ts'
import { principalOf } from '../gateway/subject.ts'
import { patientStore, rawClient, sealing, until } from '../lookup/redis-subject.ts'
import { startRedis } from '../support/redis-service.ts'

const times = { lifeMs: 3_000, deadlineMs: 60 }

t.test('each hears what the others have, and is granted no more than is free', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const store = await patientStore(t, redis.url)
  const client = rawClient(t, redis.url)
  let now = 1_800_000_000_000
  let rejections = 0
  const [one, other] = [1, 2].map(() =>
    createInFlightStore({ ...sealing, store, now: () => now, rejected: () => void rejections++ }),
  ) as [ReturnType<typeof createInFlightStore>, ReturnType<typeof createInFlightStore>]
  const presence = (of: Partial<Presence>) => ({ subject: 'key_a', count: 0, most: 10, wanted: 0, ...of })
  const tell = async (by: typeof one, of: Partial<Presence>) => (await by.tell([presence(of)], times))?.[0]
  const place = '{latchkey:test}:under-way:key_a'

  t.same(await tell(one, { count: 4 }), { others: 0, granted: 0 })
  t.same(await tell(other, { count: 3, wanted: 9 }), { others: 4, granted: 3 })
  t.same(await tell(one, { count: 5, wanted: 2 }), { others: 6, granted: 0 }, 'what was granted is taken')
  t.same(
    await tell(other, { count: 7 }),
    { others: 5, granted: 0 },
    'what is under way stays, were it too much',
  )
  t.same(await tell(one, { count: 5, wanted: 2 }), { others: 7, granted: 0 })
  t.match(await client.get(place), /^[0-9a-f]{32}\S+ 7 \d+;\S+ 5 \d+;$/)
  t.ok((await client.pttl(place)) > 0, 'and it ends')

  now += times.lifeMs + 1
  t.same(await tell(other, { count: 7, wanted: 9 }), { others: 0, granted: 3 }, 'who tells no more has gone')
  await client.set(place, `${'0'.repeat(32)}nobody 10 ${now + 60_000};`)
  t.same(await tell(one, { count: 1 }), { others: 0, granted: 0 }, 'what nobody has sealed is nothing')
  t.equal(rejections, 1)
  t.same(await tell(one, { count: 0 }), { others: 0, granted: 0 })
  t.equal(await client.get(place), null, 'nothing is kept of who has nothing')

  const many = Array.from({ length: 500 }, (_, i) => presence({ subject: `key_${i}`, count: i % 3, most: 9 }))
  await one.tell(many, times)
  t.same(
    (await other.tell(many, times))?.map(({ others }) => others),
    many.map(({ count }) => count),
  )
})

t.test('by no clock but the one that all have', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const store = createInFlightStore({
    ...sealing,
    store: await patientStore(t, redis.url),
    now: () => undefined,
  })
  t.equal(await store.tell([{ subject: 'key_a', count: 1, most: 1, wanted: 0 }], times), undefined)
})

t.test('processes have one number together, which one of them may have alone', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const make = async () => {
    const store = createInFlightStore({
      ...sealing,
      store: await patientStore(t, redis.url),
      now: Date.now,
    })
    const one = createInFlight({ store, instances: () => 3, monotonicNow: () => performance.now() })
    one.start()
    t.teardown(() => one.stop())
    return one
  }
  const [one, other, third] = [await make(), await make(), await make()]
  const limits = { allowedIps: [], rates: {}, inFlight: 30, merchant: null }
  const { record } = principalOf({ limits })
  let atOne = 0
  await until(() => {
    if (one.enter(record)) atOne++
    return atOne >= 30
  })
  // Each of the others has its share before it has heard of that, a part of what it heard was free, and no more for ever.
  const held = [0, 0]
  for (let round = 0; round < 50; round++) {
    for (const [index, process] of [other, third].entries())
      if (process.enter(record)) held[index] = (held[index] ?? 0) + 1
    await sleep(10)
  }
  const sum = held.reduce((total, count) => total + count, 0)
  t.ok(sum <= 20 + 3 + 3, `${sum} of those that had not heard`)
  t.notOk(one.enter(record))
  for (const [index, process] of [other, third].entries())
    for (let left = held[index] ?? 0; left > 0; left--) process.leave(record)

  // It is not heard of any more, as one that was killed.
  await one.stop()
  let atOther = 0
  await until(() => {
    if (other.enter(record)) atOther++
    return atOther >= 25
  })
  t.equal(atOther, 25, 'what it had is free again')
})

t.test('a process never lets through more than the number by itself, whatever it hears', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const store = createInFlightStore({
    ...sealing,
    store: await patientStore(t, redis.url),
    now: Date.now,
  })
  const one = createInFlight({ store, instances: () => 1, monotonicNow: () => performance.now() })
  one.start()
  t.teardown(() => one.stop())
  const limits = { allowedIps: [], rates: {}, inFlight: 1, merchant: null }
  const { record } = principalOf({ limits })
  t.ok(one.enter(record))
  // Long enough for it to be told, and answered.
  for (let round = 0; round < 20; round++) {
    t.notOk(one.enter(record))
    await sleep(10)
  }
  one.leave(record)
  t.ok(one.enter(record))
})
