import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { createControlServer } from '../../src/control/server.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { callerOf, createSubject, depsOf, keyBody, makeKey, startMs, token } from './subject.ts'

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

void t.test('the probes show health without a token', async (t) => {
  let isReady = true
  const deps = depsOf({ db: null, ...world() })
  const app = createControlServer({
    ...deps,
    health: () => ({ ...deps.health(), isReady, configFault: 'line 3' }),
  })
  const ready = await app.inject('/readyz')
  t.same(ready.json(), {
    status: 'ok',
    table_sha256: 'ab'.repeat(32),
    postgres: 'up',
    redis: 'none',
    applied_revision: 7,
    config_fault: 'line 3',
  })
  t.match(ready.headers, { 'x-request-id': /^req_/ })
  isReady = false
  t.equal((await app.inject('/readyz')).statusCode, 503)
  t.equal((await app.inject('/livez')).statusCode, 200)
  const metrics = await app.inject('/metrics')
  t.match(metrics, { body: 'up 1\n', headers: { 'content-type': /^text\/plain; version=0\.0\.4/ } })
})

void t.test('a process without a database serves no admin API', async (t) => {
  const app = createControlServer(depsOf({ db: null, ...world() }))
  const response = await app.inject({ url: '/admin/v1/keys', headers: { authorization: `Bearer ${token}` } })
  t.match(response.json(), { error: { code: 'NOT_FOUND' } })
})

void t.test('with the database away every call is 503 with Retry-After', async (t) => {
  const db = createPostgres({ url: 'postgres://a@127.0.0.1:1/x', applicationName: 'test' })
  t.teardown(() => db.close())
  const call = callerOf(createControlServer(depsOf({ db, ...world() })))
  const id = 'key_000000000000'
  const answers = [
    await call('GET', '/keys'),
    await call('GET', `/keys/${id}`),
    await call('POST', '/merchants', { name: 'Acme' }),
    await call('POST', '/keys', keyBody('mer_000000000000')),
    await call('POST', `/keys/${id}/revoke`),
    await call('GET', '/audit'),
  ]
  for (const answer of answers) {
    t.match(answer, {
      status: 503,
      body: { error: { code: 'STORE_UNAVAILABLE' } },
      headers: { 'retry-after': '1' },
    })
  }
})

void t.test(
  'what is not JSON, too much of it, or another type is refused in the standard shape',
  async (t) => {
    const { app, call } = await createSubject(t)
    for (const text of ['{', '{"name":"a"} x', '[]', '"x"', 'null', '{"__proto__":{"name":"x"}}', '']) {
      const answer = await call('POST', '/merchants', text)
      t.match(answer, { status: 422, body: { error: { code: 'VALIDATION_FAILED' } } }, text)
    }
    t.match(await call('POST', '/merchants', { name: 'x'.repeat(70_000) }), {
      status: 413,
      body: { error: { code: 'BODY_TOO_LARGE' } },
    })
    t.match(
      await call('POST', '/merchants', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' }),
      {
        status: 422,
        body: { error: { details: [{ path: 'Content-Type' }] } },
      },
    )
    const malformed = await app.inject({
      url: '/admin/v1/keys/%zz',
      headers: { authorization: `Bearer ${token}` },
    })
    t.match(malformed, { statusCode: 400, headers: { 'x-request-id': /^req_/ } })
    t.match(malformed.json(), { error: { code: 'INVALID_PATH' } })
  },
)

void t.test('what nobody foresaw is 500, logged, and tells nothing', async (t) => {
  const { call, logged } = await createSubject(t, {
    instances: () => Promise.reject(new Error('inner workings')),
  })
  const answer = await call('GET', '/instances')
  t.match(answer, { status: 500, body: { error: { code: 'INTERNAL_ERROR' } } })
  t.notMatch(answer.text, 'inner workings')
  t.match(logged.join(''), 'inner workings')
})

void t.test('bytes that are no HTTP are answered in the standard shape', async (t) => {
  const { app } = await createSubject(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString()
  })
  socket.write('GET / HTTP/1.1\r\nHost : x\r\n\r\n')
  await once(socket, 'close')
  t.match(text, /^HTTP\/1\.1 400 [\s\S]*X-Request-Id: req_[\s\S]*"code":"BAD_REQUEST"/)
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
    `SELECT concat(query_to_xml('TABLE key_secret', true, true, ''), query_to_xml('TABLE audit', true, true, ''),
       query_to_xml('TABLE api_key', true, true, ''), query_to_xml('TABLE outbox', true, true, '')) AS dump`,
  )
  t.match(dump, id)
  t.notMatch(dump, secret)
})
