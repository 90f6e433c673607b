// Instances of the emergency stop on a private Redis.

import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { createDenyAcknowledge } from '../../src/lookup/deny-acknowledge.ts'
import { createDenySpread, type DenySpread } from '../../src/lookup/deny-spread.ts'
import { createDenyWords, type DenyWord, type DenyWords } from '../../src/lookup/deny-words.ts'
import { installedStore, type InstalledStore } from '../../src/lookup/installation.ts'
import { createSeal } from '../../src/lookup/seal.ts'
import { createRedis } from '../../src/store/redis.ts'
import { startRedis } from '../support/redis-service.ts'
import { cacheKey, part } from './redis-subject.ts'
import { silentLog } from './subject.ts'

interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

interface Instance {
  readonly id: string
  readonly words: DenyWords
  readonly spread: DenySpread
  readonly store: InstalledStore
  rejected(): number
  /** Says a word here, and hands it on. */
  say(of?: Partial<DenyWord>): Promise<boolean>
}

interface InstanceOptions {
  readonly id: string
  readonly url: string
  readonly cacheKeys?: [string, ...string[]]
  /** Its messages never arrive. */
  readonly isDeaf?: boolean
  readonly everyMs?: number
}

const value = 'key_0123456789'

async function instanceOf(t: Teardown, of: InstanceOptions): Promise<Instance> {
  const server = createRedis({ url: of.url, log: silentLog, monotonicNow: () => performance.now() })
  const opened = installedStore(server, () => 'test').store
  const store = of.isDeaf ? { ...opened, subscribe: () => {} } : opened
  const words = createDenyWords()
  let rejected = 0
  const spread = createDenySpread({
    store,
    seal: createSeal(...(of.cacheKeys ?? [cacheKey])),
    words,
    instanceId: of.id,
    now: Date.now,
    heard: () => {},
    rejected: () => void rejected++,
    everyMs: of.everyMs ?? 100,
  })
  await spread.start()
  t.teardown(async () => {
    await spread.stop()
    await store.close()
  })
  return {
    id: of.id,
    words,
    spread,
    store,
    rejected: () => rejected,
    say(said = {}) {
      const entry = { kind: 'key', value, ...said } as const
      const word = { ...entry, isDenied: true, atMs: words.timeFor(entry, Date.now()), actor: 'ann', ...said }
      words.hear(word)
      return spread.tell(word)
    },
  }
}

const denies = (instance: Instance) => instance.words.get({ kind: 'key', value })?.isDenied

async function until(isSo: () => boolean | undefined | Promise<boolean>): Promise<number> {
  const begin = performance.now()
  while (!(await isSo())) {
    if (performance.now() - begin > 10_000) throw new Error('It never came to be so')
    await sleep(5)
  }
  return performance.now() - begin
}

async function redisOf(t: Teardown) {
  const redis = await startRedis()
  const client = new Redis(redis.url, { lazyConnect: true, keyPrefix: part })
  client.on('error', () => {})
  t.teardown(async () => {
    client.disconnect()
    await redis.stop()
  })
  return { redis, client }
}

t.test('a word is on another instance as soon as its message is', async (t) => {
  const { redis } = await redisOf(t)
  const one = await instanceOf(t, { id: 'one', url: redis.url, everyMs: 60_000 })
  const two = await instanceOf(t, { id: 'two', url: redis.url, everyMs: 60_000 })
  t.equal(await one.say(), true)
  t.ok((await until(() => denies(two))) < 1_000)
  await two.say({ isDenied: false })
  await until(() => denies(one) === false)
})

t.test('a lost message heals by the hash', async (t) => {
  const { redis } = await redisOf(t)
  const one = await instanceOf(t, { id: 'one', url: redis.url })
  const two = await instanceOf(t, { id: 'two', url: redis.url, isDeaf: true })
  await one.say()
  t.ok((await until(() => denies(two))) < 1_000)
  const three = await instanceOf(t, { id: 'three', url: redis.url, isDeaf: true, everyMs: 60_000 })
  t.equal(denies(three), true, 'and is read at the start')
})

