// Contract 9: what people meet when something else goes wrong meanwhile.

import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { hash } from '@node-rs/argon2'
import { createControlServer } from '../../../src/control/server.ts'
import { createPostgres } from '../../../src/store/postgres.ts'
import { createDatabase } from '../../support/database.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'
import { createSubject, depsOf, keyBody, startMs, type Subject } from '../subject.ts'
import { makePerson, sessionOf } from './people.ts'

const password = 'correct horse battery'
const stored = await hash(password, { memoryCost: 8, timeCost: 1 })

void t.test(
  'Postgres that goes away in the midst of a sign-in: 503, no cookie, and the next one is in',
  async (t) => {
    const { db: direct, url } = await createDatabase(t)
    await makePerson(direct, { email: 'a@x.test', operator: 'admin', password: stored })
    const server = new URL(url)
    let goesAwayAt = ''
    let cut = Promise.resolve()
    const proxy = await startTcpProxy([Number(server.port)], {
      sent(bytes) {
        if (goesAwayAt === '' || !bytes.toString('latin1').includes(goesAwayAt)) return
        goesAwayAt = ''
        cut = proxy.set('refuse')
      },
    })
    server.port = String(proxy.port)
    server.hostname = '127.0.0.1'
    const db = createPostgres({ url: server.href, applicationName: 'latchkey-test' })
    const app = createControlServer(depsOf({ db, clock: { nowMs: startMs }, logged: [] }))
    t.teardown(async () => {
      await app.close()
      await db.close()
      await proxy.close()
    })
    const signIn = () =>
      app.inject({ method: 'POST', url: '/hub/v1/session', payload: { email: 'a@x.test', password } })
    t.equal((await signIn()).statusCode, 200)
    for (const place of [
      'INSERT INTO pace',
      'FROM person WHERE email',
      'DELETE FROM pace',
      'INSERT INTO hub_session',
      'COMMIT',
    ]) {
      goesAwayAt = place
      const response = await signIn()
      await cut
      t.match(response.json(), { error: { code: 'STORE_UNAVAILABLE' } }, place)
      t.equal(response.statusCode, 503, place)
      t.equal(response.headers['set-cookie'], undefined, place)
      t.equal((await signIn()).statusCode, 503, `${place}: while it is away`)
      await proxy.set('pass')
      t.equal((await signIn()).statusCode, 200, `${place}: when it is back`)
    }
  },
)

void t.test('a role that is taken away while a stream is open ends the stream', async (t) => {
  const subject = await createSubject(t)
  await subject.app.listen({ port: 0, host: '127.0.0.1' })
  const address: AddressInfo | string | null = subject.app.server.address()
  const port = Object(address)['port'] as number
  await subject.db.query(
    `INSERT INTO audit (actor, action, target, after, request_id, at, revision)
     SELECT 'ann', 'deny.add', repeat('x', 1000), '{}', 'req_' || n, now(), 0 FROM generate_series(1, 20000) n`,
  )
  for (const [action, body] of [
    ['', { role: 'read_only' }],
    ['/disable', {}],
  ] as const) {
    const id = await makePerson(subject.db, { operator: 'auditor' })
    const headers = await sessionOf(subject, id)
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: '/admin/v1/audit/export', headers }, resolve).on('error', reject)
    })
    t.equal(response.statusCode, 200)
    const ended = new Promise<void>((resolve) => response.on('error', () => undefined).on('close', resolve))
    // It is written as far as somebody reads: the first piece, and no more.
    await new Promise<void>((resolve) => response.once('readable', resolve))
    const changed = await subject.call(action === '' ? 'PATCH' : 'POST', `/operators/${id}${action}`, body)
    t.equal(changed.status, 200)
    response.on('data', () => undefined)
    await ended
    t.equal(response.complete, false, `${action} ended it`)
  }
})

