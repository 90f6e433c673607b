// The Redis tier where a store is away: Postgres at the start of a process, or Redis itself.

import t from 'tap'
import type { Change } from '../../src/store/change-table.ts'
import { startRedis } from '../support/redis-service.ts'
import { part, rawClient, tierOn, until } from './redis-subject.ts'
import { changeOf, digestOf, recordOf } from './subject.ts'

const digest = digestOf('a')
const reading = { record: recordOf(), revision: 3, confirmedAtMs: 1_700_000_000_000 }

const redis = await startRedis()
t.teardown(() => redis.stop())
const raw = rawClient(t, redis.url)
t.beforeEach(async () => void (await raw.flushall()))

t.test(
  'a process that has not reached Postgres finds entries by the epoch that another one kept',
  async (t) => {
    const one = await tierOn(t, redis.url)
    one.tier.fill(digest, reading)
    await one.store.settled()
    const fresh = await tierOn(t, redis.url, { epoch: undefined })
    t.same(await fresh.tier.get(digest), reading)
  },
)

t.test('it finds nothing without an epoch, or with a forged one', async (t) => {
  const one = await tierOn(t, redis.url)
  one.tier.fill(digest, reading)
  await one.store.settled()
  await raw.del(`${part}scope:${one.seal.fingerprints[0]}`)
  const fresh = await tierOn(t, redis.url, { epoch: undefined })
  t.equal(await fresh.tier.get(digest), undefined)
  const record = JSON.stringify({ epoch: 'e', id: 'x', base: 0, revision: 3, stamp: null })
  await raw.hset(`${part}scope:${one.seal.fingerprints[0]}`, { g: 'x', r: '3', v: record })
  await fresh.follow()
  t.equal(await fresh.tier.get(digest), undefined)
  t.equal(fresh.rejected(), 1)
})

t.test('it takes no entry that a mark says was overtaken', async (t) => {
  for (const kind of ['k:key_a', 'm:mer_a']) {
    await raw.flushall()
    const one = await tierOn(t, redis.url)
    one.tier.fill(digest, reading)
    await one.store.settled()
    const [place = ''] = await raw.keys(`${part}*:c:${digest}`)
    await raw.set(place.replace(`c:${digest}`, kind), '4')
    const fresh = await tierOn(t, redis.url, { epoch: undefined })
    t.equal(await fresh.tier.get(digest), undefined, kind)
  }
})

t.test('the epoch is kept again after Redis has lost everything', async (t) => {
  const one = await tierOn(t, redis.url)
  await raw.flushall()
  await one.follow()
  one.tier.fill(digest, reading)
  await one.store.settled()
  const fresh = await tierOn(t, redis.url, { epoch: undefined })
  t.same(await fresh.tier.get(digest), reading)
})

t.test('all processes hear of a change, with its epoch', async (t) => {
  const one = await tierOn(t, redis.url)
  const two = await tierOn(t, redis.url)
  const heard: [string, Change][] = []
  two.tier.listen((epoch, change) => heard.push([epoch, change]))
  await until(async () => (await raw.pubsub('NUMSUB', `${part}changes`))[1] === 1)
  const change = changeOf(4, { digests: [digest] })
  one.tier.publish('e', change)
  await until(() => heard.length > 0)
  t.same(heard, [['e', change]])
})

t.test('a message without the right seal is not heard, and counted', async (t) => {
  const { tier, seal, rejected } = await tierOn(t, redis.url)
  const heard: number[] = []
  tier.listen((_, change) => heard.push(change.revision))
  await until(async () => (await raw.pubsub('NUMSUB', `${part}changes`))[1] === 1)
  const text = JSON.stringify({ epoch: 'e', ...changeOf(4) })
  await raw.publish(`${part}changes`, text)
  await raw.publish(`${part}changes`, seal.close(`${part}epoch`, text))
  await raw.publish(`${part}changes`, seal.close(`${part}changes`, text.replace(':4', ':5')))
  await until(() => heard.length > 0)
  t.same(heard, [5])
  t.equal(rejected(), 2)
})

t.test('a listener hears again after Redis was away', async (t) => {
  const one = await tierOn(t, redis.url)
  const heard: number[] = []
  one.tier.listen((_, change) => heard.push(change.revision))
  await redis.kill('SIGKILL')
  await until(() => !one.store.isUp())
  t.equal(await one.tier.get(digest), undefined, 'meanwhile a look-up is a miss')
  one.tier.fill(digest, reading)
  one.tier.publish('e', changeOf(4))
  await redis.restart()
  await until(() => one.store.isUp())
  await until(async () => (await raw.pubsub('NUMSUB', `${part}changes`).catch(() => []))[1] === 1)
  one.tier.publish('e', changeOf(5))
  await until(() => heard.length > 0)
  t.same(heard, [5])
})
