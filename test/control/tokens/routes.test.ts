// Contract 8: tokens that the admin API makes.

import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { callerOf, createSubject, keyBody, makeKey, makeMerchant, type Subject, token } from '../subject.ts'

const inAMonth = '2026-02-15T12:00:00.000Z'

async function make(subject: Subject, body: object): Promise<{ id: string; secret: string }> {
  const answer = await subject.call('POST', '/tokens', body)
  return { id: String(answer.body['id']), secret: String(answer.body['secret']) }
}

/** Calls with another token than the configured one. */
function callWith(subject: Subject, secret: string): Subject['call'] {
  const call = callerOf(subject.app)
  return (method, path, body, headers = {}) =>
    call(method, path, body, { authorization: `Bearer ${secret}`, ...headers })
}

void t.test('a token is shown once, kept as a digest, and says who made it', async (t) => {
  const subject = await createSubject(t)
  const merchant = await makeMerchant(subject)
  const made = await subject.call('POST', '/tokens', {
    ...{ name: ' ci ', role: 'support', merchant_id: merchant, api: 'flint' },
    expires_at: inAMonth,
  })
  t.equal(made.status, 201)
  const secret = String(made.body['secret'])
  t.match(secret, /^lk_adm_[0-9A-Za-z]{38}$/)
  const { secret: _, ...object } = made.body
  t.match(object, {
    ...{ id: /^tok_/, name: 'ci', role: 'support', merchant_id: merchant, api: 'flint' },
    ...{
      last4: secret.slice(-4),
      created_by: 'ann',
      created_by_token_id: null,
      expires_at: inAMonth,
      last_used_at: null,
    },
  })
  t.same((await subject.call('GET', '/tokens')).body, { data: [object], next_cursor: null })
  const [{ dump } = { dump: '' }] = await subject.db.query<{ dump: string }>(
    `SELECT concat((SELECT json_agg(r) FROM admin_token r), (SELECT json_agg(r) FROM audit r)) AS dump`,
  )
  t.match(dump, String(made.body['id']))
  t.notMatch(dump, secret)
  t.notMatch(subject.logged.join(''), secret)
})

void t.test('a token is made once, however often it is asked for with one Idempotency-Key', async (t) => {
  const subject = await createSubject(t)
  const ask = (name: string) =>
    subject.call('POST', '/tokens', { name, role: 'support' }, { 'idempotency-key': 'one' })
  const [first, ...repeats] = await Promise.all([ask('a'), ask('a'), ask('a')]).then((all) =>
    all.toSorted((x, y) => Number(x.body['secret'] === null) - Number(y.body['secret'] === null)),
  )
  t.match(first, { status: 201, body: { secret: /^lk_adm_/ } })
  for (const repeat of repeats) {
    t.match(repeat, { status: 201, headers: { 'idempotency-replayed': 'true' } })
    t.same(repeat.body, { ...first?.body, secret: null })
  }
  t.match(await ask('b'), { status: 409, body: { error: { code: 'IDEMPOTENCY_MISMATCH' } } })
  t.equal((await subject.db.query('SELECT id FROM admin_token')).length, 1)
  const own = await make(subject, { name: 'c', role: 'admin' })
  const other = await callWith(subject, own.secret)(
    'POST',
    '/tokens',
    { name: 'a', role: 'support' },
    {
      'idempotency-key': 'one',
    },
  )
  t.match(other, { status: 201, body: { secret: /^lk_adm_/ } }, 'keys are those of their caller')
})

