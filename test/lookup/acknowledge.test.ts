import t from 'tap'
import { createAcknowledgement, newInstanceId } from '../../src/lookup/acknowledge.ts'
import { type Changes, createChanges } from '../../src/lookup/changes.ts'
import { createSeal } from '../../src/lookup/seal.ts'
import { readChanges, readHead } from '../../src/store/change-table.ts'
import { signOff } from '../../src/store/instance-table.ts'
import { createPostgres, type Postgres } from '../../src/store/postgres.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { createDatabase } from '../support/database.ts'
import { startRedis } from '../support/redis-service.ts'
import { cacheKey, part, type PatientStore, patientStore, rawClient } from './redis-subject.ts'
import { changeOf, staleLimitMs } from './subject.ts'

const redis = await startRedis()
t.teardown(() => redis.stop())
const raw = rawClient(t, redis.url)
t.beforeEach(async () => void (await raw.flushall()))

t.setTimeout(120_000)
const longMs = 60_000
/** Enough for a slow database to answer. */
const shortMs = 1_000

/** An instance that has applied `applied` and says so in Redis, unless it has none. */
function instanceOn(
  db: Postgres,
  of: {
    id: string
    /** undefined: it has never reached Postgres. */
    epoch: string | undefined
    applied: number
    store?: PatientStore
    confirmedAt?: () => number
    changes?: Changes
  },
) {
  const { changes = createChanges() } = of
  if (of.changes === undefined && of.epoch !== undefined) changes.restart(of.epoch, of.applied)
  const redis = of.store === undefined ? null : { store: of.store, seal: createSeal(cacheKey) }
  return createAcknowledgement({
    db,
    redis,
    changes,
    feed: { confirmedAt: of.confirmedAt ?? (() => Number.POSITIVE_INFINITY), kick() {} },
    instanceId: of.id,
    now: Date.now,
    monotonicNow: () => performance.now(),
    maxStaleLimitMs: () => staleLimitMs,
  })
}

/** As the feed does with each poll. */
async function beat(db: Postgres, of: { id: string; epoch: string; applied: number }): Promise<void> {
  const { id, epoch, applied: appliedRevision } = of
  const words = { id, role: 'all', host: 'h', pid: 1, version: '1', appliedRevision, epoch }
  await readChanges(db, { after: 0, limit: 1, beat: words })
}

t.test('a change is in force when every instance has said so in Postgres', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'two', epoch, applied: 5 })
  t.same(await one.awaitAll(5, longMs), [])
})

t.test('what an instance says in Redis is enough, before its next beat', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5, store })
  const two = instanceOn(db, { id: 'two', epoch, applied: 5, store })
  await beat(db, { id: 'one', epoch, applied: 1 })
  await beat(db, { id: 'two', epoch, applied: 1 })
  one.say()
  const all = one.awaitAll(5, longMs)
  two.say()
  t.same(await all, [])
  t.match(await one.instances(), [
    { id: 'one', appliedRevision: 5 },
    { id: 'two', appliedRevision: 5 },
  ])
})

t.test('an instance says nothing twice', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5, store })
  one.say()
  await store.settled()
  one.say()
  t.equal(store.deadlines.length, 2, 'it has said so once, and read once what others say')
})

t.test('of many words at once the last is said, and the first at once', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  const changes = createChanges()
  changes.restart(epoch, 1)
  const one = instanceOn(db, { id: 'one', epoch, applied: 1, store, changes })
  one.say()
  await store.settled()
  store.deadlines.length = 0
  for (let revision = 2; revision <= 101; revision++) {
    changes.apply([changeOf(revision)])
    one.say()
  }
  await store.settled()
  t.equal(store.deadlines.length, 2)
  await beat(db, { id: 'one', epoch, applied: 1 })
  t.match(await one.instances(), [{ id: 'one', appliedRevision: 101 }])
})

t.test('whoever leaves says nothing more, not even what waited to be said', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  const changes = createChanges()
  changes.restart(epoch, 1)
  const one = instanceOn(db, { id: 'one', epoch, applied: 1, store, changes })
  one.say()
  changes.apply([changeOf(2)])
  one.say()
  await one.leave()
  one.say()
  await store.settled()
  t.same(await raw.hkeys(`${part}instances`), [])
})

