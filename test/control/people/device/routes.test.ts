// Contract 9.8: `latchkey login` as the server sees it. Codes are good once, for ten minutes, and by digests; what they give is one of
// the person's sessions.

import t from 'tap'
import { shownSecret } from '../../../../src/control/people/device/codes.ts'
import { generateSecret } from '../../../../src/credentials/secret.ts'
import type { Subject } from '../../subject.ts'
import { createSubject, keyBody, startMs } from '../../subject.ts'
import { makePerson, origin, sessionOf } from '../people.ts'

type Headers = Readonly<Record<string, string>>

async function post(subject: Subject, path: string, body: object, headers: Headers = {}) {
  const url = `/hub/v1/device${path}`
  const response = await subject.app.inject({ method: 'POST', url, headers, payload: body })
  return {
    status: response.statusCode,
    body: response.json<Record<string, unknown>>(),
    retryAfter: response.headers['retry-after'],
  }
}

async function begin(subject: Subject) {
  const { status, body } = await post(subject, '', { name: 'ann@desk' })
  if (status !== 200) throw new Error(JSON.stringify(body))
  return { device: String(body['device_code']), code: String(body['user_code']), body }
}

/** Asks as slowly as it may. */
async function take(subject: Subject, device: string) {
  subject.clock.nowMs += 5_000
  return post(subject, '/token', { device_code: device })
}

async function signedIn(subject: Subject, headers: Headers): Promise<Headers> {
  const { device, code } = await begin(subject)
  const allowed = await post(subject, '/approve', { user_code: code }, headers)
  if (allowed.status !== 200) throw new Error(JSON.stringify(allowed.body))
  const { body } = await take(subject, device)
  return { authorization: `Bearer ${String(body['token'])}` }
}

async function ask(subject: Subject, headers: Headers, what: string, body?: object) {
  const [method = '', path = ''] = what.split(' ')
  const response = await subject.app.inject({
    method: method as 'GET',
    url: path,
    headers,
    ...(body && { payload: body }),
  })
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
}

void t.test('a command line waits, is allowed once, and does what its person may', async (t) => {
  const subject = await createSubject(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'Acme' })).body['id'])
  const person = await makePerson(subject.db, { email: 'a@x.test', operator: 'support' })
  const headers = await sessionOf(subject, person)
  const { device, code, body } = await begin(subject)
  t.match(body, { url: 'http://hub.test:8081/device', expires_in: 600, interval: 5 })
  t.match(code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  t.match(await take(subject, device), { status: 202, body: {} })

  const typed = ` ${code.toLowerCase().replace('-', ' ')} `
  t.match(await post(subject, '/lookup', { user_code: typed }, headers), {
    status: 200,
    body: {
      user_code: code,
      name: 'ann@desk',
      client: '127.0.0.1',
      requested_at: '2026-01-15T12:00:00.000Z',
    },
  })
  t.equal((await post(subject, '/approve', { user_code: code }, headers)).status, 200)
  t.match(await post(subject, '/approve', { user_code: code }, headers), { status: 410 }, 'once')
  const taken = await take(subject, device)
  t.match(taken, {
    status: 200,
    body: { token: /^lk_cli_/, email: 'a@x.test', expires_at: '2026-01-16T00:00:10.000Z' },
  })
  t.match(await take(subject, device), { status: 410, body: { error: { code: 'LINK_ENDED' } } }, 'once')

  const as = { authorization: `Bearer ${String(taken.body['token'])}` }
  t.equal((await ask(subject, as, 'GET /admin/v1/merchants')).status, 200)
  t.match(await ask(subject, as, 'POST /admin/v1/keys', keyBody(merchant)), {
    status: 403,
    body: { error: { code: 'FORBIDDEN' } },
  })
  const [session] = await subject.db.query<{ userAgent: string; proofs: string[] }>(
    `SELECT user_agent AS "userAgent", proofs FROM hub_session WHERE 'device' = ANY(proofs)`,
  )
  t.same(session, { userAgent: 'latchkey login, ann@desk', proofs: ['password', 'device'] })
  t.match((await subject.call('GET', '/audit?action=operator.sign_in&limit=1')).body, {
    data: [{ actor: 'a@x.test', user_id: person, after: { proofs: ['password', 'device'] } }],
  })
})

