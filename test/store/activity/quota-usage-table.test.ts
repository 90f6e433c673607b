// Contract 8.1 and 11.

import t from 'tap'
import type { Quota } from '../../../src/config/quotas.ts'
import { everything } from '../../../src/store/scope.ts'
import { addQuotaUse } from '../../../src/store/activity/quota-table.ts'
import { listQuotaUsage, type QuotaUsageFilter } from '../../../src/store/activity/quota-usage-table.ts'
import { createDatabase } from '../../support/database.ts'
import { seedMerchant } from '../seed.ts'

const monthMs = Date.UTC(2027, 2)
const quotas: readonly Quota[] = [
  { api: 'flintn', name: 'monthly', per: 'merchant', requests: 1_000, ofPlans: new Map() },
  { api: 'flintn', name: 'monthly_key', per: 'key', requests: 10, ofPlans: new Map() },
]

void t.test('each quota counts by its own kind, and nobody sees what is others’', async (t) => {
  const { db } = await createDatabase(t)
  const [one, other] = [await seedMerchant(db), await seedMerchant(db)]
  const of = { api: 'flintn', environment: 'live', monthMs }
  const items = [
    { ...of, subject: one, count: 700 },
    { ...of, subject: other, count: 4_000_000_000_000 },
    { ...of, subject: `cli_a ${one}`, count: 9 },
    { ...of, subject: 'key_gone', count: 9 },
    { ...of, subject: one, api: 'flint', count: 9 },
  ]
  await addQuotaUse(db, { id: 'batch', items })
  const list = async (filter: Partial<QuotaUsageFilter>) => {
    const asked = {
      scope: everything,
      quotas,
      monthMs,
      merchantId: undefined,
      environment: undefined,
      keyId: undefined,
      ...filter,
    }
    const { rows } = await listQuotaUsage(db, asked, { after: null, limit: 10 })
    return rows.map(({ merchantId, keyId, quota, share }) => [merchantId, keyId, quota, share])
  }
  const own = [
    [one, 'cli_a', 'monthly_key', 9_000],
    [one, null, 'monthly', 7_000],
  ]
  t.same(await list({ keyId: 'cli_a', merchantId: one }), own, 'its merchant’s count for it, too')
  t.same(await list({ keyId: 'key_b', merchantId: one }), own.slice(1), 'those of others do not')
  t.same(await list({}), [[other, null, 'monthly', 40_000_000_000_000], ...own])
  t.same(await list({ scope: { merchantIds: [one], apis: null } }), own)
  t.same(await list({ scope: { merchantIds: [one], apis: null }, merchantId: other }), [])
  t.same(await list({ scope: { merchantIds: [], apis: null } }), [])
  t.same(await list({ quotas: [] }), [])
})
