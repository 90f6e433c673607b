// Contract 8.

import t from 'tap'
import { createSubject, keyBody, makeKey, makeMerchant, startMs } from './subject.ts'

const dayMs = 24 * 60 * 60 * 1000
const withKey = (key: string) => ({ 'idempotency-key': key })

void t.test('a repeated create answers the same key without its secret, and makes none', async (t) => {
  const subject = await createSubject(t)
  const body = keyBody(await makeMerchant(subject), { expires_at: new Date(startMs + 1000).toISOString() })
  const first = await subject.call('POST', '/keys', body, withKey('a'))
  t.equal(first.status, 201)
  t.notOk('idempotency-replayed' in first.headers)
  subject.clock.nowMs += dayMs - 1
  // Neither the order of members nor the clock makes it another request.
  const turned = Object.fromEntries(Object.entries(body).toReversed())
  const again = await subject.call('POST', '/keys?wait=all', turned, withKey('a'))
  t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true', etag: first.headers['etag'] } })
  t.same(again.body, { ...first.body, secret: null, pending: [] })
  t.equal(((await subject.call('GET', '/keys')).body['data'] as unknown[]).length, 1)
  t.equal(subject.published.length, 2)
  const other = await subject.call('POST', '/keys', { ...body, name: 'Other' }, withKey('a'))
  t.match(other, { status: 409, body: { error: { code: 'IDEMPOTENCY_MISMATCH' } } })
  subject.clock.nowMs += 1
  t.match(await subject.call('POST', '/keys', { ...body, expires_at: null }, withKey('a')), { status: 201 })
})

void t.test('of many repeats at once one makes the key and has its secret', async (t) => {
  const subject = await createSubject(t)
  const body = keyBody(await makeMerchant(subject))
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => subject.call('POST', '/keys', body, withKey('b'))),
  )
  t.ok(answers.every(({ status }) => status === 201))
  t.equal(new Set(answers.map((answer) => answer.body['id'])).size, 1)
  t.equal(answers.filter((answer) => answer.body['secret'] !== null).length, 1)
  t.equal(answers.filter((answer) => answer.headers['idempotency-replayed'] === 'true').length, 11)
})

void t.test('a repeated rotation changes nothing, though another would be refused', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const first = await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: 60 }, withKey('c'))
  const again = await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: 60 }, withKey('c'))
  t.match(again, { status: 200, headers: { 'idempotency-replayed': 'true' } })
  t.same(again.body, { ...first.body, secret: null })
  t.match(await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: 61 }, withKey('c')), {
    status: 409,
    body: { error: { code: 'IDEMPOTENCY_MISMATCH' } },
  })
  const other = await makeKey(subject)
  t.match(await subject.call('POST', `/keys/${other.id}/rotate`, { grace_seconds: 60 }, withKey('c')), {
    status: 409,
  })
})

void t.test('a merchant is made once, too', async (t) => {
  const { call } = await createSubject(t)
  const first = await call('POST', '/merchants', { name: 'Acme' }, withKey('d'))
  const again = await call('POST', '/merchants', { name: 'Acme' }, withKey('d'))
  t.same(again.body, first.body)
  t.equal(again.headers['idempotency-replayed'], 'true')
})

void t.test(
  'a key that nobody could print, or that is too long, is refused; no secret is kept',
  async (t) => {
    const subject = await createSubject(t)
    const body = keyBody(await makeMerchant(subject))
    for (const key of ['', 'x'.repeat(256), 'a\tb', 'ü']) {
      t.match(await subject.call('POST', '/keys', body, withKey(key)), {
        status: 422,
        body: { error: { details: [{ path: 'Idempotency-Key' }] } },
      })
    }
    const made = await subject.call('POST', '/keys', body, withKey('x'.repeat(255)))
    t.equal(made.status, 201)
    const rows = await subject.db.query('SELECT object FROM idempotency')
    t.match(JSON.stringify(rows), String(made.body['id']))
    t.notMatch(JSON.stringify(rows), String(made.body['secret']))
  },
)

void t.test('a repeat of whatever changes a key or a merchant changes nothing more', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const merchantId = String((await subject.call('GET', `/keys/${id}`)).body['merchant_id'])
  const undone: Record<string, string> = {
    [`/keys/${id}/disable`]: `/keys/${id}/enable`,
    [`/keys/${id}/enable`]: `/keys/${id}/disable`,
    [`/merchants/${merchantId}/suspend`]: `/merchants/${merchantId}/resume`,
    [`/merchants/${merchantId}/resume`]: `/merchants/${merchantId}/suspend`,
  }
  for (const [path, opposite] of Object.entries(undone)) {
    const first = await subject.call('POST', path, undefined, withKey(path))
    t.equal(first.status, 200, path)
    const other = await subject.call('POST', opposite)
    const again = await subject.call('POST', `${path}?wait=all`, undefined, withKey(path))
    t.match(again, { status: 200, headers: { 'idempotency-replayed': 'true' } }, path)
    t.same(again.body, { ...first.body, pending: [] })
    const now = await subject.call('GET', path.slice(0, path.lastIndexOf('/')))
    t.equal(now.body['revision'], other.body['revision'], 'what was done since stands')
  }
  const patched = await subject.call(
    'PATCH',
    `/keys/${id}`,
    { name: 'New' },
    { ...withKey('p'), 'if-match': '*' },
  )
  const again = await subject.call(
    'PATCH',
    `/keys/${id}`,
    { name: 'New' },
    { ...withKey('p'), 'if-match': '"1"' },
  )
  t.match(again, { status: 200, headers: { 'idempotency-replayed': 'true' }, body: patched.body })
  const revoked = await subject.call('POST', `/keys/${id}/revoke`, undefined, withKey('r'))
  t.match(await subject.call('POST', `/keys/${id}/revoke`, undefined, withKey('r')), {
    status: 200,
    headers: { 'idempotency-replayed': 'true' },
    body: revoked.body,
  })
  t.match(await subject.call('POST', `/keys/${id}/disable`, undefined, withKey('r')), { status: 409 })
})
