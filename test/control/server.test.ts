// Contract 8.

import { Agent, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createControlServer } from '../../src/control/server.ts'
import { createSubject, depsOf, makeKey, startMs, token } from './subject.ts'

const world = () => ({ clock: { nowMs: startMs }, logged: [] })

void t.test('without a token, and with a wrong one, every path of the admin API is 401', async (t) => {
  const { app, call } = await createSubject(t)
  for (const url of ['/admin/v1/keys', '/admin/v1/nowhere', '/admin/v1']) {
    const response = await app.inject({ url, headers: { authorization: 'Bearer wrong' } })
    t.equal(response.statusCode, 401, url)
    t.match(response.json(), { error: { code: 'UNAUTHORIZED', request_id: /^req_/ } })
    t.match(response.headers, { 'x-request-id': /^req_/, 'www-authenticate': /^Bearer/ })
  }
  t.match(await call('GET', '/nowhere'), { status: 404, body: { error: { code: 'NOT_FOUND' } } })
  t.match(await app.inject({ url: '/admin' }), { statusCode: 404 })
})

void t.test('from another address the admin API is 403, the probes are served', async (t) => {
  const { app } = await createSubject(t)
  const headers = { authorization: `Bearer ${token}` }
  const remoteAddress = '192.0.2.1'
  const response = await app.inject({ url: '/admin/v1/keys', headers, remoteAddress })
  t.match(response.json(), { error: { code: 'FORBIDDEN' } })
  for (const url of ['/livez', '/readyz', '/metrics']) {
    t.equal((await app.inject({ url, remoteAddress })).statusCode, 200)
  }
})

void t.test('a process without a database serves no admin API', async (t) => {
  const app = createControlServer(depsOf({ db: null, ...world() }))
  const response = await app.inject({ url: '/admin/v1/keys', headers: { authorization: `Bearer ${token}` } })
  t.match(response.json(), { error: { code: 'NOT_FOUND' } })
})

void t.test('the server closes at once though a client keeps its connection', async (t) => {
  let answerHealth: () => void = () => undefined
  const deps = depsOf({ db: null, ...world() })
  const app = createControlServer({
    ...deps,
    metrics: () =>
      new Promise((resolve) => {
        answerHealth = () => resolve('late\n')
      }),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const { port } = app.server.address() as AddressInfo
  const answered = new Promise((resolve) =>
    get({ port, host: '127.0.0.1', path: '/metrics', agent }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.headers.connection))
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, 100))
  const begin = Date.now()
  const closed = app.close()
  setTimeout(answerHealth, 50)
  t.equal(await answered, 'close')
  await closed
  t.ok(Date.now() - begin < 1000)
})

void t.test('the log tells who did what, and no token, secret or digest', async (t) => {
  const subject = await createSubject(t)
  const { id, secret } = await makeKey(subject)
  const rotated = await subject.call('POST', `/keys/${id}/rotate`)
  await subject.call('POST', '/keys', '{"name":')
  const text = subject.logged.join('')
  t.match(text, /"actor":"ann","method":"POST","route":"\/admin\/v1\/keys","status":201/)
  for (const hidden of [secret, String(rotated.body['secret']), token]) t.notMatch(text, hidden)
  const [{ dump } = { dump: '' }] = await subject.db.query<{ dump: string }>(
    `SELECT concat((SELECT json_agg(r) FROM key_secret r), (SELECT json_agg(r) FROM audit r),
       (SELECT json_agg(r) FROM api_key r), (SELECT json_agg(r) FROM outbox r)) AS dump`,
  )
  t.match(dump, id)
  t.notMatch(dump, secret)
})

void t.test('the log names its fields as the access log of the gateway does', async (t) => {
  const { call, logged } = await createSubject(t)
  const { headers } = await call('GET', '/merchants')
  const line: unknown = JSON.parse(logged.at(-1) ?? '{}')
  t.match(line, { msg: 'admin request', request_id: headers['x-request-id'], duration_ms: Number })
  t.same(
    Object.keys(Object(line)).filter((name) => /[A-Z]/.test(name)),
    [],
  )
})

void t.test('a body that is no UTF-8 is refused, and never kept as something else', async (t) => {
  const { app, call, db } = await createSubject(t)
  const bodies = {
    'a lone continuation byte': [0x80],
    'a cut sequence': [0xc3],
    'an overlong slash': [0xc0, 0xaf],
    'a surrogate': [0xed, 0xa0, 0x80],
    'beyond Unicode': [0xf4, 0x90, 0x80, 0x80],
    'Latin-1': [0xe9],
  }
  for (const [what, bytes] of Object.entries(bodies)) {
    const payload = Buffer.concat([Buffer.from('{"name":"a'), Buffer.from(bytes), Buffer.from('b"}')])
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await app.inject({ method: 'POST', url: '/admin/v1/merchants', headers, payload })
    t.equal(answer.statusCode, 422, what)
    t.match(answer.json(), {
      error: { code: 'VALIDATION_FAILED', details: [{ path: '', message: 'must be JSON in UTF-8' }] },
    })
  }
  t.same(await db.query('SELECT id FROM merchant'), [])
  t.match(await call('POST', '/merchants', '\ufeff{"name":"a"}'), { status: 201 })
})

void t.test('a body with a fault in every byte has an answer of a size that can be read', async (t) => {
  const { call } = await createSubject(t)
  const permissions = Array.from({ length: 30_000 }, () => 1)
  const { status, body } = await call('POST', '/keys', { permissions })
  t.equal(status, 422)
  t.equal((body['error'] as { details: unknown[] }).details.length, 100)
})
