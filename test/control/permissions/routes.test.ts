import t from 'tap'
import type { Route } from '../../../src/config/compiled.ts'
import { createSubject, depsOf, startMs } from '../subject.ts'

void t.test('the permission catalogue is that of the table in force', async (t) => {
  const { call } = await createSubject(t)
  const { body } = await call('GET', '/permissions')
  const permissions = [
    { name: 'transaction.read', description: 'Read transactions' },
    { name: 'transaction.refund', description: 'Refund transactions' },
  ]
  const environments = ['live', 'sandbox']
  t.same(body, {
    data: [
      { api: 'flintn', environments, permissions },
      { api: 'flint', environments, permissions },
    ],
    next_cursor: null,
  })
})

void t.test('asked for, it says what each permission opens, where, and how a key is sent', async (t) => {
  const { call } = await createSubject(t, { table: tableWithRoutes })
  const { body } = await call('GET', '/permissions?with=routes')
  t.match(body, {
    data: [
      {
        api: 'flintn',
        hosts: { live: ['a'], sandbox: ['b'] },
        credential: { header: 'X-Api-Key', bearer: false },
        routes: [
          { method: 'GET', path: '/v1/status', need: 'public', permissions: [] },
          { method: 'GET', path: '/v1/things/{id}', need: 'any', permissions: ['a.read', 'b.read'] },
        ],
      },
    ],
  })
  t.match(body, { data: [{ rate_limits: [] }], plans: [] })
  t.match(await call('GET', '/permissions?with=secrets'), { status: 422 })
})

const plainRoute: Omit<Route, 'method' | 'template' | 'requirement'> = {
  timeoutMs: null,
  maxBodyBytes: null,
  maxResponseBytes: null,
  responseIdleMs: null,
  upstream: null,
  disguises: 'strict',
  escapes: 0,
  rateLimits: [],
  source: 'flintn.yaml:1:1',
}

const routes: readonly Route[] = [
  { ...plainRoute, method: 'GET', template: '/v1/status', requirement: { kind: 'public' } },
  {
    ...plainRoute,
    method: 'GET',
    template: '/v1/things/{id}',
    requirement: { kind: 'any', permissions: ['a.read', 'b.read'] },
  },
]

function tableWithRoutes() {
  const table = depsOf({ db: null, clock: { nowMs: startMs }, logged: [] }).table()
  return { ...table, apis: new Map([...table.apis].map(([name, api]) => [name, { ...api, routes }])) }
}
