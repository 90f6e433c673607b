import t from 'tap'
import { giveBack, prunePace, takeTry } from '../../../src/store/people/pace-table.ts'
import { createDatabase } from '../../support/database.ts'

const pace = { burst: 3, everyMs: 1_000 }
const nowMs = Date.UTC(2026, 0, 15)

void t.test('so many tries at once, then one each time, however many ask at once', async (t) => {
  const { db } = await createDatabase(t)
  const take = (bucket: string, atMs: number) => takeTry(db, { bucket, nowMs: atMs, ...pace })
  const all = await Promise.all(Array.from({ length: 20 }, () => take('a', nowMs)))
  t.equal(all.filter((waitMs) => waitMs === 0).length, 3)
  t.same(new Set(all), new Set([0, 1_000]))
  t.equal(await take('a', nowMs + 999), 1)
  t.equal(await take('a', nowMs + 1_000), 0)
  t.equal(await take('a', nowMs + 1_000), 1_000)
  t.equal(await take('b', nowMs), 0, 'another’s are its own')
  for (let i = 0; i < 3; i++) t.equal(await take('a', nowMs + 60_000), 0, 'after a while all are there again')
  t.equal(await take('a', nowMs + 60_000), 1_000)
})

void t.test('tries are given back, one or all', async (t) => {
  const { db } = await createDatabase(t)
  const take = () => takeTry(db, { bucket: 'a', nowMs, ...pace })
  for (let i = 0; i < 4; i++) await take()
  await giveBack(db, { bucket: 'a', everyMs: pace.everyMs })
  t.equal(await take(), 0)
  t.equal(await take(), 1_000)
  await giveBack(db, { bucket: 'a', everyMs: null })
  for (let i = 0; i < 3; i++) t.equal(await take(), 0)
  t.equal(await take(), 1_000)
})

void t.test('a bucket that is full again is forgotten', async (t) => {
  const { db } = await createDatabase(t)
  await db.query(
    `INSERT INTO pace VALUES ('full', now() - interval '1 second'), ('used', now() + interval '1 minute')`,
  )
  t.equal(await prunePace(db, 10), 1)
  t.same(await db.query('SELECT bucket FROM pace'), [{ bucket: 'used' }])
})
