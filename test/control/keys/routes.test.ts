// Contract 8.

import t from 'tap'
import { isWellFormed, Secret } from '../../../src/credentials/secret.ts'
import { createSubject, keyBody, makeKey, makeMerchant } from '../subject.ts'

void t.test('a new key comes with its secret, which is shown only then', async (t) => {
  const subject = await createSubject(t)
  const merchantId = await makeMerchant(subject)
  const made = await subject.call(
    'POST',
    '/keys',
    keyBody(merchantId, { expires_at: '2026-02-01T00:00:00+01:00' }),
  )
  t.equal(made.status, 201)
  const { secret, ...object } = made.body
  t.ok(isWellFormed(new Secret(String(secret)), 'pk_live_'))
  const last4 = String(secret).slice(-4)
  const createdAt = '2026-01-15T12:00:00.000Z'
  t.same(object, {
    id: object['id'],
    merchant_id: merchantId,
    api: 'flintn',
    environment: 'live',
    name: 'Checkout',
    status: 'active',
    prefix: 'pk_live_',
    last4,
    permissions: ['transaction.read'],
    created_at: createdAt,
    expires_at: '2026-01-31T23:00:00.000Z',
    last_used_at: null,
    allowed_ips: [],
    rate_limits: {},
    in_flight: null,
    revision: 2,
    secrets: [
      {
        id: object['secrets'] && /sec_\d+/.exec(made.text)?.[0],
        last4,
        created_at: createdAt,
        expires_at: null,
        last_used_at: null,
      },
    ],
    ...{ metadata: {}, owner: null, created_by: 'ann', exposed_at: null, brakes: [] },
  })
  t.match(made.headers, { 'cache-control': 'no-store', etag: '"2"', 'x-request-id': /^req_/ })
  const shown = await subject.call('GET', `/keys/${String(object['id'])}`)
  t.same(shown.body, object)
  t.equal(shown.headers['etag'], '"2"')
  const listed = await subject.call('GET', '/keys')
  t.same(listed.body, { data: [{ ...object, merchant_name: 'Acme' }], next_cursor: null })
})

void t.test('the prefix follows the API and the environment', async (t) => {
  const subject = await createSubject(t)
  const { secret } = await makeKey(subject, { api: 'flint', environment: 'sandbox', permissions: ['*'] })
  t.match(secret, /^flint_test_[0-9A-Za-z]{38}$/)
})

void t.test('a patch changes what it names, under the revision that it names', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const patch = {
    name: 'Till',
    permissions: ['transaction.refund', 'transaction.read', 'transaction.refund'],
  }
  const patched = await subject.call('PATCH', `/keys/${id}`, patch, { 'if-match': '"2"' })
  t.match(patched, {
    status: 200,
    headers: { etag: '"3"' },
    body: { name: 'Till', permissions: ['transaction.read', 'transaction.refund'], revision: 3 },
  })
  t.notOk('secret' in patched.body)
  const call = (body: object, ifMatch?: string) =>
    subject.call('PATCH', `/keys/${id}`, body, ifMatch === undefined ? {} : { 'if-match': ifMatch })
  t.match(await call({ name: 'x' }, '"2"'), { status: 412, body: { error: { code: 'REVISION_CONFLICT' } } })
  t.match(await call({ name: 'x' }, 'W/"3"'), { status: 412 })
  t.match(await call({ name: 'x' }, '3'), {
    status: 422,
    body: { error: { details: [{ path: 'If-Match' }] } },
  })
  t.match(await call({ name: 'Till' }, '"3"'), { status: 200, body: { revision: 3 } })
  t.match(await call({}, '*'), { status: 200, body: { revision: 3 } })
  t.match(await call({ expires_at: '2026-03-01T00:00:00Z' }), {
    body: { expires_at: '2026-03-01T00:00:00.000Z' },
  })
  t.match(await call({ expires_at: null }), { status: 200, body: { expires_at: null, revision: 5 } })
  t.match(await call({ permissions: ['nope'] }), { status: 422 })
  t.match(await call({ api: 'flint' }), { status: 422, body: { error: { details: [{ path: '/api' }] } } })
})

void t.test('the list takes filters and refuses what it does not know', async (t) => {
  const subject = await createSubject(t)
  const first = await makeKey(subject)
  const second = await makeKey(subject, { name: 'Back office', environment: 'sandbox' })
  await subject.call('POST', `/keys/${second.id}/disable`)
  const found = async (query: string) => {
    const { body } = await subject.call('GET', `/keys?${query}`)
    return (body['data'] as { id: string }[]).map(({ id }) => id)
  }
  t.same(await found('status=disabled'), [second.id])
  t.same(await found('status=expired'), [])
  t.same(await found('environment=live&api=flintn'), [first.id])
  t.same(await found('q=OFFICE'), [second.id])
  t.same(await found(`q=${first.secret.slice(-4)}`), [first.id])
  t.same(await found(`last4=${second.secret.slice(-4)}`), [second.id])
  t.same(await found(`last4=${second.secret.slice(-4)}&environment=live`), [])
  t.same(await found('merchant_id=nobody'), [])
  const faults = [
    'status=gone',
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=1&limit=2',
    'colour=red',
    'last4=abc',
    'last4=%25%25%25%25',
    'q=a%00b',
    'q=',
    'cursor=x',
    'cursor=',
    `cursor=${'x'.repeat(2000)}`,
    `cursor=${Buffer.from('"mer_000000000001"').toString('base64url')}`,
  ]
  for (const query of faults) {
    const { status, body } = await subject.call('GET', `/keys?${query}`)
    t.equal(status, 422, query)
    t.match(body, { error: { details: [{ path: query.split('=', 1)[0] }] } })
  }
})
