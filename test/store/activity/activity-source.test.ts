// Which rows figures of use are read from.

import t from 'tap'
import { listActivitySeries } from '../../../src/store/activity/activity-series-table.ts'
import { sumBackward, sumForward } from '../../../src/store/activity/activity-sum-table.ts'
import { listActivityTotals } from '../../../src/store/activity/activity-totals-table.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import { everything } from '../../../src/store/scope.ts'
import { createDatabase } from '../../support/database.ts'
import { plansOf } from '../../support/plans.ts'
import { seedMerchant } from '../seed.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** 20,000 keys, of which 50 are used: each hour of two days, and each day of ninety before. */
async function seedMany(db: Postgres): Promise<string> {
  const merchantId = await seedMerchant(db)
  await db.query(
    `INSERT INTO api_key (id, merchant_id, api, environment, name, status, prefix, permissions, created_at, revision)
     SELECT 'key_' || lpad(n::text, 16, '0'), $1, 'flintn', 'live', 'Key ' || n, 'active', 'pk_live_', '{*}', now(), n
     FROM generate_series(1, 20000) n`,
    [merchantId],
  )
  const rest = `'sec_1', 'flintn', 'live', 'GET /v1/x', CASE WHEN t % 3 = 0 THEN 'RATE_LIMITED' ELSE 'allow' END, 5`
  await db.query(`INSERT INTO activity
    SELECT 'key_' || lpad(k::text, 16, '0'), date_trunc('minute', now() - t * interval '20 minutes', 'UTC'), ${rest}
    FROM generate_series(1, 50) k, generate_series(1, 144) t`)
  await db.query(`INSERT INTO activity_rollup
    SELECT 'key_' || lpad(k::text, 16, '0'), 'hour', date_trunc('day', now() - t * interval '1 day', 'UTC'), ${rest}
    FROM generate_series(1, 50) k, generate_series(3, 90) t`)
  return merchantId
}

void t.test('no question about use looks at all rows of keys or of activity', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMany(db)
  while ((await sumForward(db, 5_000)) > 0);
  while ((await sumBackward(db, 90 * dayMs, 5_000)) > 0);
  await db.query('ANALYZE')
  const nowMs = Date.now()
  const page = { after: null, limit: 50 }
  for (const days of [1, 7, 30, 90]) {
    const range = { fromMs: nowMs - days * dayMs, toMs: nowMs }
    for (const by of ['merchant', 'key', 'api', 'environment', 'route', 'outcome', 'day'] as const) {
      for (const filter of [{}, { merchantId: merchantId.replace(/.$/, 'x') }]) {
        const asked = plansOf(db)
        await listActivityTotals(asked, { scope: everything, by, ...filter, ...range }, page)
        t.notMatch(asked.plans(), /Seq Scan on (?:activity|activity_rollup)\b/, `${by}, ${days} days`)
      }
    }
    const asked = plansOf(db)
    const step = { stepSeconds: days > 7 ? 86_400 : 3_600, failures: [] }
    await listActivitySeries(asked, { scope: everything, ...range, ...step })
    t.notMatch(asked.plans(), /Seq Scan on (?:activity|activity_rollup|api_key)\b/, `series, ${days} days`)
  }
})
