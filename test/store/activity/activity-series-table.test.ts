import { randomUUID } from 'node:crypto'
import t from 'tap'
import { listActivitySeries } from '../../../src/store/activity/activity-series-table.ts'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import { everything } from '../../../src/store/scope.ts'
import { createDatabase } from '../../support/database.ts'
import { nowMs, seedKey } from '../seed.ts'

void t.test('a series shows nothing beyond what its reader sees', async (t) => {
  const { db } = await createDatabase(t)
  const [mine, other] = [await seedKey(db), await seedKey(db)]
  const use = (key: typeof mine, count: number) => ({
    ...{ keyId: key.id, secretId: key.secret.id, api: key.api, environment: key.environment },
    ...{ route: 'GET /a', outcome: 'allow', minuteMs: nowMs - 60_000, count, lastUsedAtMs: null },
  })
  await addActivity(db, { id: randomUUID(), counts: [use(mine, 3), use(other, 4)] })
  const allowed = async (scope: typeof everything) => {
    const range = { fromMs: nowMs - 3_600_000, toMs: nowMs, stepSeconds: 86_400, failures: [] }
    const rows = await listActivitySeries(db, { scope, ...range })
    return rows.map((row) => row.allowed)
  }
  t.same(await allowed(everything), [7])
  t.same(await allowed({ merchantIds: [mine.merchantId], apis: null }), [3])
  t.same(await allowed({ merchantIds: [], apis: null }), [])
  t.same(await allowed({ merchantIds: null, apis: ['another'] }), [])
})
