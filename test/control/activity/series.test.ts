// How keys were used, over time: what the hub's charts are drawn from.

import t from 'tap'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import { createSubject, makeKey, startMs } from '../subject.ts'

void t.test('use over time is added up by steps, allowed, refused and failed apart', async (t) => {
  const subject = await createSubject(t)
  const { call } = subject
  const key = await makeKey(subject)
  const merchant = String((await call('GET', `/keys/${key.id}`)).body['merchant_id'])
  const use = (minutesAgo: number, outcome: string, count: number) => ({
    ...{ keyId: key.id, secretId: 'sec_1', api: 'flintn', environment: 'live', route: 'GET /v1/x' },
    ...{ outcome, count, minuteMs: startMs - minutesAgo * 60_000, lastUsedAtMs: null },
  })
  const counts = [
    use(1, 'allow', 5),
    use(2, 'INSUFFICIENT_PERMISSIONS', 2),
    use(3, 'UPSTREAM_ERROR', 1),
    use(90, 'allow', 4),
  ]
  await addActivity(subject.db, { id: 'batch-1', counts })
  await subject.db.query(
    `INSERT INTO activity_rollup VALUES ($1, 'hour', $2, 'sec_1', 'flintn', 'live', 'GET /v1/x', 'allow', 10)`,
    [key.id, new Date(startMs - 5 * 3_600_000)],
  )
  const data = async (query: string) => (await call('GET', `/activity/series?${query}`)).body['data']
  const hours = [
    { at: '2026-01-15T07:00:00.000Z', allowed: 10, refused: 0, failed: 0 },
    { at: '2026-01-15T10:00:00.000Z', allowed: 4, refused: 0, failed: 0 },
    { at: '2026-01-15T11:00:00.000Z', allowed: 5, refused: 2, failed: 1 },
  ]
  t.same(await data(''), hours)
  t.same(await data(`merchant_id=${merchant}&api=flintn&environment=live&key_id=${key.id}`), hours)
  t.same(await data('step=day'), [{ at: '2026-01-15T00:00:00.000Z', allowed: 19, refused: 2, failed: 1 }])
  t.same(await data('step=minute&since=2026-01-15T11:59:00Z'), [
    { at: '2026-01-15T11:59:00.000Z', allowed: 5, refused: 0, failed: 0 },
  ])
  for (const query of ['api=flint', 'environment=sandbox', 'until=2026-01-15T05:00:00Z'])
    t.same(await data(query), [], query)
})

void t.test('steps that would be too many, and what it does not know, are refused', async (t) => {
  const { call } = await createSubject(t)
  for (const query of [
    'step=second',
    'step=minute&since=2026-01-01T00:00:00Z',
    'since=2026-01-16T00:00:00Z&until=2026-01-15T00:00:00Z',
    'colour=red',
  ])
    t.equal((await call('GET', `/activity/series?${query}`)).status, 422, query)
  t.equal((await call('GET', '/activity/series?key_id=key_1')).status, 404)
})
