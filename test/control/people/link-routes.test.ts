// Contract 9.2: what people do who come by a link, and what nobody learns by it.

import { hash } from '@node-rs/argon2'
import t from 'tap'
import { createSubject, type Subject } from '../subject.ts'
import { makePerson, origin } from './people.ts'

const password = 'correct horse battery'

async function hub(subject: Subject, what: string, body?: object, headers: Record<string, string> = {}) {
  const [method = '', path = ''] = what.split(' ')
  const url = `/hub/v1${path}`
  const response = await subject.app.inject({
    method: method as 'GET',
    url,
    headers,
    ...(body && { payload: body }),
  })
  return {
    status: response.statusCode,
    body: response.json<Record<string, unknown>>(),
    cookie: String(response.headers['set-cookie'] ?? '').split(';')[0] ?? '',
  }
}

function tokenIn(body: Record<string, unknown>): string {
  const { url }: { url?: unknown } = Object(body['link'])
  return String(url).split('#')[1] ?? ''
}

const signIn = (subject: Subject, email: string, said: string) =>
  hub(subject, 'POST /session', { email, password: said })

async function merchantOf(subject: Subject): Promise<string> {
  return String((await subject.call('POST', '/merchants', { name: 'Acme' })).body['id'])
}

void t.test('an operator is made, sets a password by the link, once, and signs in', async (t) => {
  const subject = await createSubject(t)
  const made = await subject.call('POST', '/operators', { email: 'Ann@x.test' })
  t.match(made, { status: 201, body: { email: 'ann@x.test', role: 'admin', status: 'invited', mail: null } })
  t.match(Object(made.body['link']), { url: /^http:\/\/hub\.test:8081\/set-password#lk_lnk_\w{38}$/ })
  const token = tokenIn(made.body)
  t.equal((await signIn(subject, 'ann@x.test', password)).status, 401, 'there is no password yet')
  t.match((await hub(subject, 'POST /links', { token })).body, {
    ...{ purpose: 'set_password', email: 'ann@x.test', merchant: null, role: null },
  })
  const weak = await hub(subject, 'POST /password', { token, password: 'ann@x.test' })
  t.match(weak, { status: 422, body: { error: { details: [{ path: '/password' }] } } })
  t.match(await hub(subject, 'POST /password', { token, password }), {
    status: 200,
    body: { email: 'ann@x.test' },
  })
  for (const path of ['/password', '/invitations/accept'])
    t.match(await hub(subject, `POST ${path}`, { token, password }), {
      ...{ status: 410, body: { error: { code: 'LINK_ENDED' } } },
    })
  t.match(await signIn(subject, 'ann@x.test', password), { status: 200, body: { user: { role: 'admin' } } })
  t.notMatch(JSON.stringify(await subject.db.query('SELECT * FROM audit')), /lk_lnk|argon2/)
  t.notMatch(subject.logged.join(''), /lk_lnk|lk_ses|argon2|horse/)
})

void t.test('a link ends after its time, with another one, and with the account', async (t) => {
  const subject = await createSubject(t)
  const made = await subject.call('POST', '/operators', { email: 'a@x.test' })
  const id = String(made.body['id'])
  const shows = async (token: string) => (await hub(subject, 'POST /links', { token })).status
  const second = tokenIn((await subject.call('POST', `/operators/${id}/link`)).body)
  t.equal(await shows(tokenIn(made.body)), 410)
  t.equal(await shows(second), 200)
  const before = subject.clock.nowMs
  subject.clock.nowMs += 24 * 3_600_000
  t.equal(await shows(second), 410)
  subject.clock.nowMs = before
  t.equal(await shows(second), 200)
  await subject.call('POST', `/operators/${id}/disable`)
  t.equal(await shows(second), 410)
  t.equal((await subject.call('POST', `/operators/${id}/link`)).status, 404)
  for (const token of ['x', 'lk_lnk_', `${second}x`, second.replace('lk_lnk_', 'lk_ses_'), '\0'])
    t.equal(await shows(token), 410, token)
})

void t.test('a new password ends all sessions, and begins one', async (t) => {
  const subject = await createSubject(t)
  const made = await subject.call('POST', '/operators', { email: 'a@x.test' })
  await hub(subject, 'POST /password', { token: tokenIn(made.body), password })
  const [one, two] = [
    await signIn(subject, 'a@x.test', password),
    await signIn(subject, 'a@x.test', password),
  ]
  const headers = { cookie: one.cookie, origin, 'x-csrf-token': String(one.body['csrf']) }
  const change = (current: string, next: string) =>
    hub(subject, 'POST /account/password', { current, password: next }, headers)
  t.match(await change('wrong horse battery', 'another horse battery'), {
    ...{ status: 401, body: { error: { code: 'SIGN_IN_FAILED' } } },
  })
  const changed = await change(password, 'another horse battery')
  t.match(changed, { status: 200, body: { user: { email: 'a@x.test' } } })
  t.not(changed.cookie, one.cookie)
  const status = async (cookie: string) => (await hub(subject, 'GET /session', undefined, { cookie })).status
  t.same([await status(one.cookie), await status(two.cookie), await status(changed.cookie)], [401, 401, 200])
  t.equal((await signIn(subject, 'a@x.test', password)).status, 401)
  t.equal((await signIn(subject, 'a@x.test', 'another horse battery')).status, 200)
})

void t.test('an invitation makes a member: anew, or with the account that there is', async (t) => {
  const subject = await createSubject(t)
  const [acme, other] = [await merchantOf(subject), await merchantOf(subject)]
  const invite = (merchant: string, email: string, role = 'viewer') =>
    subject.call('POST', `/merchants/${merchant}/invitations`, { email, role })
  const accept = (token: string, said: string) =>
    hub(subject, 'POST /invitations/accept', { token, password: said })
  const first = await invite(acme, 'bo@x.test', 'admin')
  t.match(await accept(tokenIn(first.body), password), {
    ...{ status: 200, body: { email: 'bo@x.test', merchant: { id: acme }, role: 'admin' } },
  })
  t.equal((await accept(tokenIn(first.body), password)).status, 410)
  const second = await invite(other, 'bo@x.test')
  t.match(await accept(tokenIn(second.body), 'some other password'), {
    ...{ status: 401, body: { error: { code: 'SIGN_IN_FAILED' } } },
  })
  t.equal((await accept(tokenIn(second.body), password)).status, 200)
  const { user } = (await signIn(subject, 'bo@x.test', password)).body
  t.match(user, { kind: 'member', role: null })
  const merchants: readonly Record<string, unknown>[] = Object(user)['merchants']
  t.same(
    new Set(merchants.map((one) => `${String(one['id'])} ${String(one['role'])}`)),
    new Set([`${acme} admin`, `${other} viewer`]),
  )
  t.match(
    await subject.db.query(`SELECT actor, target FROM audit WHERE action = 'member.join' ORDER BY id`),
    [
      { actor: 'bo@x.test', target: acme },
      { actor: 'bo@x.test', target: other },
    ],
  )
})

void t.test('whoever invites learns nothing of who has an account', async (t) => {
  const subject = await createSubject(t)
  const acme = await merchantOf(subject)
  await makePerson(subject.db, { email: 'operator@x.test', operator: 'admin' })
  const disabled = await makePerson(subject.db, { email: 'disabled@x.test', roles: {} })
  await subject.db.query('UPDATE person SET disabled_at = now() WHERE id = $1', [disabled])
  await makePerson(subject.db, { email: 'member@x.test', roles: { [acme]: 'viewer' } })
  const answers = []
  for (const email of ['nobody@x.test', 'operator@x.test', 'disabled@x.test', 'member@x.test']) {
    const { status, body } = await subject.call('POST', `/merchants/${acme}/invitations`, {
      email,
      role: 'viewer',
    })
    const token = tokenIn(body)
    const { body: shown } = await hub(subject, 'POST /links', { token })
    const { id: _, email: __, link: ___, ...invitation } = body
    answers.push({ status, invitation, shown: { ...shown, email: '' } })
  }
  for (const answer of answers) t.same(answer, answers[0])
})

void t.test('a forgotten password: one answer, and a mail to who has an account', async (t) => {
  let queued = 0
  const sessions = { idleMs: 3_600_000, absoluteMs: 7_200_000, commandLineMs: 3_600_000 }
  const mail = {
    publicUrl: 'http://hub.test:8081',
    path: '',
    sendsMail: true,
    mailQueued: () => (queued += 1),
  }
  const subject = await createSubject(t, { hub: { ...mail, sessions, oidc: [], pages: null } })
  await makePerson(subject.db, { email: 'a@x.test', operator: 'admin' })
  const disabled = await makePerson(subject.db, { email: 'b@x.test', operator: 'admin' })
  await subject.db.query('UPDATE person SET disabled_at = now() WHERE id = $1', [disabled])
  for (const email of ['nobody@x.test', 'b@x.test', 'no address', 'A@x.test'])
    t.same((await hub(subject, 'POST /password/reset', { email })).body, {}, email)
  while (queued === 0) await new Promise(setImmediate)
  t.same(await subject.db.query('SELECT kind, recipient FROM mail'), [
    { kind: 'reset', recipient: 'a@x.test' },
  ])
  for (let i = 0; i < 6; i++) await hub(subject, 'POST /password/reset', { email: 'a@x.test' })
  t.match(await hub(subject, 'POST /password/reset', { email: 'c@x.test' }), {
    ...{ status: 429, body: { error: { code: 'TOO_MANY_ATTEMPTS' } } },
  })
  while (queued < 3) await new Promise(setImmediate)
  t.equal((await subject.db.query('SELECT id FROM mail')).length, 3, 'no more than somebody would want')
})

void t.test('with mail nobody but the static token is shown a link', async (t) => {
  const sessions = { idleMs: 3_600_000, absoluteMs: 7_200_000, commandLineMs: 3_600_000 }
  const mail = { publicUrl: 'http://hub.test:8081', path: '', sendsMail: true, mailQueued: () => undefined }
  const subject = await createSubject(t, { hub: { ...mail, sessions, oidc: [], pages: null } })
  const acme = await merchantOf(subject)
  const made = await subject.call('POST', '/tokens', { name: 'ci', role: 'admin' })
  const authorization = `Bearer ${String(made.body['secret'])}`
  const body = { email: 'a@x.test', role: 'admin' }
  for (const path of ['/operators', `/merchants/${acme}/invitations`]) {
    const answer = await subject.call('POST', path, body, { authorization })
    t.match(answer, { status: 201, body: { link: null, mail: 'queued' } }, path)
    const own = await subject.call('POST', path, { ...body, email: 'b@x.test' })
    t.match(own, { status: 201, body: { link: { url: /#lk_lnk_/ }, mail: 'queued' } }, path)
  }
  t.equal((await subject.db.query('SELECT id FROM mail')).length, 4)
})

void t.test('who is removed comes back by no invitation that was left, nor by one of its own', async (t) => {
  const subject = await createSubject(t)
  const acme = await merchantOf(subject)
  const id = await makePerson(subject.db, { email: 'bo@x.test', roles: { [acme]: 'admin' } })
  for (const email of ['bo@x.test', 'second@x.test', 'cy@x.test'])
    await subject.call('POST', `/merchants/${acme}/invitations`, { email, role: 'admin' })
  await subject.db.query(`UPDATE invitation SET created_by = 'bo@x.test' WHERE email = 'second@x.test'`)
  await subject.call('DELETE', `/merchants/${acme}/members/${id}`)
  t.same(await subject.db.query('SELECT email FROM invitation'), [{ email: 'cy@x.test' }])
})

void t.test('a disabled account leaves no invitation that it made', async (t) => {
  const subject = await createSubject(t)
  const acme = await merchantOf(subject)
  const id = await makePerson(subject.db, { email: 'bo@x.test', roles: { [acme]: 'admin' } })
  for (const email of ['second@x.test', 'cy@x.test'])
    await subject.call('POST', `/merchants/${acme}/invitations`, { email, role: 'admin' })
  await subject.db.query(`UPDATE invitation SET created_by = 'bo@x.test' WHERE email = 'second@x.test'`)
  t.equal((await subject.call('POST', `/members/${id}/disable`)).status, 200)
  t.same(await subject.db.query('SELECT email FROM invitation'), [{ email: 'cy@x.test' }])
})

void t.test('who is a member already stays what it is, and the audit says nothing else', async (t) => {
  const subject = await createSubject(t)
  const acme = await merchantOf(subject)
  const stored = await hash(password, { memoryCost: 8, timeCost: 1 })
  await makePerson(subject.db, { email: 'bo@x.test', password: stored, roles: { [acme]: 'viewer' } })
  const body = { email: 'bo@x.test', role: 'admin' }
  const made = await subject.call('POST', `/merchants/${acme}/invitations`, body)
  const accept = await hub(subject, 'POST /invitations/accept', { token: tokenIn(made.body), password })
  t.match(accept, { status: 200, body: { role: 'viewer' } })
  t.same(await subject.db.query(`SELECT id FROM audit WHERE action = 'member.join'`), [])
  t.same(await subject.db.query('SELECT id FROM invitation'), [])
})

void t.test('a password by link ends the passkeys, and what was begun', async (t) => {
  const subject = await createSubject(t)
  const made = await subject.call('POST', '/operators', { email: 'a@x.test' })
  const id = String(made.body['id'])
  await subject.db.query(
    `INSERT INTO passkey (id, person_id, credential, public_key, counter, transports, name, created_at)
     VALUES ('pky_000000000001', $1, 'c', '\\x00', 0, '{}', 'laptop', now())`,
    [id],
  )
  await subject.db.query(`INSERT INTO totp (person_id, secret, created_at) VALUES ($1, 's', now())`, [id])
  const use = async () => {
    const { body } = await subject.call('POST', `/operators/${id}/link`)
    return (await hub(subject, 'POST /password', { token: tokenIn(body), password })).status
  }
  t.equal(await use(), 200)
  t.same(await subject.db.query('SELECT id FROM passkey'), [])
  t.same(await subject.db.query('SELECT person_id FROM totp'), [])
  await subject.db.query(
    `INSERT INTO totp (person_id, secret, created_at, confirmed_at) VALUES ($1, 's', now(), now())`,
    [id],
  )
  t.equal(await use(), 200)
  t.equal((await subject.db.query('SELECT person_id FROM totp')).length, 1, 'one in force stays')
})
