// Contract 8: which of its permissions a key uses.

import t from 'tap'
import type { Route } from '../../../src/config/compiled.ts'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import { createSubject, depsOf, makeKey, startMs } from '../subject.ts'

/** What is read of a route. */
function routeOf(name: string, kind: 'all' | 'any' | 'public', permissions: string[]): Route {
  const [method = '', template = ''] = name.split(' ')
  const requirement = kind === 'public' ? { kind } : { kind, permissions }
  return { method, template, requirement } as Route
}

const routes = [
  routeOf('GET /v1/x', 'all', ['transaction.read']),
  routeOf('POST /v1/both', 'all', ['transaction.read', 'transaction.refund']),
  routeOf('GET /v1/either', 'any', ['transaction.read', 'transaction.refund']),
  routeOf('GET /v1/status', 'public', []),
]

function tableWithRoutes() {
  const table = depsOf({ db: null, clock: { nowMs: startMs }, logged: [] }).table()
  const flintn = table.apis.get('flintn')
  if (flintn === undefined) throw new Error('no flintn')
  return { ...table, apis: new Map([...table.apis, ['flintn', { ...flintn, routes }]]) }
}

void t.test('each permission that a key holds, with its last use', async (t) => {
  const table = tableWithRoutes()
  const subject = await createSubject(t, { table: () => table })
  const { call, db } = subject
  const { id } = await makeKey(subject, { permissions: ['*'] })
  const reader = await makeKey(subject)
  const of = { secretId: 'sec_1', api: 'flintn', environment: 'live', lastUsedAtMs: null }
  const minute = (ago: number) => startMs - ago * 60_000
  const used = (keyId: string, route: string, outcome: string, minuteMs: number) => ({
    ...of,
    ...{ keyId, route, outcome, minuteMs, count: 2 },
  })
  await addActivity(db, {
    id: 'one',
    counts: [
      used(id, 'GET /v1/x', 'allow', minute(9)),
      used(id, 'GET /v1/x', 'UPSTREAM_TIMEOUT', minute(5)),
      used(id, 'GET /v1/x', 'INSUFFICIENT_PERMISSIONS', minute(1)),
      used(id, 'POST /v1/both', 'INVALID_API_KEY', minute(1)),
      used(id, 'GET /v1/gone', 'allow', minute(1)),
      used(id, 'GET /v1/status', 'allow', minute(1)),
      used(reader.id, 'GET /v1/either', 'allow', minute(3)),
    ],
  })
  t.same((await call('GET', `/keys/${id}/permissions`)).body, {
    data: [
      {
        ...{ permission: 'transaction.read', description: 'Read transactions', requests: 4 },
        last_used_at: new Date(minute(5)).toISOString(),
      },
      {
        ...{ permission: 'transaction.refund', description: 'Refund transactions', requests: 0 },
        last_used_at: null,
      },
    ],
    unlisted_requests: 2,
  })
  await addActivity(db, { id: 'two', counts: [used(id, 'GET /v1/either', 'allow', minute(2))] })
  t.match((await call('GET', `/keys/${id}/permissions`)).body, {
    data: [{ requests: 6 }, { requests: 2, last_used_at: new Date(minute(2)).toISOString() }],
  })
  t.match((await call('GET', `/keys/${reader.id}/permissions`)).body, {
    data: [{ permission: 'transaction.read', requests: 2 }],
  })
  t.equal((await call('GET', '/keys/key_999999999999/permissions')).status, 404)
})
