import { randomUUID } from 'node:crypto'
import t from 'tap'
import { type ActivityCount, addActivity, listActivity } from '../../../src/store/activity/activity-table.ts'
import { getKey } from '../../../src/store/keys/key-table.ts'
import { createDatabase } from '../../support/database.ts'
import { nowMs, seedKey, view } from '../seed.ts'

const minuteMs = 60_000

const batchOf = (counts: readonly ActivityCount[]) => ({ id: randomUUID(), counts })

function countOf(key: { id: string; secret: { id: string } }, extra: Partial<ActivityCount>): ActivityCount {
  return {
    keyId: key.id,
    secretId: key.secret.id,
    api: 'flintn',
    environment: 'live',
    route: 'GET /v1/transactions/{id}',
    outcome: 'allowed',
    minuteMs: nowMs,
    count: 1,
    lastUsedAtMs: nowMs,
    ...extra,
  }
}

void t.test('counts of the same minute add up, within a batch and across batches', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  await addActivity(
    db,
    batchOf([countOf(key, { count: 2 }), countOf(key, { count: 3, minuteMs: nowMs + 59_999 })]),
  )
  await addActivity(db, batchOf([countOf(key, { count: 4 }), countOf(key, { outcome: 'denied' })]))
  await addActivity(db, batchOf([]))
  const range = { keyId: key.id, fromMs: nowMs, toMs: nowMs + minuteMs }
  const { rows } = await listActivity(db, range, { after: null, limit: 10 })
  const row = { startMs: nowMs, span: 'minute', secretId: key.secret.id, route: 'GET /v1/transactions/{id}' }
  t.same(rows, [
    { ...row, outcome: 'denied', count: 1 },
    { ...row, outcome: 'allowed', count: 9 },
  ])
})

void t.test('last use moves forward only, and not for what is no use', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const lastUse = async () => (await getKey(db, key.id, view))?.lastUsedAtMs
  await addActivity(db, batchOf([countOf(key, { lastUsedAtMs: null })]))
  t.equal(await lastUse(), null)
  await addActivity(
    db,
    batchOf([countOf(key, { lastUsedAtMs: nowMs + 7 }), countOf(key, { lastUsedAtMs: nowMs })]),
  )
  await addActivity(db, batchOf([countOf(key, { lastUsedAtMs: nowMs + 3 })]))
  t.equal(await lastUse(), nowMs + 7)
})

void t.test('batches from many instances at once neither block each other nor lose a count', async (t) => {
  const { db } = await createDatabase(t)
  const keys = [await seedKey(db), await seedKey(db), await seedKey(db)]
  await Promise.all(
    Array.from({ length: 30 }, (_, index) => {
      const batch = keys.map((key) => countOf(key, { lastUsedAtMs: nowMs + index }))
      return addActivity(db, batchOf(index % 2 === 0 ? batch : batch.toReversed()))
    }),
  )
  t.same(await db.query('SELECT DISTINCT count FROM activity'), [{ count: 30 }])
})

void t.test('pages join, newest minute first', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const counts = [0, 1, 2].map((back) => countOf(key, { minuteMs: nowMs - back * minuteMs }))
  await addActivity(db, batchOf(counts))
  const range = { keyId: key.id, fromMs: nowMs - minuteMs, toMs: nowMs + 1 }
  const first = await listActivity(db, range, { after: null, limit: 1 })
  t.match(first, { hasMore: true, rows: [{ startMs: nowMs }] })
  const second = await listActivity(db, range, { after: first.rows[0] ?? null, limit: 1 })
  t.match(second, { hasMore: false, rows: [{ startMs: nowMs - minuteMs }] })
})

void t.test('a batch that comes again counts once, also while the first is under way', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const batch = batchOf([countOf(key, { count: 5 })])
  await Promise.all([addActivity(db, batch), addActivity(db, batch), addActivity(db, batch)])
  await addActivity(db, batch)
  await addActivity(db, batchOf([countOf(key, { count: 2 })]))
  t.same(await db.query('SELECT count FROM activity'), [{ count: 7 }])
})
