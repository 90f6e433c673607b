import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { createControlServer } from '../../src/control/server.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { callerOf, createSubject, depsOf, keyBody, startMs, token } from './subject.ts'

const world = () => ({ clock: { nowMs: startMs }, logged: [] })

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
