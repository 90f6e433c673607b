// Contract 9 and 9.1: signing in and out, over HTTP.

import t from 'tap'
import { hash } from '@node-rs/argon2'
import type { LightMyRequestResponse } from 'fastify'
import { createSubject, startMs, type Subject } from '../subject.ts'
import { makePerson, origin } from './people.ts'

const password = 'correct horse battery'
// Quickly made; what is stored says how it was.
const stored = await hash(password, { memoryCost: 8, timeCost: 1 })

interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

async function send(subject: Subject, what: string, { headers = {}, body }: Sent = {}) {
  const [method = '', url = ''] = what.split(' ')
  return subject.app.inject({
    method: method as 'GET',
    url,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  })
}

const begin = 'POST /hub/v1/session'

function cookieOf(response: LightMyRequestResponse): string {
  return String(response.headers['set-cookie']).split(';')[0] ?? ''
}

async function signedIn(subject: Subject, email: string) {
  const response = await send(subject, begin, { body: { email, password } })
  const { csrf } = response.json<{ csrf: string }>()
  return { response, headers: { cookie: cookieOf(response), 'x-csrf-token': csrf, origin } }
}

function without(response: LightMyRequestResponse): unknown {
  const { error } = response.json<{ error: Record<string, unknown> }>()
  const { request_id: _, ...said } = error
  const headers = Object.entries(response.headers).filter(
    ([name]) => name !== 'x-request-id' && name !== 'date',
  )
  return { status: response.statusCode, said, headers }
}

void t.test('a member signs in, is told who it is, and signs out', async (t) => {
  const subject = await createSubject(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'Acme' })).body['id'])
  await makePerson(subject.db, { email: 'bo@acme.test', password: stored, roles: { [merchant]: 'admin' } })
  const { response, headers } = await signedIn(subject, 'Bo@Acme.test')
  t.equal(response.statusCode, 200)
  t.match(
    response.headers['set-cookie'],
    /^latchkey-session=lk_ses_\w+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
  )
  const told = {
    user: {
      email: 'bo@acme.test',
      kind: 'member',
      role: null,
      merchants: [{ id: merchant, name: 'Acme', status: 'active', role: 'admin' }],
    },
    csrf: /^[\w-]{43}$/,
  }
  t.match(response.json(), told)
  t.match((await send(subject, 'GET /hub/v1/session', { headers })).json(), told)
  t.equal((await send(subject, 'GET /admin/v1/keys', { headers })).statusCode, 200)
  const ended = await send(subject, 'DELETE /hub/v1/session', { headers })
  t.match(ended.headers['set-cookie'], /^latchkey-session=; Path=\/; Max-Age=0; HttpOnly; SameSite=Strict$/)
  for (const path of ['/hub/v1/session', '/admin/v1/keys'])
    t.match(
      (await send(subject, `GET ${path}`, { headers })).json(),
      { error: { code: 'UNAUTHORIZED' } },
      path,
    )
  t.same(await subject.db.query('SELECT id FROM hub_session'), [])
})

void t.test('every cause of a refusal has the same answer; the log has the cause', async (t) => {
  const subject = await createSubject(t)
  const make = (email: string, more = {}) => makePerson(subject.db, { email, operator: 'admin', ...more })
  await make('right@x.test', { password: stored })
  const disabled = await make('disabled@x.test', { password: stored })
  await subject.db.query('UPDATE person SET disabled_at = now() WHERE id = $1', [disabled])
  const invited = await make('invited@x.test')
  await subject.db.query('UPDATE person SET password = NULL, password_at = NULL WHERE id = $1', [invited])
  const causes = [
    ['nobody@x.test', password, 'unknown_account'],
    ['no address', password, 'unknown_account'],
    ['\0@x.test', password, 'unknown_account'],
    ['right@x.test', 'wrong horse battery', 'wrong_password'],
    ['disabled@x.test', password, 'account_disabled'],
    ['disabled@x.test', 'wrong horse battery', 'wrong_password'],
    ['invited@x.test', password, 'no_password'],
  ] as const
  const answers = []
  for (const [email, said, reason] of causes) {
    const response = await send(subject, begin, { body: { email, password: said } })
    t.match(subject.logged.at(-1), `"reason":"${reason}"`)
    answers.push(without(response))
  }
  t.match(answers[0], { status: 401, said: { code: 'SIGN_IN_FAILED' } })
  for (const answer of answers) t.same(answer, answers[0])
  t.notMatch(subject.logged.join(''), /horse|x\.test/)
})