t.test('one that is behind is named, with the time by which what it may have cached ends', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'two', epoch, applied: 4 })
  const [late, ...others] = await one.awaitAll(5, shortMs)
  t.match(late, { instance: 'two', appliedRevision: 4 })
  t.same(others, [])
  const leftMs = (late?.deadByMs ?? 0) - (late?.lastSeenAtMs ?? 0)
  t.ok(leftMs >= staleLimitMs, 'not before the stale limit after it was last seen')
})

t.test('waiting ends when the one that is behind catches up', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'two', epoch, applied: 4 })
  const all = one.awaitAll(5, longMs)
  await beat(db, { id: 'two', epoch, applied: 5 })
  t.same(await all, [])
})

t.test('waiting ends when the one that is behind signs off', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'two', epoch, applied: 4 })
  const all = one.awaitAll(5, longMs)
  await signOff(db, 'two')
  t.same(await all, [])
})

t.test('one that leaves is in neither store any more', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  const two = instanceOn(db, { id: 'two', epoch, applied: 4, store })
  await beat(db, { id: 'two', epoch, applied: 4 })
  two.say()
  await two.leave()
  t.same(await two.instances(), [])
  t.same(await raw.hgetall(`${part}instances`), {})
})

t.test(
  'who has said in Redis that it ended is signed off where a restored copy counts it still',
  async (t) => {
    const { db } = await createDatabase(t)
    const { epoch } = await readHead(db)
    const store = await patientStore(t, redis.url)
    const two = instanceOn(db, { id: 'two', epoch, applied: 4, store })
    for (const id of ['two', 'three', 'four']) await beat(db, { id, epoch, applied: 4 })
    await two.leave()
    await two.dismiss('three')
    // As a backup has it from before.
    await db.query('UPDATE instance SET signed_off_at = NULL')
    const one = instanceOn(db, { id: 'one', epoch, applied: 5, store })
    await one.tidy()
    t.match(await one.instances(), [{ id: 'four' }])
    await db.query('UPDATE instance SET signed_off_at = NULL')
    await one.tidy()
    t.equal((await one.instances()).length, 3, 'once for a history is enough')
    const forged = createSeal(cacheKey).close('x', JSON.stringify({ atMs: Date.now() }))
    await raw.hset(`${part}instances:ended`, 'four', forged)
    await instanceOn(db, { id: 'one', epoch, applied: 5, store }).tidy()
    t.match(await one.instances(), [{ id: 'four' }])
  },
)

t.test('one that leaves while Postgres is away for a moment is not waited for either', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  let isAway = true
  const flaky: Postgres = {
    ...db,
    async query<Row extends object>(...args: Parameters<Postgres['query']>) {
      if (isAway) throw new StoreUnavailableError('test')
      return db.query<Row>(...args)
    },
  }
  await beat(db, { id: 'two', epoch, applied: 4 })
  const left = instanceOn(flaky, { id: 'two', epoch, applied: 4 }).leave()
  isAway = false
  await left
  t.same(await instanceOn(db, { id: 'one', epoch, applied: 5 }).instances(), [])
})

t.test('one that was silent for longer than the stale limit is not waited for', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'two', epoch, applied: 4 })
  await db.query(
    `UPDATE instance SET last_seen_at = now() - $1 * interval '1 millisecond' WHERE id = 'two'`,
    [staleLimitMs + 10_000],
  )
  t.same(await one.awaitAll(5, longMs), [])
})

t.test('what was said of another epoch does not count, in Postgres or in Redis', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5, store })
  await beat(db, { id: 'one', epoch, applied: 5 })
  await beat(db, { id: 'two', epoch: 'another', applied: 99 })
  const two = instanceOn(db, { id: 'two', epoch: 'another', applied: 99, store })
  two.say()
  await store.settled()
  t.match(await one.awaitAll(5, shortMs), [{ instance: 'two', appliedRevision: -1 }])
})

t.test('one that started without Postgres, and serves what Redis has, is waited for too', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5, store })
  await beat(db, { id: 'one', epoch, applied: 5 })
  const stranger = instanceOn(db, { id: 'stranger', epoch: undefined, applied: -1, store })
  stranger.say()
  await store.settled()
  t.match(await one.awaitAll(5, shortMs), [{ instance: 'stranger', appliedRevision: -1 }])
  await stranger.leave()
  t.same(await one.awaitAll(5, longMs), [])
})

