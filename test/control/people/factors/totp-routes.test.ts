// Contract 9.5: TOTP as second factor, with recovery codes.

import t from 'tap'
import { hash } from '@node-rs/argon2'
import { Secret, TOTP } from 'otpauth'
import { createSubject, type Subject } from '../../subject.ts'
import { makePerson, origin, sessionOf } from '../people.ts'

const password = 'correct horse battery'
const stored = await hash(password, { memoryCost: 8, timeCost: 1 })
const email = 'a@x.test'

type Headers = Readonly<Record<string, string>>

async function send(
  subject: Subject,
  what: string,
  { headers = {}, body }: { headers?: Headers; body?: unknown } = {},
) {
  const [method = '', url = ''] = what.split(' ')
  const response = await subject.app.inject({
    method: method as 'GET',
    url: url.startsWith('/admin') ? url : `/hub/v1${url}`,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  })
  return {
    status: response.statusCode,
    headers: response.headers,
    body: response.json<Record<string, unknown>>(),
  }
}

/** What an app shows. */
function appOf(secret: unknown) {
  const totp = new TOTP({ secret: Secret.fromBase32(String(secret)) })
  return (atMs: number) => totp.generate({ timestamp: atMs })
}

/** Somebody with a second factor in force. */
async function setUp(t: Parameters<typeof createSubject>[0]) {
  const subject = await createSubject(t)
  const id = await makePerson(subject.db, { email, operator: 'admin', password: stored })
  const headers = await sessionOf(subject, id)
  const begun = await send(subject, 'POST /account/totp', { headers, body: {} })
  const codeAt = appOf(begun.body['secret'])
  const confirmed = await send(subject, 'POST /account/totp/confirm', {
    headers,
    body: { code: codeAt(subject.clock.nowMs) },
  })
  const codes = confirmed.body['recovery_codes'] as readonly string[]
  // The code that confirmed it is used up.
  subject.clock.nowMs += 60_000
  const signIn = (totp?: string) =>
    send(subject, 'POST /session', { body: { email, password, ...(totp !== undefined && { totp }) } })
  return { subject, id, headers, secret: String(begun.body['secret']), codeAt, codes, signIn }
}

void t.test('it is asked for once it was confirmed, and not before', async (t) => {
  const subject = await createSubject(t)
  const id = await makePerson(subject.db, { email, operator: 'admin', password: stored })
  const headers = await sessionOf(subject, id)
  const other = await sessionOf(subject, id)
  const begun = await send(subject, 'POST /account/totp', { headers, body: {} })
  t.match(begun, { status: 200, body: { secret: /^[A-Z2-7]{32}$/, uri: /^otpauth:\/\/totp\/hub\.test:/ } })
  const signIn = () => send(subject, 'POST /session', { body: { email, password } })
  t.equal((await signIn()).status, 200)
  const wrong = await send(subject, 'POST /account/totp/confirm', { headers, body: { code: '000000' } })
  t.match(wrong, { status: 401, body: { error: { code: 'SIGN_IN_FAILED' } } })
  const code = appOf(begun.body['secret'])(subject.clock.nowMs)
  const confirmed = await send(subject, 'POST /account/totp/confirm', { headers, body: { code } })
  t.equal(confirmed.status, 200)
  t.equal(new Set(confirmed.body['recovery_codes'] as string[]).size, 10)
  t.equal((await signIn()).status, 401)
  // Whoever was signed in before without it is not any more, but for the one who has set it up.
  t.equal((await send(subject, 'GET /session', { headers: other })).status, 401)
  t.equal((await send(subject, 'GET /session', { headers })).status, 200)
  t.match((await send(subject, 'POST /account/totp', { headers, body: {} })).body, {
    error: { code: 'FACTOR_IN_FORCE' },
  })
})

