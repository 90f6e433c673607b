// Contract 8.

import t from 'tap'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import { createSubject, makeKey, startMs } from '../subject.ts'

void t.test('the activity of all, of a merchant and of a key is added up as it is asked for', async (t) => {
  const subject = await createSubject(t)
  const { call } = subject
  const key = await makeKey(subject)
  const merchant = String((await call('GET', `/keys/${key.id}`)).body['merchant_id'])
  const of = {
    keyId: key.id,
    secretId: 'sec_1',
    api: 'flintn',
    environment: 'live',
    minuteMs: startMs - 60_000,
    lastUsedAtMs: null,
  }
  const counts = [
    { ...of, route: 'GET /v1/x', outcome: 'allow', count: 5 },
    { ...of, route: 'GET /v1/y', outcome: 'INSUFFICIENT_PERMISSIONS', count: 2 },
  ]
  await addActivity(subject.db, { id: 'batch-1', counts })
  const data = async (query: string) => (await call('GET', `/activity?${query}`)).body['data']
  t.same(await data(''), [{ merchant_id: merchant, name: 'Acme', count: 7, allowed: 5 }])
  t.same(await data(`by=key&merchant_id=${merchant}`), [
    { key_id: key.id, name: 'Checkout', count: 7, allowed: 5 },
  ])
  t.same(await data(`by=route&key_id=${key.id}&environment=live`), [
    { api: 'flintn', route: 'GET /v1/x', count: 5, allowed: 5 },
    { api: 'flintn', route: 'GET /v1/y', count: 2, allowed: 0 },
  ])
  t.same(await data('by=outcome&api=flintn&since=2026-01-15T00:00:00Z'), [
    { outcome: 'allow', count: 5, allowed: 5 },
    { outcome: 'INSUFFICIENT_PERMISSIONS', count: 2, allowed: 0 },
  ])
  t.same(await data('by=api'), [{ api: 'flintn', count: 7, allowed: 5 }])
  t.same(await data('by=environment'), [{ api: 'flintn', environment: 'live', count: 7, allowed: 5 }])
  t.same(await data('by=outcome&route=GET+/v1/y'), [
    { outcome: 'INSUFFICIENT_PERMISSIONS', count: 2, allowed: 0 },
  ])
  t.same(await data('by=route&outcome=allow'), [{ api: 'flintn', route: 'GET /v1/x', count: 5, allowed: 5 }])
  t.same(await data('since=2026-01-14T00:00:00Z&until=2026-01-15T00:00:00Z'), [])
  const first = await call('GET', '/activity?by=route&limit=1')
  const next = await call('GET', `/activity?by=route&limit=1&cursor=${String(first.body['next_cursor'])}`)
  t.match(next.body, { data: [{ route: 'GET /v1/y' }], next_cursor: null })
})

void t.test('by day the newest comes first, and all ways of adding up come to the same', async (t) => {
  const subject = await createSubject(t)
  const { call, db } = subject
  const keys = [await makeKey(subject), await makeKey(subject, { api: 'flint' })]
  const counts = Array.from({ length: 60 }, (_, i) => ({
    ...{ keyId: keys[i % 2]?.id ?? '', secretId: 'sec_1', api: ['flintn', 'flint'][i % 2] ?? '' },
    ...{ environment: ['live', 'sandbox'][i % 3 === 0 ? 1 : 0] ?? '', route: `GET /v1/${i % 5}` },
    ...{
      outcome: i % 7 === 0 ? 'UPSTREAM_ERROR' : 'allow',
      minuteMs: startMs - (i + 1) * 3_600_000,
      count: i + 1,
    },
    lastUsedAtMs: null,
  }))
  await addActivity(db, { id: 'one', counts })
  const range = 'since=2026-01-01T00:00:00Z'
  const rows = async (query: string) => {
    const all: Record<string, number | string>[] = []
    let cursor = ''
    do {
      const { body } = await call('GET', `/activity?${range}&limit=2&${query}${cursor}`)
      all.push(...(body['data'] as typeof all))
      const { next_cursor: next } = body
      cursor = typeof next === 'string' ? `&cursor=${next}` : ''
    } while (cursor !== '')
    return all
  }
  const sum = (
    all: readonly { count?: number | string; allowed?: number | string }[],
    of: 'count' | 'allowed',
  ) => all.reduce((total, row) => total + Number(row[of]), 0)
  const whole = counts.reduce((total, { count }) => total + count, 0)
  const allowed = counts.reduce((total, { count, outcome }) => total + (outcome === 'allow' ? count : 0), 0)
  for (const by of ['merchant', 'key', 'api', 'environment', 'route', 'outcome', 'day']) {
    const all = await rows(`by=${by}`)
    t.same([sum(all, 'count'), sum(all, 'allowed')], [whole, allowed], by)
    t.equal(new Set(all.map((row) => JSON.stringify(row))).size, all.length, by)
  }
  t.same(
    (await rows('by=day')).map(({ day }) => day),
    ['2026-01-15', '2026-01-14', '2026-01-13'],
  )
})

void t.test('what it does not know is refused', async (t) => {
  const { call } = await createSubject(t)
  for (const query of [
    'by=colour',
    'since=yesterday',
    'since=2026-01-16T00:00:00Z&until=2026-01-15T00:00:00Z',
    'since=2027-01-01T00:00:00Z',
    'cursor=e30',
    'colour=red',
  ])
    t.equal((await call('GET', `/activity?${query}`)).status, 422, query)
  for (const query of ['merchant_id=nobody', 'key_id=key_1'])
    t.equal((await call('GET', `/activity?${query}`)).status, 404, query)
})
