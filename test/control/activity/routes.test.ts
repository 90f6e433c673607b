import t from 'tap'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import { createSubject, makeKey, startMs } from '../subject.ts'

void t.test(
  'activity is shown by the minute, and of long ago by the hour, within the asked times',
  async (t) => {
    const subject = await createSubject(t)
    const { id } = await makeKey(subject)
    const key = await subject.call('GET', `/keys/${id}`)
    const [secret] = key.body['secrets'] as { id: string }[]
    const secretId = secret?.id ?? ''
    const count = {
      keyId: id,
      secretId,
      api: 'flintn',
      environment: 'live',
      route: 'GET /v1/x',
      outcome: 'allowed',
    }
    const counts = [
      { ...count, minuteMs: startMs - 60_000, count: 3, lastUsedAtMs: startMs - 1000 },
      { ...count, minuteMs: startMs - 120_000, count: 4, lastUsedAtMs: null },
    ]
    await addActivity(subject.db, { id: 'batch-1', counts })
    const row = { span: 'minute', route: 'GET /v1/x', outcome: 'allowed', secret_id: secretId }
    const rows = [
      { minute: '2026-01-15T11:59:00.000Z', ...row, count: 3 },
      { minute: '2026-01-15T11:58:00.000Z', ...row, count: 4 },
    ]
    const path = `/keys/${id}/activity`
    t.same((await subject.call('GET', path)).body, { data: rows, next_cursor: null })
    const first = await subject.call('GET', `${path}?limit=1`)
    t.same(first.body['data'], rows.slice(0, 1))
    const second = await subject.call('GET', `${path}?limit=1&cursor=${String(first.body['next_cursor'])}`)
    t.same(second.body, { data: rows.slice(1), next_cursor: null })
    const ranged = await subject.call('GET', `${path}?from=2026-01-15T11:58:00Z&to=2026-01-15T11:59:00Z`)
    t.same(ranged.body['data'], rows.slice(1))
    for (const query of ['from=yesterday', 'from=2026-01-16T00:00:00Z', 'cursor=e30', 'cursor=bnVsbA']) {
      t.equal((await subject.call('GET', `${path}?${query}`)).status, 422, query)
    }
    await subject.db.query(
      `INSERT INTO activity_rollup VALUES ($1, 'hour', $2, $3, 'flintn', 'live', 'GET /v1/x', 'allowed', 70)`,
      [id, new Date(startMs - 10 * 86_400_000), secretId],
    )
    const long = await subject.call('GET', `${path}?from=2026-01-01T00:00:00Z&limit=2`)
    t.same(long.body['data'], rows)
    const next = `${path}?from=2026-01-01T00:00:00Z&cursor=${String(long.body['next_cursor'])}`
    t.same((await subject.call('GET', next)).body, {
      data: [{ minute: '2026-01-05T12:00:00.000Z', ...row, span: 'hour', count: 70 }],
      next_cursor: null,
    })
    const used = await subject.call('GET', `/keys/${id}`)
    t.match(used.body, {
      last_used_at: '2026-01-15T11:59:59.000Z',
      secrets: [{ last_used_at: '2026-01-15T11:59:59.000Z' }],
    })
  },
)