async function memberOf(subject: Subject, role: 'admin' | 'viewer') {
  const merchant = String((await subject.call('POST', '/merchants', { name: 'Acme' })).body['id'])
  const id = await makePerson(subject.db, { roles: { [merchant]: role } })
  return { merchant, id, headers: await sessionOf(subject, id) }
}

async function by(subject: Subject, headers: Readonly<Record<string, string>>, what: string, body?: object) {
  const [method = '', path = ''] = what.split(' ')
  const url = path.startsWith('/hub') ? path : `/admin/v1${path}`
  const response = await subject.app.inject({
    method: method as 'GET',
    url,
    headers,
    ...(body && { payload: body }),
  })
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
}

void t.test('a member whose role is changed, or who is removed, is signed out of what it was', async (t) => {
  const subject = await createSubject(t)
  const { merchant, id, headers } = await memberOf(subject, 'admin')
  const member = `/merchants/${merchant}/members/${id}`
  t.equal((await by(subject, headers, 'POST /keys', keyBody(merchant))).status, 201)
  t.equal((await subject.call('PATCH', member, { role: 'viewer' })).status, 200)
  t.equal((await by(subject, headers, 'GET /keys')).status, 401)
  const again = await sessionOf(subject, id)
  t.equal((await by(subject, again, 'GET /keys')).status, 200)
  t.match(await by(subject, again, 'POST /keys', keyBody(merchant)), {
    status: 403,
    body: { error: { code: 'FORBIDDEN' } },
  })
  t.equal((await subject.call('DELETE', member)).status, 200)
  t.equal((await by(subject, again, 'GET /hub/v1/session')).status, 401)
  const third = await sessionOf(subject, id)
  t.match(await by(subject, third, 'GET /keys'), { status: 200, body: { data: [] } })
  t.equal((await by(subject, third, `GET /merchants/${merchant}`)).status, 404)
})

void t.test('a merchant that is suspended: its member goes on, and cannot resume it', async (t) => {
  const subject = await createSubject(t)
  const { merchant, headers } = await memberOf(subject, 'admin')
  const made = await by(subject, headers, 'POST /keys', keyBody(merchant))
  await subject.call('POST', `/merchants/${merchant}/suspend`)
  t.match((await by(subject, headers, 'GET /hub/v1/session')).body, {
    user: { merchants: [{ status: 'suspended' }] },
  })
  t.match((await by(subject, headers, `POST /keys/${String(made.body['id'])}/disable`)).status, 200)
  t.equal((await by(subject, headers, `POST /merchants/${merchant}/resume`)).status, 403)
})

void t.test(
  'of two people who edit one key at once one is told so, and nothing is overwritten',
  async (t) => {
    const subject = await createSubject(t)
    const { merchant, headers: first } = await memberOf(subject, 'admin')
    const second = await sessionOf(subject, await makePerson(subject.db, { roles: { [merchant]: 'admin' } }))
    const operator = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
    const made = await by(subject, first, 'POST /keys', keyBody(merchant))
    const path = `/keys/${String(made.body['id'])}`
    for (let round = 0; round < 5; round++) {
      const { body: seen } = await by(subject, first, `GET ${path}`)
      const revision = { 'if-match': `"${String(seen['revision'])}"` }
      // What asks for what is there already changes nothing, and is in nobody's way.
      const other = JSON.stringify(seen['permissions']).includes('refund') ? 'read' : 'refund'
      const edits = [
        by(subject, { ...first, ...revision }, `PATCH ${path}`, { name: `First ${round}` }),
        by(subject, { ...second, ...revision }, `PATCH ${path}`, { permissions: [`transaction.${other}`] }),
        by(subject, { ...operator, ...revision }, `PATCH ${path}`, { name: `Operator ${round}` }),
      ]
      const answers = await Promise.all(edits)
      t.same(
        answers.map(({ status }) => status).toSorted((a, b) => a - b),
        [200, 412, 412],
        `round ${round}`,
      )
      for (const { status, body } of answers)
        if (status === 412) t.match(body, { error: { code: 'REVISION_CONFLICT' } })
      const done = answers.find(({ status }) => status === 200)
      const { body: now } = await by(subject, first, `GET ${path}`)
      t.same(now, done?.body, 'it is what the one has made of it')
      // What the others would have changed is as it was.
      const changed = ['name', 'permissions'].filter(
        (name) => JSON.stringify(now[name]) !== JSON.stringify(seen[name]),
      )
      t.ok(changed.length <= 1, changed.join())
    }
  },
)