void t.test('a session ends when it is not used, and however much it is used', async (t) => {
  const subject = await createSubject(t)
  await makePerson(subject.db, { email: 'a@x.test', operator: 'admin', password: stored })
  const { headers } = await signedIn(subject, 'a@x.test')
  const hourMs = 3_600_000
  const status = async () => (await send(subject, 'GET /hub/v1/session', { headers })).statusCode
  const used = async () =>
    (
      await subject.db.query<{ at: number }>(
        'SELECT (extract(epoch FROM last_used_at) * 1000)::bigint AS at FROM hub_session',
      )
    )[0]?.at
  for (let hours = 11; hours < 7 * 24; hours += 11) {
    subject.clock.nowMs = startMs + hours * hourMs
    t.equal(await status(), 200, `after ${hours} hours`)
    while ((await used()) !== subject.clock.nowMs);
  }
  subject.clock.nowMs = startMs + 7 * 24 * hourMs
  t.equal(await status(), 401)
  subject.clock.nowMs = startMs
  const other = await signedIn(subject, 'a@x.test')
  subject.clock.nowMs = startMs + 12 * hourMs
  t.equal((await send(subject, 'GET /hub/v1/session', { headers: other.headers })).statusCode, 401)
})

void t.test('what changes something needs the token of the session and an Origin of ours', async (t) => {
  const subject = await createSubject(t)
  await makePerson(subject.db, { email: 'a@x.test', operator: 'admin', password: stored })
  const { headers } = await signedIn(subject, 'a@x.test')
  const { cookie, 'x-csrf-token': csrf } = headers
  const other = (await signedIn(subject, 'a@x.test')).headers
  const refused = [
    { cookie },
    { cookie, 'x-csrf-token': csrf },
    { cookie, origin },
    { cookie, 'x-csrf-token': '', origin },
    { cookie, 'x-csrf-token': other['x-csrf-token'], origin },
    { cookie, 'x-csrf-token': csrf, origin: 'null' },
    { cookie, 'x-csrf-token': csrf, origin: 'http://evil.test' },
    { cookie, 'x-csrf-token': csrf, origin: `${origin}.evil.test` },
    { cookie, 'x-csrf-token': csrf, origin: origin.replace('http:', 'https:') },
    { cookie, 'x-csrf-token': csrf, origin: origin.replace('8081', '8082') },
  ]
  const changes = [
    ['POST /admin/v1/merchants', { name: 'New' }],
    ['DELETE /hub/v1/session', undefined],
    ['POST /hub/v1/account/password', { current: password, password: 'another horse battery' }],
    ['DELETE /hub/v1/account/sessions', undefined],
  ] as const
  for (const [what, body] of changes) {
    for (const tried of refused) {
      const response = await send(subject, what, { headers: tried, body })
      t.match(response.json(), { error: { code: 'CSRF_REJECTED' } }, `${what} ${JSON.stringify(tried)}`)
      t.equal(response.statusCode, 403)
    }
  }
  t.same(await subject.db.query('SELECT id FROM merchant'), [])
  const [what, body] = changes[0]
  t.equal((await send(subject, what, { headers, body })).statusCode, 201)
  // By another name of ours: the one that it was asked under.
  const here = { ...headers, host: '127.0.0.1:8081', origin: 'http://127.0.0.1:8081' }
  t.equal((await send(subject, what, { headers: here, body })).statusCode, 201)
  // Without a session a page of another site is refused, and a program has no Origin.
  for (const [foreign, status] of [
    [{ origin: 'http://evil.test' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{}, 401],
  ] as const) {
    const tried = await send(subject, begin, { headers: foreign, body: { email: 'a@x.test', password: 'x' } })
    t.equal(tried.statusCode, status)
  }
})

void t.test('on https the cookie is of this host alone, and browsers stay on https', async (t) => {
  const hub = {
    publicUrl: 'https://hub.test',
    sendsMail: false,
    mailQueued: () => undefined,
    path: '',
    oidc: [],
    pages: null,
  }
  const sessions = { idleMs: 3_600_000, absoluteMs: 7_200_000, commandLineMs: 3_600_000 }
  const subject = await createSubject(t, { hub: { ...hub, sessions } })
  await makePerson(subject.db, { email: 'a@x.test', operator: 'admin', password: stored })
  const response = await send(subject, begin, { body: { email: 'a@x.test', password } })
  t.match(response.headers, {
    'set-cookie': /^__Host-latchkey-session=\w+; Path=\/; Max-Age=7200; HttpOnly; SameSite=Strict; Secure$/,
    'strict-transport-security': /^max-age=31536000$/,
  })
  const cookie = cookieOf(response)
  t.equal((await send(subject, 'GET /hub/v1/session', { headers: { cookie } })).statusCode, 200)
  // A cookie that anybody beside this host could have set is none.
  const plain = cookie.replace('__Host-', '')
  t.equal((await send(subject, 'GET /hub/v1/session', { headers: { cookie: plain } })).statusCode, 401)
  t.equal(
    (await send(subject, 'GET /hub/v1/session', { headers: { cookie: `${cookie}; ${cookie}` } })).statusCode,
    401,
  )
})

void t.test('every answer tells browsers what they may do with it', async (t) => {
  const subject = await createSubject(t)
  for (const what of ['GET /hub/v1/session', 'GET /admin/v1/keys', 'GET /livez', 'GET /nowhere', begin]) {
    const { headers } = await send(subject, what)
    t.match(
      headers,
      {
        'content-security-policy':
          "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'cache-control': 'no-store',
      },
      what,
    )
    t.equal(headers['strict-transport-security'], undefined)
    t.equal(headers['access-control-allow-origin'], undefined)
  }
})

void t.test('sessions come from everywhere, tokens from their addresses alone', async (t) => {
  const subject = await createSubject(t, { adminFrom: ['192.0.2.1'] })
  await makePerson(subject.db, { email: 'a@x.test', operator: 'admin', password: stored })
  const { headers } = await signedIn(subject, 'a@x.test')
  t.equal((await send(subject, 'GET /admin/v1/keys', { headers })).statusCode, 200)
  t.match((await subject.call('GET', '/keys')).body, { error: { code: 'FORBIDDEN' } })
  // Beside a token a session counts for nothing.
  const both = { ...headers, authorization: 'Bearer a-token-of-thirty-two-characters' }
  t.equal((await send(subject, 'GET /admin/v1/keys', { headers: both })).statusCode, 403)
})

void t.test('without a hub there are none of its paths', async (t) => {
  const subject = await createSubject(t, { hub: null })
  for (const what of [begin, 'GET /hub/v1/session', 'GET /hub/v1/sign-in', 'POST /hub/v1/password'])
    t.equal((await send(subject, what)).statusCode, 404, what)
  t.equal((await subject.call('GET', '/operators')).status, 404)
  t.equal((await send(subject, 'GET /livez')).headers['content-security-policy'], undefined)
  await makePerson(subject.db, { email: 'a@x.test', operator: 'admin', password: stored })
  t.notMatch((await send(subject, 'GET /openapi.json')).body, '"/hub/v1')
})

void t.test(
  'a trusted proxy says whether a browser speaks https with it, and nobody else does',
  async (t) => {
    const subject = await createSubject(t, { trustedProxies: ['127.0.0.1'] })
    await makePerson(subject.db, { email: 'a@x.test', operator: 'admin', password: stored })
    const proxied = (remoteAddress: string, said: string) =>
      subject.app.inject({
        ...{
          method: 'POST',
          url: '/hub/v1/session',
          remoteAddress,
          payload: { email: 'a@x.test', password },
        },
        headers: { 'x-forwarded-proto': said, 'x-forwarded-for': '192.0.2.7', host: 'hub.internal' },
      })
    for (const [address, said, isSecure] of [
      ['127.0.0.1', 'https', true],
      // What a client made up stands before what the proxy has seen.
      ['127.0.0.1', 'http, https', true],
      ['127.0.0.1', 'https, http', false],
      ['127.0.0.1', 'http', false],
      ['192.0.2.9', 'https', false],
    ] as const) {
      const { headers } = await proxied(address, said)
      t.equal(String(headers['set-cookie']).startsWith('__Host-'), isSecure, `${address} ${said}`)
      t.equal(headers['strict-transport-security'] !== undefined, isSecure, `${address} ${said}`)
    }
    const response = await proxied('127.0.0.1', 'https')
    const { csrf } = response.json<{ csrf: string }>()
    const change = async (from: string) =>
      (
        await subject.app.inject({
          ...{ method: 'POST', url: '/admin/v1/merchants', payload: { name: 'New' } },
          headers: {
            ...{ cookie: cookieOf(response), 'x-csrf-token': csrf, origin: from, host: 'hub.internal' },
            ...{ 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' },
          },
        })
      ).statusCode
    t.same([await change('https://hub.internal'), await change('http://hub.internal')], [201, 403])
  },
)
