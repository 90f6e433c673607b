import t from 'tap'
import { createInstallation, type Installation, installedStore } from '../../src/lookup/installation.ts'
import { createSeal, type Seal } from '../../src/lookup/seal.ts'
import { createRedis, type RedisStore } from '../../src/store/redis.ts'
import { startRedis } from '../support/redis-service.ts'
import { cacheKey, rawClient, until } from './redis-subject.ts'
import { silentLog, staleLimitMs } from './subject.ts'

const redis = await startRedis()
t.teardown(() => redis.stop())
const raw = rawClient(t, redis.url)
t.beforeEach(async () => void (await raw.flushall()))
const server: RedisStore = createRedis({
  url: redis.url,
  log: silentLog,
  monotonicNow: () => performance.now(),
})
t.teardown(() => server.close())
await until(() => server.isUp())

interface Options {
  readonly databaseUrl?: string
  readonly seal?: Seal
  readonly now?: () => number
}

function installationOf(of: Options = {}): Installation {
  return createInstallation({
    store: server,
    seal: of.seal ?? createSeal(cacheKey),
    databaseUrl: of.databaseUrl ?? 'postgres://ann:secret@one/a',
    now: of.now ?? Date.now,
    maxStaleLimitMs: () => staleLimitMs,
    log: silentLog,
  })
}

/** A process that Postgres has told which installation it is. */
async function running(id: string, of: Options = {}): Promise<Installation> {
  const installation = installationOf(of)
  installation.take(id)
  await installation.tend(true)
  return installation
}

/** What a process that starts without Postgres takes itself for. */
async function found(of: Options = {}): Promise<string> {
  const installation = installationOf(of)
  await installation.tend(false)
  return installation.store.at('x')
}

t.test('keys and channels of two installations are apart', async (t) => {
  const [one, two] = [await running('one'), await running('two')]
  await one.store.run((client) => client.set(one.store.at('name'), 'one'), 1_000)
  t.equal(await two.store.run((client) => client.get(two.store.at('name')), 1_000), null)
  const heard: string[] = []
  one.store.subscribe('news', (message) => heard.push(`one ${message}`))
  two.store.subscribe('news', (message) => heard.push(`two ${message}`))
  await until(async () => {
    await raw.publish(one.store.at('news'), 'x')
    return heard.length > 0
  })
  t.notOk(heard.some((line) => line.startsWith('two')))
})

t.test('all names of an installation fall into one slot of a cluster', async (t) => {
  const { store } = await running('one')
  t.equal(store.at('deny'), '{latchkey:one}:deny')
  t.equal(store.at('x:c:y'), '{latchkey:one}:x:c:y')
})

t.test('nothing is asked of Redis before it is known whose part of it is ours', async (t) => {
  const { store, take } = installationOf()
  t.equal(await store.run((client) => client.ping(), 1_000), undefined)
  t.equal(await store.tell((client) => client.ping(), 1_000), undefined)
  t.equal(store.isUp(), false)
  const heard: string[] = []
  store.subscribe('news', (message) => heard.push(message))
  take('late')
  t.equal(await store.run((client) => client.ping(), 1_000), 'PONG')
  await until(async () => {
    await raw.publish('{latchkey:late}:news', 'x')
    return heard.length > 0
  })
  take('another')
  await until(async () => (await raw.publish('{latchkey:another}:news', 'y')) > 0)
  await until(() => heard.includes('y'))
  heard.length = 0
  await raw.publish('{latchkey:late}:news', 'old')
  await raw.publish('{latchkey:another}:news', 'new')
  await until(() => heard.includes('new'))
  t.same(heard, ['new'], 'of one that it was before it hears nothing')
})

t.test('a start without Postgres finds the installation that was last seen under its URL', async (t) => {
  await running('one')
  await running('two', { databaseUrl: 'postgres://ann:secret@two/a' })
  t.equal(await found(), '{latchkey:one}:x')
  t.equal(await found({ databaseUrl: 'postgres://ann:secret@two/a' }), '{latchkey:two}:x')
  t.equal(await found({ databaseUrl: 'postgres://ann:secret@three/a' }), '{latchkey:}:x')
})

t.test(
  'where two were seen under one URL nobody can tell, until one was not seen for the stale limit',
  async (t) => {
    const longAgo = () => Date.now() - staleLimitMs - 1_000
    await running('old', { now: longAgo })
    await running('one')
    t.equal(await found(), '{latchkey:one}:x')
    await running('two')
    t.equal(await found(), '{latchkey:}:x')
  },
)

t.test('neither URL nor anything that it could be guessed by stands in Redis', async (t) => {
  await running('one')
  const [place = '', ...others] = await raw.keys('*')
  t.same(others, [])
  t.match(place, /^latchkey:at:[\w-]{22}$/)
  t.notMatch(JSON.stringify(await raw.hgetall(place)), /secret/)
  t.equal(await found({ seal: createSeal('another-cache-key-of-more-than-32-characters') }), '{latchkey:}:x')
})

t.test('while the cache key is changed, both find what either has said', async (t) => {
  const newKey = 'a-new-cache-key-of-more-than-32-characters-'
  await running('one')
  t.equal(await found({ seal: createSeal(newKey, cacheKey) }), '{latchkey:one}:x')
  await raw.flushall()
  await running('one', { seal: createSeal(newKey, cacheKey) })
  t.equal(await found({ seal: createSeal(cacheKey, newKey) }), '{latchkey:one}:x')
})

t.test('a forged word is nobody', async (t) => {
  await running('one')
  const [place = ''] = await raw.keys('*')
  await raw.hset(place, 'two', JSON.stringify({ atMs: Date.now() }))
  await raw.hset(place, 'three', String(await raw.hget(place, 'one')))
  t.equal(await found(), '{latchkey:one}:x')
})

t.test('a part of Redis goes by what is said of it at the moment', async (t) => {
  const said: { id?: string } = {}
  const { store } = installedStore(server, () => said.id)
  t.equal(store.isUp(), false)
  said.id = 'one'
  t.equal(store.at('x'), '{latchkey:one}:x')
  t.equal(store.isUp(), true)
})
