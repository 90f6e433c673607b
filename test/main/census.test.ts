// Contract 11: what a limit is divided by while instances cannot count together.

import t from 'tap'
import { createCensus } from '../../src/main/census.ts'
import { createDatabase } from '../support/database.ts'

t.test('more are believed at once, fewer only where it stays so', async (t) => {
  const { db } = await createDatabase(t)
  let now = 0
  const census = createCensus({ db, monotonicNow: () => now, atFirst: 4 })
  const isThere = async (count: number) => {
    await db.query('DELETE FROM instance')
    for (let i = 0; i < count; i++)
      await db.query(
        `INSERT INTO instance (id, role, host, pid, version, started_at, last_seen_at, applied_revision)
         VALUES ($1, 'gateway', 'h', 1, '0', now(), now() + interval '1 hour', 0)`,
        [`ins_${i}`],
      )
  }
  const lookAfter = async (ms: number) => {
    now += ms
    await census.look()
    return census.serving()
  }
  t.equal(census.serving(), 4, 'the workers, before anybody was heard of')
  await isThere(1)
  t.equal(await lookAfter(1_000), 4)
  await isThere(6)
  t.equal(await lookAfter(1_000), 6)
  await isThere(2)
  for (let i = 0; i < 4; i++) t.equal(await lookAfter(1_000), 6)
  await isThere(0)
  t.equal(await lookAfter(60_000), 6, 'Postgres was away: what was seen before it is no beginning')
  for (let i = 0; i < 3; i++) t.equal(await lookAfter(1_000), 6)
  t.equal(await lookAfter(1_000), 1, 'this one is always there')
})
