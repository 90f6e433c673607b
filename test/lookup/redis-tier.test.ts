import t from 'tap'
import { createRedisTier } from '../../src/lookup/redis-tier.ts'
import { startRedis } from '../support/redis-service.ts'
import { part, rawClient, tierOn } from './redis-subject.ts'
import { changeOf, digestOf, recordOf, staleLimitMs } from './subject.ts'

const digest = digestOf('a')
const confirmedAtMs = 1_700_000_000_000
const readingAt = (revision: number, of = {}) => ({ record: recordOf(of), revision, confirmedAtMs })

const redis = await startRedis()
t.teardown(() => redis.stop())
const raw = rawClient(t, redis.url)
t.beforeEach(async () => void (await raw.flushall()))

/** The one Redis key that ends like this. */
async function placeOf(ending: string): Promise<string> {
  const [place] = await raw.keys(`${part}*:${ending}`)
  return place ?? ''
}

t.test('what one process fills another one finds', async (t) => {
  const one = await tierOn(t, redis.url)
  const two = await tierOn(t, redis.url)
  one.tier.fill(digest, readingAt(3))
  await one.store.settled()
  t.same(await two.tier.get(digest), readingAt(3))
  t.same([two.rejected(), await two.tier.get(digestOf('b'))], [0, undefined])
})

t.test('a look-up asks for no more than 5 ms of waiting', async (t) => {
  const { tier, store } = await tierOn(t, redis.url)
  await tier.get(digest)
  t.same(store.deadlines, [5])
})

t.test('an entry ends with the stale limit, a mark outlives every entry that it has to stop', async (t) => {
  const { tier, store } = await tierOn(t, redis.url)
  tier.publish('e', changeOf(2))
  tier.fill(digest, readingAt(3))
  await store.settled()
  const entryMs = await raw.pttl(await placeOf(`c:${digest}`))
  const markMs = await raw.pttl(await placeOf('k:key_a'))
  t.ok(entryMs > 0 && entryMs <= staleLimitMs)
  t.ok(markMs > staleLimitMs)
})

t.test('a forged entry is a miss, and counted', async (t) => {
  const { tier, store, rejected } = await tierOn(t, redis.url)
  tier.fill(digest, readingAt(3, { status: 'revoked' }))
  await store.settled()
  const place = await placeOf(`c:${digest}`)
  const sealed = String(await raw.hget(place, 'v'))
  await raw.hset(place, 'v', sealed.replace('"revoked"', '"active"'))
  t.equal(await tier.get(digest), undefined)
  await raw.hset(place, 'v', JSON.stringify(readingAt(3)))
  t.equal(await tier.get(digest), undefined)
  t.equal(rejected(), 2)
})

t.test('an entry moved to the place of another digest is a miss, and counted', async (t) => {
  const { tier, store, rejected } = await tierOn(t, redis.url)
  tier.fill(digest, readingAt(3))
  await store.settled()
  const place = await placeOf(`c:${digest}`)
  await raw.copy(place, place.replace(digest, digestOf('b')))
  t.equal(await tier.get(digestOf('b')), undefined)
  t.equal(rejected(), 1)
})

t.test('an entry sealed under another cache key is a miss, and counted', async (t) => {
  const foreign = await tierOn(t, redis.url, { epoch: 'e', cacheKey: 'foreign-cache-key-of-32-characters-' })
  foreign.tier.fill(digest, readingAt(3))
  await foreign.store.settled()
  const { tier, store, scope, rejected } = await tierOn(t, redis.url)
  t.equal(await tier.get(digest), undefined, 'it has a scope of its own')
  const place = store.at(`${scope.current()?.id}:c:${digest}`)
  await raw.rename(await placeOf(`c:${digest}`), place)
  t.equal(await tier.get(digest), undefined)
  t.equal(rejected(), 1)
})

t.test('an entry of another version of the program is a miss, and no forgery', async (t) => {
  const { tier, store, seal, rejected } = await tierOn(t, redis.url)
  tier.fill(digest, readingAt(3))
  await store.settled()
  const place = await placeOf(`c:${digest}`)
  await raw.hset(place, 'v', seal.close(place, '{"v":2}'))
  t.equal(await tier.get(digest), undefined)
  t.equal(rejected(), 0)
})

t.test('a fill older than the mark of its key or merchant is refused', async (t) => {
  for (const change of [changeOf(5), changeOf(5, { keyId: null })]) {
    await raw.flushall()
    const { tier, store } = await tierOn(t, redis.url)
    tier.publish('e', change)
    tier.fill(digest, readingAt(4))
    await store.settled()
    t.equal(await tier.get(digest), undefined)
    tier.fill(digest, readingAt(5))
    await store.settled()
    t.match(await tier.get(digest), { revision: 5 })
  }
})

t.test('a fill does not take back a later one', async (t) => {
  const { tier, store } = await tierOn(t, redis.url)
  tier.fill(digest, readingAt(7))
  tier.fill(digest, readingAt(6))
  await store.settled()
  t.match(await tier.get(digest), { revision: 7 })
})

t.test('a change drops the entries that it touches', async (t) => {
  const { tier, store } = await tierOn(t, redis.url)
  tier.fill(digest, readingAt(3))
  tier.fill(digestOf('b'), readingAt(3, { keyId: 'key_b' }))
  tier.publish('e', changeOf(4, { digests: [digest] }))
  await store.settled()
  t.equal(await tier.get(digest), undefined)
  t.ok(await tier.get(digestOf('b')))
})

t.test('a mark goes forward only, in whatever order the changes arrive', async (t) => {
  const { tier, store } = await tierOn(t, redis.url)
  tier.publish('e', changeOf(10))
  tier.publish('e', changeOf(9))
  await store.settled()
  t.equal(await raw.get(await placeOf('k:key_a')), '10')
})

t.test('another epoch finds nothing of the one before', async (t) => {
  const one = await tierOn(t, redis.url, { epoch: 'e' })
  one.tier.fill(digest, readingAt(3))
  await one.store.settled()
  const two = await tierOn(t, redis.url, { epoch: 'f' })
  t.equal(await two.tier.get(digest), undefined)
})

t.test('no entry says more than Redis itself has come to, or less than its scope', async (t) => {
  const { tier, scope, seal, store } = await tierOn(t, redis.url)
  const within = scope.current()
  t.equal(within?.revision, 20)
  tier.fill(digest, readingAt(21))
  await store.settled()
  t.equal(await tier.get(digest), undefined, 'the change may be one of another history')
  const later = { ...scope, current: () => within && { ...within, base: 4 } }
  const maxStaleLimitMs = () => staleLimitMs
  const strict = createRedisTier({
    store,
    seal,
    scope: later,
    maxStaleLimitMs,
    epoch: () => 'e',
    rejected() {},
  })
  strict.fill(digest, readingAt(3))
  await store.settled()
  t.equal(await tier.get(digest), undefined, 'what moved before it began is not marked in it')
  strict.fill(digest, readingAt(4))
  await store.settled()
  t.match(await tier.get(digest), { revision: 4 })
})

t.test('an entry of a scope that is over is not stored', async (t) => {
  const { tier, store, follow } = await tierOn(t, redis.url)
  await raw.flushall()
  tier.fill(digest, readingAt(3))
  await store.settled()
  t.same(await raw.keys(`${part}*:c:*`), [])
  await follow()
  tier.fill(digest, readingAt(3))
  await store.settled()
  t.match(await tier.get(digest), { revision: 3 })
})