void t.test('nothing of a code or token stands in the database', async (t) => {
  const subject = await createSubject(t)
  const headers = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  const { device, code } = await begin(subject)
  await post(subject, '/approve', { user_code: code }, headers)
  const dump = async () =>
    JSON.stringify([
      await subject.db.query('SELECT d::text FROM device_request d'),
      await subject.db.query('SELECT s::text FROM hub_session s'),
      await subject.db.query('SELECT a::text FROM audit a'),
    ])
  const before = await dump()
  const { body } = await take(subject, device)
  for (const secret of [device, code, code.replace('-', ''), String(body['token'])])
    t.notMatch(before + (await dump()), secret)
})

void t.test('what is refused, over, unknown or no code says the same, and gives nothing', async (t) => {
  const subject = await createSubject(t)
  const headers = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  const refused = await begin(subject)
  t.equal((await post(subject, '/deny', { user_code: refused.code }, headers)).status, 200)
  const ended = { status: 410, body: { error: { code: 'LINK_ENDED' } } }
  t.match(await post(subject, '/approve', { user_code: refused.code }, headers), ended, 'refused is refused')
  t.match(await take(subject, refused.device), ended)
  for (const text of ['lk_dev_nothing', refused.device.replace(/.$/, '!'), 'x'])
    t.match(await post(subject, '/token', { device_code: text }), ended)
  const late = await begin(subject)
  subject.clock.nowMs += 600_000
  t.match(await post(subject, '/lookup', { user_code: late.code }, headers), ended)
  t.match(await post(subject, '/approve', { user_code: late.code }, headers), ended)
  t.match(await take(subject, late.device), ended)
  const allowedLate = await begin(subject)
  await post(subject, '/approve', { user_code: allowedLate.code }, headers)
  subject.clock.nowMs += 600_000
  t.match(await take(subject, allowedLate.device), ended, 'allowed, and not asked for in time')
})

void t.test('codes are guessed slowly, and a right one costs no try', async (t) => {
  const subject = await createSubject(t)
  const headers = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  const { code } = await begin(subject)
  const guess = () => post(subject, '/lookup', { user_code: 'BBBB-BBBB' }, headers)
  const right = () => post(subject, '/lookup', { user_code: code }, headers)
  for (let i = 0; i < 9; i++) t.equal((await guess()).status, 410)
  for (let i = 0; i < 3; i++) t.equal((await right()).status, 200, 'it is given back')
  t.equal((await guess()).status, 410)
  t.match(await right(), { status: 429, body: { error: { code: 'TOO_MANY_ATTEMPTS' } } })
  const other = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  t.equal(
    (await post(subject, '/lookup', { user_code: code }, other)).status,
    200,
    'another person has its own',
  )
})

void t.test('who asks too soon is told to wait, longer each time, and gets it all the same', async (t) => {
  const subject = await createSubject(t)
  const headers = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  const { device, code } = await begin(subject)
  const poll = () => post(subject, '/token', { device_code: device })
  t.equal((await poll()).status, 202)
  t.match(await poll(), { status: 429, retryAfter: '10' })
  t.match(await poll(), { status: 429, retryAfter: '15' })
  await post(subject, '/approve', { user_code: code }, headers)
  subject.clock.nowMs += 14_000
  t.match(await poll(), { status: 429, retryAfter: '20' }, 'too soon is too soon')
  subject.clock.nowMs += 20_000
  t.equal((await poll()).status, 200)
})