void t.test('a right code lets in once, within a step of the clocks', async (t) => {
  const { subject, codeAt, signIn } = await setUp(t)
  const { nowMs } = subject.clock
  t.equal((await signIn(codeAt(nowMs + 60_000))).status, 401)
  const code = codeAt(nowMs)
  t.equal((await signIn(code)).status, 200)
  t.equal((await signIn(code)).status, 401)
  // One from before it is over with it.
  t.equal((await signIn(codeAt(nowMs - 30_000))).status, 401)
  const next = codeAt(nowMs + 30_000)
  t.equal((await signIn(`${next.slice(0, 3)} ${next.slice(3)}`)).status, 200)
})

void t.test('a clock a step behind or ahead lets in, one two steps away does not', async (t) => {
  for (const [steps, status] of [
    [-2, 401],
    [-1, 200],
    [0, 200],
    [1, 200],
    [2, 401],
  ] as const) {
    const { subject, codeAt, signIn } = await setUp(t)
    // At both ends of a step of ours.
    for (const within of [0, 29_999]) {
      const stepMs = 30_000
      subject.clock.nowMs = Math.ceil(subject.clock.nowMs / stepMs + 4) * stepMs + within
      const { status: seen } = await signIn(codeAt(subject.clock.nowMs + steps * stepMs))
      t.equal(seen, status, `${steps} steps, ${within} ms`)
    }
  }
})

void t.test('of one code that is sent many times at once one lets in', async (t) => {
  const { subject, codeAt, signIn } = await setUp(t)
  const code = codeAt(subject.clock.nowMs)
  const answers = await Promise.all([signIn(code), signIn(code), signIn(code)])
  t.same(answers.map(({ status }) => String(status)).toSorted(), ['200', '401', '401'])
})

void t.test('a missing, a wrong and a used code have the answer of a wrong password', async (t) => {
  const { subject, signIn, codeAt } = await setUp(t)
  const said = async (answer: ReturnType<typeof signIn>) => {
    const { status, body } = await answer
    const { request_id: _, ...error } = body['error'] as Record<string, unknown>
    return { status, error }
  }
  const wrong = await said(send(subject, 'POST /session', { body: { email, password: 'wrong' } }))
  const used = codeAt(subject.clock.nowMs)
  await signIn(used)
  for (const totp of [undefined, '', '000000', 'AAAA-BBBB-CCCC-DDDD', used])
    t.same(await said(signIn(totp)), wrong)
  const reasons = subject.logged.join('\n')
  t.match(reasons, 'second_factor_missing')
  t.match(reasons, 'wrong_code')
})

void t.test('codes cannot be tried without end, and a right one gives the tries back', async (t) => {
  const { subject, codeAt, signIn } = await setUp(t)
  for (let tries = 0; tries < 4; tries += 1) t.equal((await signIn('000000')).status, 401)
  t.equal((await signIn(codeAt(subject.clock.nowMs))).status, 200)
  for (let tries = 0; tries < 5; tries += 1) t.equal((await signIn('000000')).status, 401)
  subject.clock.nowMs += 30_000
  const over = await signIn(codeAt(subject.clock.nowMs))
  t.match(over, { status: 429, body: { error: { code: 'TOO_MANY_ATTEMPTS' } } })
  subject.clock.nowMs += 5 * 60_000
  t.equal((await signIn(codeAt(subject.clock.nowMs))).status, 200)
})

void t.test('a recovery code lets in once, and the audit has it', async (t) => {
  const { subject, id, codes, signIn, headers } = await setUp(t)
  const [first = '', second = ''] = codes
  t.equal((await signIn(first.toLowerCase())).status, 200)
  t.equal((await signIn(first)).status, 401)
  t.equal((await signIn(second.replaceAll('-', ''))).status, 200)
  const audit = await subject.call('GET', `/audit?target=${id}&action=operator.recovery_use`)
  t.match(audit.body['data'], [
    { action: 'operator.recovery_use', actor: email },
    { action: 'operator.recovery_use' },
  ])
  const security = await send(subject, 'GET /account/security', { headers })
  t.match(security.body, { totp: { enabled: true, recovery_codes_left: 8 } })
  const renewed = await send(subject, 'POST /account/recovery-codes', { headers, body: {} })
  t.equal((renewed.body['recovery_codes'] as string[]).length, 10)
  t.equal((await signIn(codes[2])).status, 401)
})