t.test('one that only Redis knew of is waited for when Redis is lost', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  let isLost = false
  const lost: PatientStore = {
    ...store,
    isUp: () => !isLost,
    run: (command, deadlineMs) => (isLost ? Promise.resolve(undefined) : store.run(command, deadlineMs)),
  }
  const one = instanceOn(db, { id: 'one', epoch, applied: 5, store: lost })
  await beat(db, { id: 'one', epoch, applied: 5 })
  const stranger = instanceOn(db, { id: 'stranger', epoch: undefined, applied: -1, store })
  stranger.say()
  await store.settled()
  // As its feed makes it do with each poll.
  one.say()
  await store.settled()
  isLost = true
  t.match(await one.awaitAll(5, shortMs), [{ instance: 'stranger', appliedRevision: -1 }])
})

t.test('a Redis that does not answer in time has not said that there is nobody else', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  let misses = 3
  const slow: PatientStore = {
    ...store,
    run: (command, deadlineMs) =>
      misses-- > 0 ? Promise.resolve(undefined) : store.run(command, deadlineMs),
  }
  const one = instanceOn(db, { id: 'one', epoch, applied: 5, store: slow })
  await beat(db, { id: 'one', epoch, applied: 5 })
  const stranger = instanceOn(db, { id: 'stranger', epoch: undefined, applied: -1, store })
  stranger.say()
  await store.settled()
  t.match(await one.awaitAll(5, shortMs), [{ instance: 'stranger' }])
})

t.test('"all have applied it" needs a poll of the own, begun after the question', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  let confirmedAt = performance.now()
  const one = instanceOn(db, { id: 'one', epoch, applied: 5, confirmedAt: () => confirmedAt })
  await beat(db, { id: 'one', epoch, applied: 5 })
  t.match(await one.awaitAll(5, shortMs), [{ instance: 'unknown' }])
  const all = one.awaitAll(5, longMs)
  confirmedAt = performance.now() + 1
  t.same(await all, [])
})

t.test('many that wait at once ask together', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  await beat(db, { id: 'two', epoch, applied: 4 })
  let atOnce = 0
  let most = 0
  const counted: Postgres = {
    ...db,
    async query<Row extends object>(...args: Parameters<Postgres['query']>) {
      most = Math.max(most, ++atOnce)
      return db.query<Row>(...args).finally(() => atOnce--)
    },
  }
  const one = instanceOn(counted, { id: 'one', epoch, applied: 5 })
  const all = Array.from({ length: 50 }, () => one.awaitAll(5, longMs))
  await new Promise((resolve) => setTimeout(resolve, 200))
  await beat(db, { id: 'two', epoch, applied: 5 })
  t.ok((await Promise.all(all)).every((pending) => pending.length === 0))
  t.equal(most, 1)
})

t.test('a database that does not answer does not prolong the waiting', async (t) => {
  const { db } = await createDatabase(t)
  const hung: Postgres = { ...db, query: () => new Promise(() => {}) }
  const one = instanceOn(hung, { id: 'one', epoch: 'e', applied: 5 })
  const started = performance.now()
  t.match(await one.awaitAll(5, shortMs), [{ instance: 'unknown' }])
  t.ok(performance.now() - started < 30_000)
})

t.test('nobody can speak for an instance without the cache key', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const store = await patientStore(t, redis.url)
  const one = instanceOn(db, { id: 'one', epoch, applied: 5, store })
  await beat(db, { id: 'two', epoch, applied: 4 })
  const word = JSON.stringify({ epoch, applied: 5, atMs: Date.now() })
  const seal = createSeal(cacheKey)
  for (const forged of [word, seal.close(`${part}instances:one`, word), seal.close('x', word)]) {
    await raw.hset(`${part}instances`, 'two', forged)
    t.match(await one.awaitAll(5, shortMs), [{ instance: 'two', appliedRevision: 4 }])
  }
})

t.test('with Postgres away nobody can be asked for: that is not "all have applied it"', async (t) => {
  const db = createPostgres({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'test' })
  t.teardown(() => db.close())
  const one = instanceOn(db, { id: 'one', epoch: 'e', applied: 5 })
  t.match(await one.awaitAll(5, shortMs), [{ instance: 'unknown', appliedRevision: -1 }])
  await t.rejects(one.instances(), { name: 'StoreUnavailableError' })
  await t.resolves(one.leave(), 'leaving does not fail')
})

t.test('an id tells host and process, and is never used twice', (t) => {
  t.match(newInstanceId('abc'), new RegExp(`^[A-Za-z0-9.-]+-${process.pid}-abc$`))
  t.end()
})
