// Contract 11: webhooks are told of quotas at 80, 95 and 100 percent.

import t from 'tap'
import type { Quota } from '../../../src/config/quotas.ts'
import type { Queryable } from '../../../src/store/queryable.ts'
import { addQuotaUse } from '../../../src/store/activity/quota-table.ts'
import { tellQuotas } from '../../../src/store/activity/quota-warning-table.ts'
import { createDatabase } from '../../support/database.ts'
import { seedMerchant } from '../seed.ts'

const monthMs = Date.UTC(2027, 2)
const nowMs = Date.UTC(2027, 2, 9)

async function listen(db: Queryable): Promise<void> {
  await db.query(
    `INSERT INTO webhook_endpoint (id, url, events, status, created_at, created_by, cursor_seq, first_revision)
     VALUES ('whk_a', 'https://hooks.example', '{*}', 'enabled', now(), 'test', 0, 0)`,
  )
}

void t.test('each step is told once, the highest alone, and anew of another quota', async (t) => {
  const { db } = await createDatabase(t)
  const merchant = await seedMerchant(db)
  let batches = 0
  const use = (count: number) =>
    addQuotaUse(db, {
      id: `batch ${++batches}`,
      items: [{ subject: merchant, api: 'flintn', environment: 'live', monthMs, count }],
    })
  const quotaOf = (requests: number, gold = requests): Quota => ({
    ...{ api: 'flintn', name: 'monthly', per: 'merchant', requests },
    ofPlans: new Map([['gold', gold]]),
  })
  let ids = 0
  const tell = (quota: Quota) =>
    tellQuotas(db, { quotas: [quota], newId: (prefix) => `${prefix}_${++ids}`, nowMs })
  await use(100)
  t.equal(await tell(quotaOf(100)), 0, 'nobody listens')
  await listen(db)
  t.equal(await tell(quotaOf(1_000)), 0)
  t.equal(await tell(quotaOf(120)), 1, '83 %')
  t.equal(await tell(quotaOf(120)), 0)
  await use(15)
  t.equal(await tell(quotaOf(120)), 1, '95 %')
  await use(5)
  t.equal(await tell(quotaOf(120)), 1, '100 %')
  await use(5)
  t.equal(await tell(quotaOf(120)), 0)
  t.equal(await tell(quotaOf(150)), 1, '83 % of a larger one')
  t.equal(await tell(quotaOf(1_000, 10)), 0, 'of a plan that it does not have')
  const rows = await db.query<{ type: string; payload: string }>(
    'SELECT type, payload FROM webhook_event ORDER BY seq',
  )
  t.same(
    rows.map(({ type, payload }) => [
      type,
      JSON.parse(payload).data.percent,
      JSON.parse(payload).data.requests,
    ]),
    [
      ['merchant.quota_warning', 80, 120],
      ['merchant.quota_warning', 95, 120],
      ['merchant.quota_reached', 100, 120],
      ['merchant.quota_warning', 80, 150],
    ],
  )
  t.match(JSON.parse(rows[0]?.payload ?? '{}'), {
    type: 'merchant.quota_warning',
    data: { id: merchant, api: 'flintn', quota: 'monthly', used: 100, resets_at: '2027-04-01T00:00:00.000Z' },
  })
})

void t.test(
  'of a quota of keys its key is told, or the client, to the merchant that it spoke for',
  async (t) => {
    const { db } = await createDatabase(t)
    const [one, other] = [await seedMerchant(db), await seedMerchant(db)]
    await listen(db)
    const of = { api: 'flintn', environment: 'live', monthMs }
    const items = [
      { ...of, subject: `cli_a ${one}`, count: 100 },
      { ...of, subject: `cli_a ${other}`, count: 85 },
      { ...of, subject: `cli_a mer_gone`, count: 100 },
      { ...of, subject: one, count: 100 },
    ]
    await addQuotaUse(db, { id: 'batch', items })
    const quota: Quota = { api: 'flintn', name: 'monthly', per: 'key', requests: 100, ofPlans: new Map() }
    let ids = 0
    t.equal(await tellQuotas(db, { quotas: [quota], newId: (prefix) => `${prefix}_${++ids}`, nowMs }), 2)
    const rows = await db.query<{ merchant_id: string; payload: string }>(
      'SELECT merchant_id, payload FROM webhook_event',
    )
    t.same(
      new Map(rows.map(({ merchant_id: id, payload }) => [id, JSON.parse(payload).data.percent])),
      new Map([
        [one, 100],
        [other, 80],
      ]),
    )
    for (const { payload } of rows) t.equal(JSON.parse(payload).data.key_id, 'cli_a')
  },
)

void t.test('whoever stands behind a thousand that are far from their own quota is told', async (t) => {
  const { db } = await createDatabase(t)
  const merchant = await seedMerchant(db)
  await listen(db)
  await db.query(
    `INSERT INTO merchant SELECT (jsonb_populate_record(m, jsonb_build_object('id', 'mer_' || n))).*
     FROM merchant m, generate_series(1000, 2999) AS n WHERE m.id = $1`,
    [merchant],
  )
  // All but the last, in the order in which they are looked through, have a tenth of theirs.
  await db.query(
    `INSERT INTO quota_use (subject, month, api, environment, count)
     SELECT 'mer_' || n, $1::date, 'flintn', 'live', CASE WHEN n = 2999 THEN 900 ELSE 100 END
     FROM generate_series(1000, 2999) AS n`,
    [new Date(monthMs).toISOString()],
  )
  const quota: Quota = {
    ...{ api: 'flintn', name: 'monthly', per: 'merchant', requests: 1_000 },
    ofPlans: new Map([['small', 100]]),
  }
  let ids = 0
  const tell = () => tellQuotas(db, { quotas: [quota], newId: (prefix) => `${prefix}_${++ids}`, nowMs })
  t.equal(await tell(), 1)
  t.equal(await tell(), 0)
  t.same(await db.query('SELECT merchant_id FROM webhook_event'), [{ merchant_id: 'mer_2999' }])
})