void t.test('what cannot be made is told by its field', async (t) => {
  const subject = await createSubject(t)
  for (const [body, path] of [
    [{ role: 'admin' }, '/name'],
    [{ name: 'x' }, '/role'],
    [{ name: 'x', role: 'owner' }, '/role'],
    [{ name: '\u202e', role: 'admin' }, '/name'],
    [{ name: 'x'.repeat(10_000), role: 'admin' }, '/name'],
    [{ name: 'x', role: 'admin', merchant_id: 'mer_999999999999' }, '/merchant_id'],
    [{ name: 'x', role: 'admin', merchant_id: "mer_1' OR true --" }, '/merchant_id'],
    [{ name: 'x', role: 'admin', api: 'none' }, '/api'],
    [{ name: 'x', role: 'admin', expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
    [{ name: 'x', role: 'admin', scope: 'all' }, '/scope'],
  ] as const) {
    const { status, body: answer } = await subject.call('POST', '/tokens', body)
    t.equal(status, 422, path)
    t.match(answer, { error: { code: 'VALIDATION_FAILED', details: [{ path }] } })
  }
  t.same(await subject.db.query('SELECT id FROM admin_token'), [])
})

void t.test('a revoked, an expired and a made-up token have one same answer, and no more', async (t) => {
  const subject = await createSubject(t)
  const revoked = await make(subject, { name: 'a', role: 'admin' })
  const expired = await make(subject, { name: 'b', role: 'admin', expires_at: inAMonth })
  const live = await make(subject, { name: 'c', role: 'admin' })
  t.equal((await callWith(subject, revoked.secret)('GET', '/keys')).status, 200)
  t.equal((await callWith(subject, expired.secret)('GET', '/keys')).status, 200)
  const ended = await subject.call('DELETE', `/tokens/${revoked.id}`)
  t.match(ended, { status: 200, body: { id: revoked.id, revoked_at: '2026-01-15T12:00:00.000Z' } })
  t.same((await subject.call('DELETE', `/tokens/${revoked.id}`)).body, ended.body)
  subject.clock.nowMs = Date.parse(inAMonth)
  const answers = []
  const flipped = live.secret.slice(0, -1) + (live.secret.endsWith('0') ? '1' : '0')
  for (const secret of [revoked.secret, expired.secret, 'wrong', flipped, `${live.secret}x`, live.id]) {
    const { status, body, headers } = await callWith(subject, secret)('GET', '/keys')
    const { request_id: _, ...error } = Object(body['error']) as Record<string, unknown>
    answers.push({ status, error, challenge: headers['www-authenticate'] })
  }
  for (const answer of answers) t.same(answer, answers[0])
  t.match(answers[0], { status: 401, error: { code: 'UNAUTHORIZED' } })
  t.equal((await callWith(subject, live.secret)('GET', '/keys')).status, 200)
  const reasons = subject.logged.join('').match(/"reason":"admin_token_\w+"/g)
  t.same(new Set(reasons).size, 3)
  const listed = await subject.call('GET', '/tokens')
  t.notMatch(listed.text, revoked.id)
  t.match(listed.text, expired.id)
})

void t.test('revoking is in force on every control plane of the database at once', async (t) => {
  const { createControlServer } = await import('../../../src/control/server.ts')
  const { depsOf } = await import('../subject.ts')
  const subject = await createSubject(t)
  const other = createControlServer(depsOf({ db: subject.db, clock: subject.clock, logged: [] }))
  t.teardown(() => other.close())
  const { id, secret } = await make(subject, { name: 'a', role: 'read_only' })
  const ask = () => callerOf(other)('GET', '/keys', undefined, { authorization: `Bearer ${secret}` })
  t.equal((await ask()).status, 200)
  await subject.call('DELETE', `/tokens/${id}`)
  t.equal((await ask()).status, 401)
})

void t.test('the audit names the token beside its name, and the address', async (t) => {
  const subject = await createSubject(t)
  const { id: key } = await makeKey(subject)
  const first = await make(subject, { name: 'ann', role: 'admin' })
  await callWith(subject, first.secret)('POST', `/keys/${key}/disable`)
  await subject.call('POST', `/keys/${key}/enable`)
  const auditor = await make(subject, { name: 'eve', role: 'auditor' })
  await callWith(subject, auditor.secret)('GET', '/tokens')
  await callWith(subject, auditor.secret)('GET', `/audit?target=${key}`)
  const { body } = await subject.call('GET', '/audit?limit=6')
  t.match(body['data'], [
    { action: 'audit.read', actor: 'eve', token_id: auditor.id, target: 'audit', after: { target: key } },
    { action: 'token.list', actor: 'eve', token_id: auditor.id, target: 'tokens' },
    { action: 'token.create', actor: 'ann', token_id: null, target: auditor.id, after: { role: 'auditor' } },
    { action: 'key.enable', actor: 'ann', token_id: null, client: '127.0.0.1' },
    { action: 'key.disable', actor: 'ann', token_id: first.id, client: '127.0.0.1' },
    { action: 'token.create', target: first.id, before: null },
  ])
})

void t.test('tokens of one name do not meet in each other’s Idempotency-Keys', async (t) => {
  const subject = await createSubject(t)
  const one = await make(subject, { name: 'ann', role: 'admin' })
  const two = await make(subject, { name: 'ann', role: 'admin' })
  const made = new Set<unknown>()
  for (const secret of [token, one.secret, two.secret]) {
    const key = { 'idempotency-key': 'once' }
    const answer = await callWith(subject, secret)('POST', '/merchants', { name: 'A' }, key)
    made.add(answer.body['id'])
  }
  t.equal(made.size, 3)
})

void t.test(
  'while Postgres is away a made token gets 503, and a configured one the emergency stop',
  async (t) => {
    const subject = await createSubject(t)
    const { secret } = await make(subject, { name: 'a', role: 'admin' })
    await subject.db.close()
    t.match(await callWith(subject, secret)('GET', '/deny'), {
      status: 503,
      body: { error: { code: 'STORE_UNAVAILABLE' } },
    })
    t.equal((await subject.call('GET', '/deny')).status, 200)
    // What has not the checksum is told so without a database.
    t.equal((await callWith(subject, 'lk_adm_x')('GET', '/deny')).status, 401)
  },
)

void t.test('when it was last used is told by the minute', async (t) => {
  const subject = await createSubject(t)
  const { id, secret } = await make(subject, { name: 'a', role: 'read_only' })
  const used = async (expected: string) => {
    for (let tries = 0; tries < 100; tries++) {
      const { body } = await subject.call('GET', '/tokens')
      if (Object((body['data'] as unknown[])[0])['last_used_at'] === expected) return true
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return false
  }
  await callWith(subject, secret)('GET', '/keys')
  t.ok(await used('2026-01-15T12:00:00.000Z'), id)
  subject.clock.nowMs += 30_000
  await callWith(subject, secret)('GET', '/keys')
  t.ok(await used('2026-01-15T12:00:00.000Z'))
  subject.clock.nowMs += 60_000
  await callWith(subject, secret)('GET', '/keys')
  t.ok(await used('2026-01-15T12:01:30.000Z'))
})

void t.test('what an expiring token makes ends with it at the latest, and names it', async (t) => {
  const subject = await createSubject(t)
  const maker = await make(subject, { name: 'contractor', role: 'admin', expires_at: inAMonth })
  const call = callWith(subject, maker.secret)
  for (const [asked, expires_at] of [
    [undefined, inAMonth],
    [null, inAMonth],
    ['2027-01-01T00:00:00Z', inAMonth],
    ['2026-02-01T00:00:00Z', '2026-02-01T00:00:00.000Z'],
  ] as const) {
    t.match(await call('POST', '/tokens', { name: 'x', role: 'admin', expires_at: asked }), {
      status: 201,
      body: { expires_at, created_by: 'contractor', created_by_token_id: maker.id },
    })
  }
  t.match((await subject.call('GET', '/tokens?limit=1')).body, { data: [{ created_by_token_id: maker.id }] })
})

void t.test('what a token has begun goes no further than it may: an import, and an export', async (t) => {
  const subject: Subject = await createSubject(t, {
    // The first batch of an import is made.
    published: () => void (subject.clock.nowMs = Date.parse(inAMonth)),
  })
  const merchant = await makeMerchant(subject)
  subject.clock.nowMs = Date.parse('2026-01-20T00:00:00Z')
  const { secret } = await make(subject, { name: 'x', role: 'admin', expires_at: inAMonth })
  const authorization = `Bearer ${secret}`
  const lines = Array.from({ length: 150 }, (_, n) =>
    JSON.stringify(keyBody(merchant, { sha256: n.toString(16).padStart(64, '0'), last4: 'abcd' })),
  )
  const imported = await callWith(subject, secret)('POST', '/keys/import', lines.join('\n'), {
    'content-type': 'application/x-ndjson',
  })
  t.equal(imported.status, 401)
  t.match(await subject.db.query('SELECT count(*)::integer AS n FROM api_key'), [{ n: 100 }])

  await subject.db.query(
    `INSERT INTO audit (actor, action, target, after, request_id, at, revision)
     SELECT 'ann', 'deny.add', 'x', jsonb_build_object('note', repeat('x', 2000)), 'req_' || n, now(), 0
     FROM generate_series(1, 20000) n`,
  )
  subject.clock.nowMs = Date.parse('2026-01-20T00:00:00Z')
  await subject.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = subject.app.server.address() as AddressInfo
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const path = '/admin/v1/audit/export'
    get({ port, host: '127.0.0.1', path, headers: { authorization }, agent: false }, resolve).on(
      'error',
      reject,
    )
  })
  t.equal(answer.statusCode, 200)
  subject.clock.nowMs = Date.parse(inAMonth)
  await t.rejects(answer.toArray(), { code: 'ECONNRESET' })
})