void t.test('hostile names and addresses come back as they are, or not in', async (t) => {
  const subject = await createSubject(t)
  const name = '<script>alert(1)</script> "‮'.replace('‮', '').trim()
  const merchant = String((await subject.call('POST', '/merchants', { name })).body['id'])
  const headers = await sessionOf(subject, await makePerson(subject.db, { roles: { [merchant]: 'viewer' } }))
  const signed = await subject.app.inject({ url: '/hub/v1/session', headers })
  t.match(signed.headers, {
    'content-type': 'application/json; charset=utf-8',
    'x-content-type-options': 'nosniff',
  })
  t.match(signed.json(), { user: { merchants: [{ name }] } })
  for (const email of [
    'x'.repeat(10_000),
    'a@x.test\r\nBcc: b@x.test',
    '<a@x.test>',
    'a@x.test\0',
    '‮a@x.test',
    7,
    null,
    {},
  ]) {
    const path = `/merchants/${merchant}/invitations`
    t.equal(
      (await subject.call('POST', path, { email, role: 'viewer' })).status,
      422,
      JSON.stringify(email).slice(0, 20),
    )
    t.equal(
      (await subject.call('POST', '/operators', { email })).status,
      422,
      JSON.stringify(email).slice(0, 20),
    )
  }
  for (const long of ['x'.repeat(10_000), '\u0301'.repeat(10_000), '\u{1f469}\u200d'.repeat(5_000)]) {
    t.equal((await subject.call('POST', '/merchants', { name: long })).status, 422)
    t.equal((await subject.call('POST', '/tokens', { name: long, role: 'admin' })).status, 422)
    t.equal((await by(subject, {}, 'POST /hub/v1/device', { name: long })).status, 422)
    t.equal((await by(subject, {}, 'POST /hub/v1/links', { token: long })).status, 422)
  }
  const long = await by(subject, {}, 'POST /hub/v1/session', { email: 'x'.repeat(10_000), password: 'x' })
  t.equal(long.status, 422)
  const longer = await by(subject, {}, 'POST /hub/v1/session', {
    email: 'a@x.test',
    password: 'x'.repeat(10_000),
  })
  t.equal(longer.status, 422)
  const userAgent = '\u00e9<b>'.repeat(500)
  const odd = await by(subject, { ...headers, 'user-agent': userAgent }, 'GET /hub/v1/account/sessions')
  t.equal(odd.status, 200)
})

void t.test(
  'the audit names who was signed in, by person and session, and a member sees its own',
  async (t) => {
    const subject = await createSubject(t)
    const { merchant, id, headers } = await memberOf(subject, 'admin')
    await by(subject, headers, 'POST /keys', keyBody(merchant, { reason: 'mine' }))
    await subject.call('POST', `/merchants/${merchant}/suspend`, { reason: 'theirs' })
    const whole = await subject.call('GET', '/audit?action=key.create')
    t.match(whole.body, {
      data: [
        {
          actor: /@people\.test$/,
          user_id: id,
          session_id: /^ses_/,
          token_id: null,
          reason: 'mine',
          client: '127.0.0.1',
        },
      ],
    })
    const own = await by(subject, headers, 'GET /audit')
    t.match(own.body, {
      data: [
        { action: 'merchant.suspend', actor: 'ann', user_id: null, client: null, reason: null },
        { action: 'key.create', user_id: id, session_id: /^ses_/, reason: 'mine' },
        { action: 'merchant.create' },
      ],
    })
  },
)
