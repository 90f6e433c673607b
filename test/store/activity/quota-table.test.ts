import t from 'tap'
import { addQuotaUse, dayOf, pruneQuotas, type QuotaItem } from '../../../src/store/activity/quota-table.ts'
import { createDatabase } from '../../support/database.ts'

const march = Date.UTC(2027, 2)
const itemOf = (subject: string, count: number, of: Partial<QuotaItem> = {}): QuotaItem => ({
  ...{ subject, api: 'flintn', environment: 'live', monthMs: march, count },
  ...of,
})

void t.test('counts add up over processes, and each hears of all', async (t) => {
  const { db } = await createDatabase(t)
  t.same(await addQuotaUse(db, { id: 'a', items: [itemOf('mer_b', 2), itemOf('mer_a', 0)] }), [2, 0])
  const items = [itemOf('mer_a', 5), itemOf('mer_b', 3), itemOf('mer_b', 1, { environment: 'sandbox' })]
  t.same(await addQuotaUse(db, { id: 'b', items }), [5, 5, 1])
  t.same(
    await addQuotaUse(db, { id: 'c', items: [itemOf('mer_b', 0), itemOf('mer_b', 4, { monthMs: 0 })] }),
    [5, 4],
  )
  t.same(await addQuotaUse(db, { id: 'c', items: [] }), [])
})

void t.test('who stands twice in one batch is counted with both, and each place hears of both', async (t) => {
  const { db } = await createDatabase(t)
  await addQuotaUse(db, { id: 'a', items: [itemOf('mer_a', 1)] })
  const items = [itemOf('mer_a', 2), itemOf('mer_b', 1), itemOf('mer_a', 5), itemOf('mer_a', 0)]
  t.same(await addQuotaUse(db, { id: 'b', items }), [8, 1, 8, 8])
  t.same(await addQuotaUse(db, { id: 'b', items }), [8, 1, 8, 8], 'again, and counted once')
})

void t.test('a batch that comes again counts once, and says how many there are', async (t) => {
  const { db } = await createDatabase(t)
  const batch = { id: 'a', items: [itemOf('mer_a', 2)] }
  t.same(await addQuotaUse(db, batch), [2])
  await addQuotaUse(db, { id: 'b', items: [itemOf('mer_a', 7)] })
  t.same(await addQuotaUse(db, batch), [9])
})

void t.test('batches of many processes at once neither block each other nor lose a count', async (t) => {
  const { db } = await createDatabase(t)
  const subjects = Array.from({ length: 40 }, (_, i) => `mer_${i}`)
  await Promise.all(
    Array.from({ length: 12 }, (_, turn) => {
      const ordered = turn % 2 === 0 ? subjects : subjects.toReversed()
      return addQuotaUse(db, { id: `batch ${turn}`, items: ordered.map((subject) => itemOf(subject, 1)) })
    }),
  )
  const rows = await db.query<{ least: number; most: number; rows: number }>(
    'SELECT min(count) AS least, max(count) AS most, count(*) AS rows FROM quota_use',
  )
  t.same(rows, [{ least: 12, most: 12, rows: 40 }])
})

void t.test('months of long ago are forgotten', async (t) => {
  const { db } = await createDatabase(t)
  const now = Date.now()
  const dayMs = 86_400_000
  await addQuotaUse(db, { id: 'a', items: [itemOf('mer_a', 1, { monthMs: now - 500 * dayMs })] })
  await addQuotaUse(db, { id: 'b', items: [itemOf('mer_a', 1, { monthMs: now })] })
  t.equal(await pruneQuotas(db, 400 * dayMs), 1)
  t.equal(await pruneQuotas(db, 400 * dayMs), 0)
  t.match(await db.query('SELECT month::text FROM quota_use'), [{ month: dayOf(now) }])
})
