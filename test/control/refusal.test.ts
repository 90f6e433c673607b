import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { createControlServer } from '../../src/control/server.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createPostgres, openSession, type Postgres } from '../../src/store/postgres.ts'
import { createDatabase } from '../support/database.ts'
import { startPostgres } from '../support/postgres-service.ts'
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

void t.test(
  'a commit that waits for a standby is not said to be nothing, and its repeat finds it',
  async (t) => {
    const postgres = await startPostgres()
    t.teardown(() => postgres.stop())
    await migrate({ url: postgres.url, applicationName: 'test' })
    const db = createPostgres({ url: postgres.url, applicationName: 'test' })
    t.teardown(() => db.close())
    const call = callerOf(createControlServer(depsOf({ db, ...world() })))
    const merchant = await call('POST', '/merchants', { name: 'Acme' })
    const key = await call('POST', '/keys', keyBody(String(merchant.body['id'])))
    const path = `/keys/${String(key.body['id'])}`
    await waitForStandby(db, 'nobody')
    const answer = await call('POST', `${path}/revoke`, undefined, { 'idempotency-key': 'once' })
    t.match(answer, {
      status: 503,
      headers: { 'retry-after': '1' },
      body: {
        error: {
          code: 'OUTCOME_UNKNOWN',
          details: [{ message: new RegExp(`GET /admin/v1${path} .*Idempotency-Key`) }],
        },
      },
    })
    // What takes no Idempotency-Key is not said to be safe to repeat.
    const token = await call('POST', '/tokens', { name: 'night-desk', role: 'support' })
    t.match(token, { status: 503, body: { error: { code: 'OUTCOME_UNKNOWN' } } })
    t.match(JSON.stringify(token.body), /GET \/admin\/v1\/tokens tells .* revoke that one first/)
    await waitForStandby(db, '')
    while ((await call('GET', path)).body['status'] !== 'revoked')
      await new Promise((resolve) => setTimeout(resolve, 20))
    t.match(await call('POST', `${path}/revoke`, undefined, { 'idempotency-key': 'once' }), {
      status: 200,
      headers: { 'idempotency-replayed': 'true' },
      body: { status: 'revoked' },
    })
  },
)

async function waitForStandby(db: Postgres, name: string): Promise<void> {
  await db.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`)
  await db.query('SELECT pg_reload_conf()')
  const shown = () =>
    db.query<{ value: string }>(`SELECT current_setting('synchronous_standby_names') AS value`)
  while ((await shown())[0]?.value !== name) await new Promise((resolve) => setTimeout(resolve, 10))
}

void t.test('a list that takes too long says so, and not that the database is away', async (t) => {
  const { url } = await createDatabase(t)
  const db = createPostgres({ url, applicationName: 'test', queryTimeoutMs: 300 })
  t.teardown(() => db.close())
  const holder = await openSession({ url, applicationName: 'holder' })
  t.teardown(() => holder.close())
  await holder.query('BEGIN')
  await holder.query('LOCK TABLE api_key')
  const call = callerOf(createControlServer(depsOf({ db, ...world() })))
  t.match(await call('GET', '/keys'), {
    status: 503,
    headers: { 'retry-after': '1' },
    body: { error: { code: 'QUERY_TOO_SLOW' } },
  })
})

void t.test("a name that the database's encoding cannot hold is the caller's to mend", async (t) => {
  const { db, url } = await createDatabase(t)
  const name = `latin_${process.pid}_${Date.now()}`
  await db.query(`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
  t.teardown(() => db.query(`DROP DATABASE ${name} WITH (FORCE)`).then(() => undefined))
  const latin = new URL(url)
  latin.pathname = `/${name}`
  await migrate({ url: latin.href, applicationName: 'test' })
  const own = createPostgres({ url: latin.href, applicationName: 'test' })
  const call = callerOf(createControlServer(depsOf({ db: own, ...world() })))
  t.match(await call('POST', '/merchants', { name: 'Zoë' }), { status: 201, body: { name: 'Zoë' } })
  t.match(await call('POST', '/merchants', { name: '日本' }), {
    status: 422,
    body: { error: { code: 'VALIDATION_FAILED', details: [{ message: /encoding/ }] } },
  })
  await own.close()
})

void t.test('what the database says is in the log, with what to do about it', async (t) => {
  const logged: string[] = []
  const db = createPostgres({ url: 'postgres://a@127.0.0.1:1/x', applicationName: 'test' })
  t.teardown(() => db.close())
  await callerOf(createControlServer(depsOf({ db, clock: { nowMs: startMs }, logged })))('GET', '/keys')
  t.match(logged.join(''), /ECONNREFUSED.*nobody listens where DATABASE_URL leads/)
})
