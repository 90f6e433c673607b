// How long answers took, as it is stored.

import t from 'tap'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import {
  type LatencyCount,
  type LatencyFilter,
  listLatencies,
  pruneLatencies,
} from '../../../src/store/activity/latency-table.ts'
import { everything } from '../../../src/store/scope.ts'
import { createDatabase } from '../../support/database.ts'

const noonMs = Date.UTC(2026, 0, 15, 12)
const whole = { scope: everything, fromMs: noonMs - 86_400_000, toMs: noonMs + 86_400_000 }

function countOf(i: number, of: Partial<LatencyCount> = {}): LatencyCount {
  return {
    ...{ keyId: `key_${i % 3}`, merchantId: `mer_${i % 2}`, api: 'flintn', environment: 'live' },
    ...{ startMs: noonMs + i * 300_000, bucket: 20 + (i % 4), answers: i + 1, upstream: i + 1 },
    ...of,
  }
}

void t.test('of all, of merchants and of keys it comes to the same, and a batch counts once', async (t) => {
  const { db } = await createDatabase(t)
  const latencies = Array.from({ length: 24 }, (_, i) => countOf(i))
  await addActivity(db, { id: 'one', counts: [], latencies })
  await addActivity(db, { id: 'one', counts: [], latencies })
  await addActivity(db, { id: 'two', counts: [], latencies: latencies.slice(0, 1) })
  const sumOf = async (filter: Partial<LatencyFilter>) => {
    const rows = await listLatencies(db, { ...whole, span: 'hour', ...filter })
    return rows.reduce((sum, { answers }) => sum + answers, 0)
  }
  const all = 301
  for (const span of ['five_minutes', 'hour', 'day'] as const) t.equal(await sumOf({ span }), all, span)
  for (const span of ['hour', 'day'] as const) {
    let [ofMerchants, ofKeys] = [0, 0]
    for (const merchantId of ['mer_0', 'mer_1']) ofMerchants += await sumOf({ span, merchantId })
    for (const keyId of ['key_0', 'key_1', 'key_2']) ofKeys += await sumOf({ span, keyId })
    t.same([ofMerchants, ofKeys], [all, all], span)
  }
  t.equal(await sumOf({ scope: { merchantIds: ['mer_0', 'mer_1'], apis: null } }), all)
  t.equal(await sumOf({ scope: { merchantIds: null, apis: ['flint'] } }), 0)
  t.equal(await sumOf({ environment: 'sandbox' }), 0)
  t.equal(
    await sumOf({ keyId: 'key_0', scope: { merchantIds: ['mer_0'], apis: null } }),
    0,
    'a key of nobody',
  )
  const hours = await listLatencies(db, { ...whole, span: 'hour' })
  t.same([...new Set(hours.map(({ atMs }) => atMs))], [noonMs, noonMs + 3_600_000])
})

void t.test('two instances that add to the same at once wait for each other, and lose nothing', async (t) => {
  const { db } = await createDatabase(t)
  const batches = Array.from({ length: 12 }, (_, batch) =>
    Array.from({ length: 60 }, (_, i) => countOf((i * 7 + batch) % 60, { answers: 1, upstream: 1 })),
  )
  await Promise.all(
    batches.map((latencies, i) => addActivity(db, { id: `batch ${i}`, counts: [], latencies })),
  )
  const rows = await listLatencies(db, { ...whole, span: 'day' })
  t.equal(
    rows.reduce((sum, { answers }) => sum + answers, 0),
    720,
  )
})

void t.test('the shorter a step, the sooner it is forgotten', async (t) => {
  const { db } = await createDatabase(t)
  const startMs = Date.now() - 3 * 86_400_000
  await addActivity(db, { id: 'one', counts: [], latencies: [countOf(0, { startMs })] })
  t.equal(await pruneLatencies(db, 10), 1)
  const left = await db.query('SELECT DISTINCT span FROM activity_latency ORDER BY span')
  t.same(left, [{ span: 'day' }, { span: 'hour' }])
})