t.test('an older word that another writes over a newer one is put right', async (t) => {
  const { redis, client } = await redisOf(t)
  const one = await instanceOf(t, { id: 'one', url: redis.url })
  await one.say({ atMs: 1_000 })
  const old = (await client.hget('deny', `key:${value}`)) ?? ''
  await one.say({ isDenied: false })
  await client.hset('deny', `key:${value}`, old)
  await until(async () => (await client.hget('deny', `key:${value}`)) !== old)
  t.equal(denies(one), false)
})

t.test(
  'Redis away: false at once, handed on when it is back, and after it has lost everything',
  async (t) => {
    const { redis } = await redisOf(t)
    const one = await instanceOf(t, { id: 'one', url: redis.url })
    const two = await instanceOf(t, { id: 'two', url: redis.url })
    await redis.kill('SIGKILL')
    await until(() => !one.store.isUp() && !two.store.isUp())
    const begin = performance.now()
    t.equal(await one.say(), false)
    t.ok(performance.now() - begin < 100)
    await redis.restart()
    await until(() => denies(two))
    const begun = performance.now()
    await redis.kill('SIGKILL')
    const late = await instanceOf(t, { id: 'late', url: redis.url })
    t.ok(performance.now() - begun < 3_000, 'a start waits a second for Redis, no longer')
    t.equal(denies(late), undefined)
    await redis.restart()
    await until(() => denies(late))
  },
)

t.test('forged, foreign and moved entries are nothing, and are counted once', async (t) => {
  const { redis, client } = await redisOf(t)
  const one = await instanceOf(t, { id: 'one', url: redis.url, everyMs: 50 })
  await one.say({ value: 'key_9999999999' })
  const sealed = (await client.hget('deny', 'key:key_9999999999')) ?? ''
  const text = JSON.stringify({ kind: 'key', value, isDenied: true, atMs: 1, actor: 'x' })
  const foreign = createSeal('another-cache-key-of-more-than-32-characters').close(
    `${part}deny:key:${value}`,
    text,
  )
  await client.hset('deny', {
    [`key:${value}`]: text,
    'key:key_7777777777': sealed,
    'key:a': foreign,
  })
  await client.publish(`${part}deny`, foreign)
  const right = createSeal(cacheKey)
  await client.publish(`${part}deny`, right.close(`${part}deny`, 'no JSON'))
  await client.publish(`${part}deny`, right.close(`${part}deny`, text.replace('"key"', '"kay"')))
  await until(() => one.rejected() >= 4)
  await sleep(300)
  t.equal(one.rejected(), 4)
  t.same(
    one.words.all().map((word) => word.value),
    ['key_9999999999'],
  )
})

t.test('what earlier versions have kept is taken over at a start', async (t) => {
  const { redis } = await redisOf(t)
  const seal = createSeal(cacheKey)
  const word = JSON.stringify({ kind: 'key', value, isDenied: true, atMs: 5, actor: 'ann' })
  const raw = new Redis(redis.url)
  t.teardown(() => raw.disconnect())
  await raw.hset(
    `latchkey-${seal.fingerprints[0]}:latchkey:deny`,
    `key:${value}`,
    seal.close(`latchkey:deny:key:${value}`, word),
  )
  const one = await instanceOf(t, { id: 'one', url: redis.url, everyMs: 50 })
  t.equal(denies(one), true)
  const two = await instanceOf(t, { id: 'two', url: redis.url, everyMs: 50 })
  await one.say({ isDenied: false })
  await until(() => denies(two) === false)
})

