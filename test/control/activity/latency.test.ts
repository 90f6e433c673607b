// How long answers took, over time.

import t from 'tap'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import { timeBucketOf } from '../../../src/telemetry/answer-time.ts'
import { createSubject, makeKey, startMs } from '../subject.ts'

void t.test('percentiles are told by steps, and of all of them', async (t) => {
  const subject = await createSubject(t)
  const { call, db } = subject
  const key = await makeKey(subject)
  const merchant = String((await call('GET', `/keys/${key.id}`)).body['merchant_id'])
  const took = (hoursAgo: number, ms: number, count: number) => ({
    ...{ keyId: key.id, merchantId: merchant, api: 'flintn', environment: 'live' },
    ...{ startMs: startMs - hoursAgo * 3_600_000, bucket: timeBucketOf(ms), answers: count, upstream: count },
  })
  const latencies = [took(1, 10, 98), took(1, 400, 2), took(3, 10, 100)]
  await addActivity(db, { id: 'batch-1', counts: [], latencies })
  for (const query of [
    '',
    `merchant_id=${merchant}`,
    `key_id=${key.id}`,
    'api=flintn&environment=live&step=five_minutes',
  ]) {
    const { body } = await call('GET', `/activity/latency?${query}`)
    t.match(
      body,
      {
        data: [
          { at: '2026-01-15T09:00:00.000Z', count: 100 },
          { at: '2026-01-15T11:00:00.000Z', count: 100 },
        ],
        whole: { count: 200 },
        next_cursor: null,
      },
      query,
    )
    const [quiet, slow] = body['data'] as {
      answer: Record<string, number>
      upstream: Record<string, number>
    }[]
    for (const part of ['answer', 'upstream'] as const) {
      for (const name of ['p50_ms', 'p90_ms'])
        t.ok(Math.abs((slow?.[part][name] ?? 0) - 10) < 1.5, `${part} ${name}`)
      t.ok((slow?.[part]['p99_ms'] ?? 0) > 340 && (slow?.[part]['p99_ms'] ?? 0) < 420, part)
      t.ok((quiet?.[part]['p99_ms'] ?? 0) < 12, part)
    }
  }
  t.match((await call('GET', '/activity/latency?step=day')).body, { data: [{ count: 200 }] })
  const none = { data: [], whole: { count: 0, answer: null, upstream: null } }
  t.match((await call('GET', '/activity/latency?environment=sandbox')).body, none)
})

void t.test('what it does not know, and steps that are not kept, are refused', async (t) => {
  const { call } = await createSubject(t)
  for (const query of [
    'step=minute',
    'step=five_minutes&merchant_id=mer_000000000001',
    'step=five_minutes&since=2026-01-01T00:00:00Z',
    'since=2026-01-16T00:00:00Z&until=2026-01-15T00:00:00Z',
  ])
    t.equal((await call('GET', `/activity/latency?${query}`)).status, 422, query)
})
