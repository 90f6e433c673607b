import { randomUUID } from 'node:crypto'
import t from 'tap'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import { listActivityTotals, type TotalsFilter } from '../../../src/store/activity/activity-totals-table.ts'
import { createKey } from '../../../src/store/keys/key-change-table.ts'
import { createDatabase } from '../../support/database.ts'
import { everything } from '../../../src/store/scope.ts'
import { keyOf, nowMs, origin, seedKey } from '../seed.ts'

const dayMs = 86_400_000
const range = { fromMs: nowMs - dayMs, toMs: nowMs + 1 }

void t.test('what keys were used for is added up, minutes and hours alike', async (t) => {
  const { db } = await createDatabase(t)
  const [mine, other] = [await seedKey(db), await seedKey(db)]
  const second = { ...keyOf(mine.merchantId), environment: 'sandbox' as const }
  await createKey(db, origin, second)
  const used = (key: typeof mine, route: string, outcome: string, count: number) => ({
    keyId: key.id,
    secretId: key.secret.id,
    api: key.api,
    environment: key.environment,
    route,
    outcome,
    minuteMs: nowMs - 60_000,
    count,
    lastUsedAtMs: null,
  })
  await addActivity(db, {
    id: randomUUID(),
    counts: [
      used(mine, 'GET /a', 'allow', 3),
      used(mine, 'GET /b', 'INSUFFICIENT_PERMISSIONS', 2),
      used(second, 'GET /a', 'allow', 1),
      used(other, 'GET /a', 'allow', 6),
      { ...used(other, 'GET /a', 'allow', 100), minuteMs: nowMs - 2 * dayMs },
    ],
  })
  await db.query(
    `INSERT INTO activity_rollup VALUES ($1, 'hour', $2, $3, 'flintn', 'live', 'GET /a', 'allow', 10)`,
    [mine.id, new Date(nowMs - 3_600_000), mine.secret.id],
  )
  const totals = async (filter: Partial<TotalsFilter>) => {
    const page = await listActivityTotals(
      db,
      { by: 'key', scope: everything, ...range, ...filter },
      { after: null, limit: 10 },
    )
    return page.rows.map(({ name, count, allowed }) => [name, count, allowed])
  }
  t.same(await totals({ by: 'merchant' }), [
    [mine.merchantId, 16, 14],
    [other.merchantId, 6, 6],
  ])
  t.same(await totals({ merchantId: mine.merchantId }), [
    [mine.id, 15, 13],
    [second.id, 1, 1],
  ])
  t.same(await totals({ by: 'route', keyId: mine.id }), [
    ['flintn GET /a', 13, 13],
    ['flintn GET /b', 2, 0],
  ])
  t.same(await totals({ by: 'outcome', environment: 'live', api: 'flintn' }), [
    ['allow', 19, 19],
    ['INSUFFICIENT_PERMISSIONS', 2, 0],
  ])
  t.same(await totals({ by: 'merchant', api: 'flint' }), [])
  t.same(await totals({ by: 'merchant', merchantId: "'; --" }), [])
})

void t.test('pages join, also where two were used as often', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const counts = ['a', 'b', 'c', 'd'].map((name) => ({
    keyId: key.id,
    secretId: key.secret.id,
    api: 'flintn',
    environment: 'live',
    route: `GET /${name}`,
    outcome: 'allow',
    minuteMs: nowMs - 60_000,
    count: name === 'd' ? 9 : 5,
    lastUsedAtMs: null,
  }))
  await addActivity(db, { id: randomUUID(), counts })
  const names: string[] = []
  for (let after = null, hasMore = true; hasMore; ) {
    const page = await listActivityTotals(
      db,
      { by: 'route', scope: everything, ...range },
      { after, limit: 1 },
    )
    for (const row of page.rows) names.push(row.name)
    hasMore = page.hasMore
    after = page.rows.at(-1) ?? null
  }
  t.same(
    names,
    ['d', 'a', 'b', 'c'].map((name) => `flintn GET /${name}`),
  )
})