t.test(
  'while the cache key is changed, a denial reaches all, and is sealed by the new one in the end',
  async (t) => {
    const { redis, client } = await redisOf(t)
    const newKey = 'a-new-cache-key-of-more-than-32-characters-'
    const sealedBy = async (key: string) => {
      const sealed = (await client.hget('deny', `key:${value}`)) ?? ''
      return createSeal(key).open(`${part}deny:key:${value}`, sealed) !== undefined
    }
    const old = await instanceOf(t, { id: 'old', url: redis.url, cacheKeys: [cacheKey] })
    const first = await instanceOf(t, { id: 'first', url: redis.url, cacheKeys: [cacheKey, newKey] })
    await old.say()
    await until(() => denies(first))
    await old.spread.stop()
    t.ok(await sealedBy(cacheKey))
    const second = await instanceOf(t, { id: 'second', url: redis.url, cacheKeys: [newKey, cacheKey] })
    t.equal(denies(second), true)
    await first.spread.stop()
    await until(() => sealedBy(newKey))
    const last = await instanceOf(t, { id: 'last', url: redis.url, cacheKeys: [newKey] })
    t.equal(denies(last), true)
    t.equal(last.rejected(), 0)
  },
)

t.test('what was taken back a month ago is cleared from the hash', async (t) => {
  const { redis, client } = await redisOf(t)
  const one = await instanceOf(t, { id: 'one', url: redis.url, everyMs: 60_000 })
  await one.say({ isDenied: false, atMs: Date.now() - 31 * 24 * 60 * 60_000 })
  t.equal(await client.hlen('deny'), 1)
  const two = await instanceOf(t, { id: 'two', url: redis.url, everyMs: 60_000 })
  t.same(two.words.all(), [])
  t.equal(await client.hlen('deny'), 0)
})

t.test('who has not heard is named, as far as anybody can tell', async (t) => {
  const { redis, client } = await redisOf(t)
  const one = await instanceOf(t, { id: 'one', url: redis.url })
  const two = await instanceOf(t, { id: 'two', url: redis.url })
  let registered: () => Promise<{ id: string; lastSeenAtMs: number }[]> = () =>
    Promise.reject(new Error('away'))
  const behind = createDenyAcknowledge({
    words: one.words,
    spread: one.spread,
    instanceId: 'one',
    registered: () => registered(),
    now: Date.now,
    maxStaleLimitMs: () => 60_000,
  })

  await t.test('nobody, once all hold it', async (t) => {
    await one.say()
    t.same(await behind(5_000), [])
    t.equal(denies(two), true)
  })

  await t.test('one that Postgres knows and Redis does not; one that hangs', async (t) => {
    registered = async () => [
      { id: 'one', lastSeenAtMs: 1 },
      { id: 'two', lastSeenAtMs: 2 },
      { id: 'cut-off', lastSeenAtMs: 3 },
    ]
    t.same(await behind(100), [{ instance: 'cut-off', lastSeenAtMs: 3 }])
    registered = () => new Promise(() => {})
    const begin = performance.now()
    t.same(await behind(100), [])
    t.ok(performance.now() - begin < 2_000, 'a hung Postgres is waited for a second')
    registered = () => Promise.reject(new Error('away'))
  })

  await t.test('one that was silent for too long counts no more; one that left neither', async (t) => {
    const seal = createSeal(cacheKey)
    const held = (atMs: number) => seal.close(`${part}deny:held:gone`, JSON.stringify({ sum: 'other', atMs }))
    await client.hset('deny:held', 'gone', held(Date.now() - 59_000))
    t.match(await behind(100), [{ instance: 'gone' }])
    await client.hset('deny:held', 'gone', held(Date.now() - 61_000))
    t.same(await behind(100), [])
    await client.hset('deny:held', 'gone', held(1))
    await behind(100)
    await until(async () => (await client.hexists('deny:held', 'gone')) === 0)
    await two.spread.stop()
    t.same(await client.hkeys('deny:held'), ['one'])
  })

  await t.test('without Redis nobody is waited for; without both nobody can be asked', async (t) => {
    await redis.kill('SIGKILL')
    await until(() => !one.store.isUp())
    const begin = performance.now()
    t.equal(await behind(5_000), null)
    registered = async () => [{ id: 'two', lastSeenAtMs: 2 }]
    t.same(await behind(5_000), [{ instance: 'two', lastSeenAtMs: 2 }])
    t.ok(performance.now() - begin < 1_000)
  })
})
