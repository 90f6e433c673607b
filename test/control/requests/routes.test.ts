// Contract 9.3: request look-up.

import t from 'tap'
import { sentences } from '../../../src/errors/sentences.ts'
import { createIds } from '../../../src/telemetry/request-id.ts'
import { keptRequest, seedRequests } from '../../store/seed.ts'
import { createSubject } from '../subject.ts'

void t.test('a kept request is told whole, with the reason in words', async (t) => {
  const { call, db } = await createSubject(t)
  const kept = keptRequest({ id: 'req_1', keyId: 'key_000000000001', gatewayMs: 1.234_567 })
  await seedRequests(db, kept)
  const { status, body, headers } = await call('GET', '/requests/req_1')
  t.equal(status, 200)
  t.equal(headers['cache-control'], 'no-store')
  t.same(body, {
    ...{
      id: 'req_1',
      at: new Date(kept.atMs).toISOString(),
      method: 'GET',
      api: 'flintn',
      environment: 'live',
    },
    ...{ route: 'GET /v1/transactions/{id}', merchant_id: 'mer_000000000000', key_id: 'key_000000000001' },
    ...{ decision: 'deny', code: 'INVALID_API_KEY', reason: 'revoked', required: [], status: 401 },
    ...{ explanation: sentences.INVALID_API_KEY['revoked'], upstream_status: null, cut: null },
    times: { total_ms: 1.5, gateway_ms: 1.235, upstream_ms: null, client_ms: 0.25, held_ms: 0 },
  })
})

void t.test('ids that proxies make are found as they came', async (t) => {
  const { call, db } = await createSubject(t)
  const id = '10.0.0.1:443_{a}/b+c=d@e'
  await seedRequests(db, { id })
  t.match(await call('GET', `/requests/${encodeURIComponent(id)}`), { status: 200, body: { id } })
})

void t.test('of what is not kept the answer says when the id was made', async (t) => {
  const { call } = await createSubject(t)
  const madeMs = Date.UTC(2026, 0, 14, 9, 30, 15, 250)
  const answer = await call('GET', `/requests/${createIds(() => madeMs)('req')}`)
  t.match(answer, {
    status: 404,
    body: {
      error: {
        code: 'NOT_FOUND',
        made_at: '2026-01-14T09:30:15.250Z',
        details: [{ path: 'id', message: /2026-01-14T09:30:15\.250Z/ }],
      },
    },
  })
  const foreign = await call('GET', '/requests/some-id-of-a-proxy')
  t.match(foreign, {
    status: 404,
    body: { error: { made_at: null, details: [{ message: /carries no time/ }] } },
  })
  for (const id of ['a%20b', 'a'.repeat(129), '%00', 'x%C3%A9'])
    t.match(await call('GET', `/requests/${id}`), { status: 404, body: { error: { code: 'NOT_FOUND' } } }, id)
})

void t.test('the list: filters, pages, and what it does not take', async (t) => {
  const { call, db } = await createSubject(t)
  const atMs = Date.now() - 10_000
  await seedRequests(
    db,
    ...[0, 1, 2].map((i) => ({
      id: `req_${i}`,
      atMs: atMs + i,
      keyId: `key_00000000000${i}`,
      merchantId: 'mer_000000000001',
    })),
  )
  const ids = async (query: string) => {
    const { status, body } = await call('GET', `/requests?${query}`)
    t.equal(status, 200, query)
    return (body['data'] as { id: string }[]).map(({ id }) => id)
  }
  t.same(await ids(''), ['req_2', 'req_1', 'req_0'])
  t.same(await ids('key_id=key_000000000001'), ['req_1'])
  t.same(await ids('merchant_id=mer_000000000002'), [])
  t.same(await ids('code=INVALID_API_KEY&limit=1'), ['req_2'])
  t.same(await ids('code=UPSTREAM_ERROR'), [])
  t.same(await ids(`since=${new Date(atMs + 1).toISOString()}&until=${new Date(atMs + 2).toISOString()}`), [
    'req_1',
  ])
  const first = await call('GET', '/requests?limit=2')
  const cursor = String(first.body['next_cursor'])
  t.same(await ids(`cursor=${cursor}`), ['req_0'])
  for (const query of ['cursor=e30', 'limit=0', 'since=yesterday', 'colour=blue', 'code='])
    t.match(await call('GET', `/requests?${query}`), { status: 422 }, query)
  t.match(await call('GET', '/requests?key_id=nonsense'), { status: 404 })
})
