import t from 'tap'
import type { Postgres } from '../../src/store/postgres.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { seedKey } from '../store/seed.ts'
import { createDatabase } from '../support/database.ts'
import { digestOf, postgresTierOn } from './subject.ts'

/** A database that notes how many digests each query asks for, and can be made to fail. */
function watched(db: Postgres) {
  const watch = {
    ...db,
    batches: [] as number[],
    isDown: false,
    async query<Row extends object>(...args: Parameters<Postgres['query']>) {
      const [digests] = args[1] ?? []
      watch.batches.push(Array.isArray(digests) ? digests.length : 0)
      if (watch.isDown) throw new StoreUnavailableError('test')
      return db.query<Row>(...args)
    },
  }
  return watch
}

t.test('look-ups of one turn share a query, of at most 500', async (t) => {
  const db = watched((await createDatabase(t)).db)
  const tier = postgresTierOn(db)
  const readings = await Promise.all(Array.from({ length: 1_200 }, (_, i) => tier.read(digestOf(`${i}`))))
  t.same(db.batches, [500, 500, 200])
  t.ok(readings.every(({ record, revision }) => record === undefined && revision === 0))
})

t.test('each look-up gets its own record, at the revision of the same moment', async (t) => {
  const { db } = await createDatabase(t)
  const keys = [await seedKey(db), await seedKey(db)]
  const tier = postgresTierOn(db)
  const readings = await Promise.all(keys.map((key) => tier.read(key.secret.digest)))
  t.same(
    readings.map(({ record, revision }) => [record?.keyId, revision]),
    keys.map((key) => [key.id, 4]),
  )
})

t.test('what is read is confirmed as of the time of asking, not of the answer', async (t) => {
  const { db } = await createDatabase(t)
  let nowMs = 1_000
  const slow: Postgres = {
    ...db,
    async query<Row extends object>(...args: Parameters<Postgres['query']>) {
      nowMs = 9_000
      return db.query<Row>(...args)
    },
  }
  const tier = postgresTierOn(slow, { now: () => nowMs })
  t.equal((await tier.read(digestOf('a'))).confirmedAtMs, 1_000)
})

t.test('a query that fails fails its look-ups only', async (t) => {
  const db = watched((await createDatabase(t)).db)
  const tier = postgresTierOn(db)
  db.isDown = true
  const failed = await Promise.allSettled([tier.read(digestOf('a')), tier.read(digestOf('b'))])
  t.same(
    failed.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  db.isDown = false
  await t.resolves(tier.read(digestOf('a')))
  t.same(db.batches, [2, 1])
})

t.test('while Postgres is known to be away it is not asked', async (t) => {
  const db = watched((await createDatabase(t)).db)
  const tier = postgresTierOn(db, { isAway: () => true })
  await t.rejects(tier.read(digestOf('a')))
  t.same(db.batches, [])
})

t.test(
  'one time-out is enough: nobody waits a second time, until the feed has an answer again',
  async (t) => {
    const { db } = await createDatabase(t)
    let queries = 0
    let fail: (error: Error) => void = () => {}
    const hung: Postgres = {
      ...db,
      query: () => {
        queries++
        return new Promise((_, reject) => (fail = reject))
      },
    }
    let confirmedAt = 0
    const tier = postgresTierOn(hung, { confirmedAt: () => confirmedAt })
    const waiting = Array.from({ length: 3_000 }, (_, i) => tier.read(digestOf(`${i}`)))
    const outcomes = Promise.allSettled(waiting)
    while (queries < 4) await new Promise((resolve) => setImmediate(resolve))
    t.notOk(tier.isAway())
    fail(new StoreUnavailableError('timeout'))
    t.ok(
      (await outcomes).every(({ status }) => status === 'rejected'),
      'all that waited are told, asked or not',
    )
    t.ok(tier.isAway())
    await t.rejects(tier.read(digestOf('a')), { code: 'known_away' })
    t.equal(queries, 4)
    confirmedAt = performance.now() + 1
    t.notOk(tier.isAway())
    void tier.read(digestOf('a')).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 20))
    t.equal(queries, 5)
  },
)

t.test('a connection that is cut under a question costs no answer', async (t) => {
  for (const code of ['connection_lost', 'ECONNRESET', '57P01', '53300']) {
    const { db } = await createDatabase(t)
    let isCut = true
    const flaky: Postgres = {
      ...db,
      async query<Row extends object>(...args: Parameters<Postgres['query']>) {
        const wasCut = isCut
        isCut = false
        if (wasCut) throw new StoreUnavailableError(code)
        return db.query<Row>(...args)
      },
    }
    const tier = postgresTierOn(flaky)
    t.match(await tier.read(digestOf('a')), { record: undefined }, code)
    t.notOk(tier.isAway())
  }
})