void t.test('an address begins only so many', async (t) => {
  const subject = await createSubject(t)
  const statuses = new Map<number, number>()
  for (let i = 0; i < 40; i++) {
    const { status } = await post(subject, '', { name: 'x' })
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  t.same(Object.fromEntries(statuses), { 200: 30, 429: 10 })
})

void t.test('only a page of ours, of somebody signed in, answers', async (t) => {
  const subject = await createSubject(t)
  const headers = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  const { code, device } = await begin(subject)
  const { origin: _, ...noOrigin } = headers
  const { 'x-csrf-token': __, ...noToken } = headers
  for (const path of ['/lookup', '/approve', '/deny']) {
    t.equal((await post(subject, path, { user_code: code })).status, 401, 'nobody')
    t.equal((await post(subject, path, { user_code: code }, noOrigin)).status, 403)
    t.equal((await post(subject, path, { user_code: code }, noToken)).status, 403)
    const foreign = { ...headers, origin: 'https://elsewhere.example' }
    t.equal((await post(subject, path, { user_code: code }, foreign)).status, 403)
  }
  t.equal((await take(subject, device)).status, 202, 'nothing has come of it')
  const foreign = { origin: 'https://elsewhere.example' }
  t.equal((await post(subject, '', { name: 'x' }, foreign)).status, 403, 'nor does a page of others begin')
  const as = await signedIn(subject, headers)
  t.equal((await post(subject, '/approve', { user_code: code }, as)).status, 401, 'no token allows another')
})

void t.test('it ends with what ends the sessions of its person', async (t) => {
  const subject = await createSubject(t)
  for (const [action, body] of [
    ['PATCH', { role: 'read_only' }],
    ['POST /disable', {}],
    ['POST /reset-factors', {}],
  ] as const) {
    const id = await makePerson(subject.db, { operator: 'admin' })
    const as = await signedIn(subject, await sessionOf(subject, id))
    t.equal((await ask(subject, as, 'GET /admin/v1/keys')).status, 200)
    // One that was allowed before, and is asked for after.
    const pending = await begin(subject)
    const headers = await sessionOf(subject, id)
    t.equal((await post(subject, '/approve', { user_code: pending.code }, headers)).status, 200)
    const [method = '', path = ''] = action.split(' ')
    t.equal((await subject.call(method as 'POST', `/operators/${id}${path}`, body)).status, 200)
    t.match(
      await ask(subject, as, 'GET /admin/v1/keys'),
      { status: 401, body: { error: { code: 'UNAUTHORIZED' } } },
      action,
    )
    t.equal((await take(subject, pending.device)).status, 410, `${action}: and whoever was allowed before`)
  }
})

void t.test('it ends in its time, unused, and by whoever has it', async (t) => {
  const sessions = { idleMs: 3_600_000, absoluteMs: 72_000_000, commandLineMs: 7_200_000 }
  const subject = await createSubject(t, {
    hub: {
      ...{ publicUrl: origin, path: '', sessions, sendsMail: false, oidc: [], pages: null },
      mailQueued: () => undefined,
    },
  })
  const id = await makePerson(subject.db, { operator: 'admin' })
  const isIn = async (as: Headers) => (await ask(subject, as, 'GET /admin/v1/keys')).status === 200
  subject.clock.nowMs = startMs
  const used = await signedIn(subject, await sessionOf(subject, id))
  const unused = await signedIn(subject, await sessionOf(subject, id))
  subject.clock.nowMs = startMs + 3_000_000
  t.equal(await isIn(used), true)
  await subject.db.query('UPDATE hub_session SET last_used_at = $1 WHERE proofs @> $2 AND created_at < $3', [
    new Date(subject.clock.nowMs),
    ['device'],
    new Date(startMs + 6_000),
  ])
  subject.clock.nowMs = startMs + 4_000_000
  t.equal(await isIn(unused), false, 'unused for an hour')
  t.equal(await isIn(used), true)
  subject.clock.nowMs = startMs + 7_206_000
  t.equal(await isIn(used), false, 'after two hours, used or not')

  subject.clock.nowMs = startMs
  const ended = await signedIn(subject, await sessionOf(subject, id))
  t.equal(await isIn(ended), true)
  const token = String(ended['authorization']).slice('Bearer '.length)
  t.same((await post(subject, '/end', { token })).body, {})
  t.equal(await isIn(ended), false)
  t.equal((await post(subject, '/end', { token })).status, 200, 'the same answer again')
  t.equal((await post(subject, '/end', { token: 'lk_cli_nothing' })).status, 200, 'and of what never was one')
})

void t.test('a token is no cookie, and a cookie no token', async (t) => {
  const subject = await createSubject(t)
  const headers = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  const as = await signedIn(subject, headers)
  const token = String(as['authorization']).slice('Bearer '.length)
  const cookie = `latchkey-session=${token}`
  t.equal((await ask(subject, { cookie }, 'GET /hub/v1/session')).status, 401)
  t.equal((await ask(subject, { cookie }, 'GET /admin/v1/keys')).status, 401)
  const session = String(headers['cookie']).split('=')[1] ?? ''
  const bearer = { authorization: `Bearer ${session}` }
  t.equal((await ask(subject, bearer, 'GET /admin/v1/keys')).status, 401)
})

void t.test('a member does by it what it may in its merchants, and sees nothing of others', async (t) => {
  const subject = await createSubject(t)
  const [own = '', viewed = '', other = ''] = await Promise.all(
    ['Own', 'Viewed', 'Other'].map(async (name) =>
      String((await subject.call('POST', '/merchants', { name })).body['id']),
    ),
  )
  const id = await makePerson(subject.db, { roles: { [own]: 'admin', [viewed]: 'viewer' } })
  const as = await signedIn(subject, await sessionOf(subject, id))
  const make = async (merchant: string) =>
    (await ask(subject, as, 'POST /admin/v1/keys', keyBody(merchant))).status
  t.same([await make(own), await make(viewed), await make(other)], [201, 403, 422])
  t.match((await ask(subject, as, 'GET /admin/v1/merchants')).body, {
    data: [{ id: viewed }, { id: own }].toSorted((a, b) => (a.id < b.id ? 1 : -1)),
  })
  t.equal((await ask(subject, as, `GET /admin/v1/merchants/${other}`)).status, 404)
})

void t.test(
  'it comes from everywhere, as sessions do, and wrong ones are held back as guesses are',
  async (t) => {
    const subject = await createSubject(t, { adminFrom: ['10.0.0.0/8'] })
    const headers = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
    const as = await signedIn(subject, headers)
    t.equal((await ask(subject, as, 'GET /admin/v1/keys')).status, 200)
    await subject.db.query(`DELETE FROM hub_session WHERE 'device' = ANY(proofs)`)
    let closes = 0
    for (let i = 0; i < 12; i++) {
      const response = await subject.app.inject({ url: '/admin/v1/keys', headers: as })
      t.equal(response.statusCode, 401)
      if (response.headers.connection === 'close') closes += 1
    }
    t.equal(closes, 2)
  },
)

void t.test('an address that asks with what is none asks less and less, and others as before', async (t) => {
  const subject = await createSubject(t)
  const headers = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  const { device } = await begin(subject)
  const ended = await begin(subject)
  await post(subject, '/deny', { user_code: ended.code }, headers)
  for (const [path, body] of [
    ['/token', { device_code: ended.device }],
    ['/end', { token: generated('lk_cli_') }],
  ] as const) {
    const statuses: number[] = []
    for (let i = 0; i < 22; i++) statuses.push((await post(subject, path, body)).status)
    const said = path === '/token' ? 410 : 200
    t.same(statuses, [...Array<number>(20).fill(said), 429, 429], path)
    t.equal((await take(subject, device)).status, 429, 'of that address even one that is good')
    subject.clock.nowMs += 20 * 6_000
    t.equal((await take(subject, device)).status, 202, 'after a while it is asked again')
  }
})

function generated(prefix: string): string {
  return shownSecret(generateSecret(prefix))
}
