// Contract 9: permissions that are held and were not used for 90 days.

import t from 'tap'
import type { Route } from '../../../src/config/compiled.ts'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import { createSubject, depsOf, makeKey, startMs } from '../subject.ts'

const dayMs = 86_400_000

/** What is read of a route. */
function routeOf(name: string, kind: 'all' | 'any' | 'public', permissions: string[]): Route {
  const [method = '', template = ''] = name.split(' ')
  const requirement = kind === 'public' ? { kind } : { kind, permissions }
  return { method, template, requirement } as Route
}

function tableWithRoutes() {
  const table = depsOf({ db: null, clock: { nowMs: startMs }, logged: [] }).table()
  const flintn = table.apis.get('flintn')
  if (flintn === undefined) throw new Error('no flintn')
  const routes = [
    routeOf('GET /v1/x', 'all', ['transaction.read']),
    routeOf('POST /v1/x', 'all', ['transaction.refund']),
    routeOf('GET /v1/either', 'any', ['transaction.read', 'transaction.refund']),
    routeOf('GET /v1/status', 'public', []),
  ]
  return { ...table, apis: new Map([...table.apis, ['flintn', { ...flintn, routes }]]) }
}

void t.test('each old key with what it may do and has not done for 90 days', async (t) => {
  const table = tableWithRoutes()
  const subject = await createSubject(t, { table: () => table })
  const { call, clock, db } = subject
  const both = { permissions: ['transaction.read', 'transaction.refund'] }
  const reader = await makeKey(subject, both)
  const idle = await makeKey(subject, both)
  const either = await makeKey(subject, both)
  const revoked = await makeKey(subject, both)
  t.equal((await call('POST', `/keys/${revoked.id}/revoke`, {})).status, 200)
  clock.nowMs = startMs + 100 * dayMs
  const young = await makeKey(subject, both)
  const use = (keyId: string, route: string, outcome: string, daysAgo: number) => ({
    ...{ keyId, secretId: 'sec_1', api: 'flintn', environment: 'live', route, outcome, count: 2 },
    ...{ minuteMs: clock.nowMs - daysAgo * dayMs, lastUsedAtMs: null },
  })
  await addActivity(db, {
    id: 'one',
    counts: [
      use(reader.id, 'GET /v1/x', 'UPSTREAM_ERROR', 89),
      use(reader.id, 'POST /v1/x', 'allow', 95),
      use(reader.id, 'POST /v1/x', 'INSUFFICIENT_PERMISSIONS', 1),
      use(idle.id, 'GET /v1/status', 'allow', 1),
      use(either.id, 'GET /v1/either', 'allow', 1),
      use(young.id, 'GET /v1/x', 'allow', 0),
    ],
  })
  await db.query(
    `INSERT INTO activity_rollup VALUES ($1, 'day', $2, 'sec_1', 'flintn', 'live', 'GET /v1/x', 'allow', 3)`,
    [idle.id, new Date(clock.nowMs - 92 * dayMs)],
  )
  const all = await call('GET', '/reminders/permissions')
  t.equal(all.status, 200)
  const found = (all.body['data'] as { key_id: string; held: number; unused: string[] }[]).map((row) => [
    ...[row.key_id, row.held, row.unused],
  ])
  const expected = [
    [either.id, 2, []],
    [idle.id, 2, ['transaction.read', 'transaction.refund']],
    [reader.id, 2, ['transaction.refund']],
  ]
  t.same(found, expected)
  const one = await call('GET', `/reminders/permissions?key_id=${reader.id}&api=flintn`)
  t.match(one.body, { data: [{ key_id: reader.id, api: 'flintn', environment: 'live' }], next_cursor: null })
  t.same((await call('GET', '/reminders/permissions?api=flint')).body['data'], [])
  const first = await call('GET', '/reminders/permissions?limit=2')
  const next = await call('GET', `/reminders/permissions?limit=2&cursor=${String(first.body['next_cursor'])}`)
  t.match(next.body, { data: [{ key_id: reader.id }], next_cursor: null })
  for (const query of ['colour=red', 'cursor=e30', 'limit=0'])
    t.equal((await call('GET', `/reminders/permissions?${query}`)).status, 422, query)
  t.equal((await call('GET', '/reminders/permissions?key_id=nobody')).status, 404)
})

void t.test('what was given within the 90 days is not unused yet; who asks may leave out `*`', async (t) => {
  const table = tableWithRoutes()
  const subject = await createSubject(t, { table: () => table })
  const { call, clock } = subject
  const both = { permissions: ['transaction.read', 'transaction.refund'] }
  const old = await makeKey(subject, both)
  const full = await makeKey(subject, { permissions: ['*'] })
  const given = await makeKey(subject, { permissions: ['transaction.read'] })
  const renamed = await makeKey(subject, both)
  clock.nowMs = startMs + 20 * dayMs
  t.equal((await call('PATCH', `/keys/${given.id}`, both)).status, 200)
  t.equal((await call('PATCH', `/keys/${renamed.id}`, { name: 'Till' })).status, 200)
  const found = async (query = '') =>
    ((await call('GET', `/reminders/permissions${query}`)).body['data'] as { key_id: string }[]).map(
      ({ key_id: id }) => id,
    )
  clock.nowMs = startMs + 100 * dayMs
  t.same(await found(), [renamed.id, full.id, old.id])
  t.same(await found('?by_name=true'), [renamed.id, old.id])
  t.equal((await call('GET', '/reminders/permissions?by_name=false')).status, 422)
  clock.nowMs = startMs + 111 * dayMs
  t.same(await found(), [renamed.id, given.id, full.id, old.id])
})