void t.test('nothing that is kept, logged or told later holds the secret or a code', async (t) => {
  const { subject, secret, codes, signIn, codeAt, headers } = await setUp(t)
  const code = codeAt(subject.clock.nowMs)
  await signIn(code)
  await signIn(codes[0])
  const rows = await subject.db.query<{ all: string }>(
    `SELECT (SELECT json_agg(x) FROM totp x)::text || (SELECT json_agg(x) FROM recovery_code x)::text
       || (SELECT json_agg(x) FROM audit x)::text AS all`,
  )
  const later = JSON.stringify((await send(subject, 'GET /account/security', { headers })).body)
  const all = [rows[0]?.all ?? '', ...subject.logged, later].join('\n')
  for (const text of [secret, code, ...codes.flatMap((one) => [one, one.replaceAll('-', '')])])
    t.notMatch(all, text)
})

void t.test('a secret that was moved to another account opens nothing', async (t) => {
  const { subject, id, codeAt, signIn } = await setUp(t)
  const other = await makePerson(subject.db, { email: 'b@x.test', operator: 'admin', password: stored })
  await subject.db.query(
    'INSERT INTO totp SELECT $2, secret, created_at, confirmed_at FROM totp WHERE person_id = $1',
    [...[id, other]],
  )
  const totp = codeAt(subject.clock.nowMs)
  t.equal((await send(subject, 'POST /session', { body: { email: 'b@x.test', password, totp } })).status, 401)
  t.match(subject.logged.join('\n'), 'cannot be opened')
  t.equal((await signIn(totp)).status, 200)
})

void t.test('by what an account is entered is changed with fresh proof alone', async (t) => {
  const { subject, headers, signIn, codeAt } = await setUp(t)
  subject.clock.nowMs += 10 * 60_000
  const remove = (body: object) => send(subject, 'DELETE /account/totp', { headers, body })
  t.match(await remove({}), { status: 403, body: { error: { code: 'REAUTHENTICATION_REQUIRED' } } })
  t.match(await remove({ password: 'wrong' }), { status: 401, body: { error: { code: 'SIGN_IN_FAILED' } } })
  for (const path of ['POST /account/totp', 'POST /account/recovery-codes'])
    t.equal((await send(subject, path, { headers, body: {} })).status, 403, path)
  t.equal((await signIn()).status, 401)
  t.equal((await remove({ password })).status, 401, 'the password alone is not who it is')
  t.equal((await remove({ password, totp: codeAt(subject.clock.nowMs) })).status, 200)
  t.equal((await signIn()).status, 200)
  t.equal((await send(subject, 'POST /account/recovery-codes', { headers, body: { password } })).status, 404)
  // Without the page's token none of it is done.
  const { 'x-csrf-token': _, ...bare } = headers
  t.match(await send(subject, 'POST /account/totp', { headers: { ...bare, origin }, body: {} }), {
    body: { error: { code: 'CSRF_REJECTED' } },
  })
})

void t.test('a new password leaves the second factor as it is', async (t) => {
  const { subject, headers, signIn, codeAt } = await setUp(t)
  const body = { current: password, password: 'another long passphrase' }
  const change = (totp?: string) =>
    send(subject, 'POST /account/password', { headers, body: { ...body, ...(totp && { totp }) } })
  t.equal((await change()).status, 401)
  t.equal((await change(codeAt(subject.clock.nowMs))).status, 200)
  subject.clock.nowMs += 60_000
  t.equal((await signIn(codeAt(subject.clock.nowMs))).status, 401)
  const now = { email, password: body.password }
  t.equal((await send(subject, 'POST /session', { body: now })).status, 401)
  const totp = codeAt(subject.clock.nowMs)
  t.equal((await send(subject, 'POST /session', { body: { ...now, totp } })).status, 200)
})
