// Contract 9: passkeys (WebAuthn), with an authenticator in software.

import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createSubject, type Subject } from '../../subject.ts'
import { makePerson, origin, sessionOf } from '../people.ts'
import {
  cborArray,
  cborBytes,
  cborMap,
  cborText,
  createAuthenticator,
  type Lies,
  type Options,
} from './authenticator.ts'
import { type Headers, send } from './hub-call.ts'

const place = { origin, rpId: 'hub.test' }

async function optionsOf(subject: Subject, headers?: Headers): Promise<Options & Record<string, unknown>> {
  const { body } = headers
    ? await send(subject, 'POST /account/passkeys/options', { headers, body: {} })
    : await send(subject, 'POST /passkey/options', { body: {} })
  return body['options'] as Options & Record<string, unknown>
}

/** Somebody with a passkey. */
async function setUp(t: Parameters<typeof createSubject>[0]) {
  const subject = await createSubject(t)
  const id = await makePerson(subject.db, { email: 'a@x.test', operator: 'support' })
  const headers = await sessionOf(subject, id)
  const authenticator = createAuthenticator(place)
  const response = authenticator.create(await optionsOf(subject, headers))
  const made = await send(subject, 'POST /account/passkeys', { headers, body: { name: 'Laptop', response } })
  const signIn = async (lies: Lies = {}, options?: Options) => {
    const got = authenticator.get(options ?? (await optionsOf(subject)), id, lies)
    return send(subject, 'POST /passkey', { body: { response: got } })
  }
  return { subject, id, headers, authenticator, made, signIn }
}

void t.test('a passkey is made for an account, and signs in to it', async (t) => {
  const { subject, id, headers, made, signIn } = await setUp(t)
  t.match(made, { status: 201, body: { id: /^pky_/, name: 'Laptop', last_used_at: null } })
  const signed = await signIn()
  t.match(signed, { status: 200, body: { user: { id, email: 'a@x.test', role: 'support' }, csrf: String } })
  const [cookie = ''] = String(signed.headers['set-cookie']).split(';')
  t.equal((await send(subject, 'GET /session', { headers: { cookie } })).status, 200)
  const sessions = await send(subject, 'GET /account/sessions', { headers })
  t.match(sessions.body['data'], [{ proofs: ['password'] }, { proofs: ['passkey'] }])
  const security = await send(subject, 'GET /account/security', { headers })
  t.match(security.body, { passkeys: [{ name: 'Laptop', last_used_at: '2026-01-15T12:00:00.000Z' }] })
  t.match((await subject.call('GET', `/audit?target=${id}&action=operator.passkey_add`)).body['data'], [
    { action: 'operator.passkey_add' },
  ])
})

void t.test('what is asked names the account that makes one, and nobody who signs in', async (t) => {
  const { subject, headers, authenticator } = await setUp(t)
  t.match(await optionsOf(subject, headers), {
    rp: { id: 'hub.test' },
    user: { name: 'a@x.test' },
    attestation: 'none',
    excludeCredentials: [{ id: authenticator.id }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  const options = await optionsOf(subject)
  t.match(options, { rpId: 'hub.test', userVerification: 'required' })
  t.equal(options['allowCredentials'], undefined)
})

void t.test('what does not fit signs nobody in, with one answer', async (t) => {
  const { subject, id, signIn, authenticator } = await setUp(t)
  const other = createAuthenticator(place)
  const lies: readonly Lies[] = [
    { origin: 'http://evil.test' },
    { rpId: 'evil.test' },
    { type: 'webauthn.create' },
    // There, and not verified; and not there.
    { flags: 1 },
    { flags: 4 },
    { counter: 1 },
    { userHandle: Buffer.from('usr_999999999999').toString('base64url') },
    { signature: randomBytes(70) },
  ]
  const wrong = { status: 401, body: { error: { code: 'SIGN_IN_FAILED' } } }
  await signIn({ counter: 5 })
  for (const lie of lies) t.match(await signIn(lie), wrong, JSON.stringify(lie))
  const options = await optionsOf(subject)
  const unknown = { response: other.get(options, id) }
  t.match(await send(subject, 'POST /passkey', { body: unknown }), wrong)
  // Its question is used up by that, whatever came of it.
  t.match(await signIn({}, options), wrong)
  t.match(await signIn({}, { challenge: randomBytes(32).toString('base64url') }), wrong)
  const old = await optionsOf(subject)
  subject.clock.nowMs += 5 * 60_000
  t.match(await signIn({}, old), wrong)
  const fresh = await optionsOf(subject)
  t.equal((await signIn({ counter: 9 }, fresh)).status, 200)
  t.match(await signIn({ counter: 10 }, fresh), wrong)
  t.ok(authenticator.id)
})

void t.test('without a user handle the passkey alone says whose it is', async (t) => {
  const { signIn } = await setUp(t)
  t.equal((await signIn({ userHandle: null })).status, 200)
})

void t.test('a passkey of a disabled account lets nobody in', async (t) => {
  const { subject, id, signIn } = await setUp(t)
  await subject.db.query('UPDATE person SET disabled_at = now() WHERE id = $1', [id])
  t.equal((await signIn()).status, 401)
})

void t.test('a passkey stands for both: no code is asked for beside it', async (t) => {
  const { subject, id, signIn } = await setUp(t)
  await subject.db.query('INSERT INTO totp VALUES ($1, $2, now(), now())', [id, 'sealed'])
  t.equal((await signIn()).status, 200)
})

void t.test('a question is one account’s, and one kind’s', async (t) => {
  const { subject, headers } = await setUp(t)
  const other = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  const options = await optionsOf(subject, headers)
  const add = (of: Headers, asked: Options, lies: Lies = {}) =>
    send(subject, 'POST /account/passkeys', {
      ...{ headers: of, body: { name: 'x', response: createAuthenticator(place).create(asked, lies) } },
    })
  t.match(await add(other, options), { status: 422, body: { error: { details: [{ path: '/response' }] } } })
  t.equal((await add(headers, options)).status, 201)
  t.equal((await add(headers, options)).status, 422)
  t.equal((await add(headers, await optionsOf(subject))).status, 422)
  for (const lie of [{ origin: 'http://evil.test' }, { rpId: 'evil.test' }, { flags: 1 | 64 }] as const)
    t.equal((await add(headers, await optionsOf(subject, headers), lie)).status, 422, JSON.stringify(lie))
})

void t.test('what comes with certificates is refused before they are looked at', async (t) => {
  const { subject, headers } = await setUp(t)
  const certificate = cborMap(cborText('x5c'), cborArray(cborBytes(randomBytes(40))))
  for (const format of ['packed', 'fido-u2f', 'tpm']) {
    const attestation = Buffer.concat([cborText('fmt'), cborText(format), cborText('attStmt'), certificate])
    const response = createAuthenticator(place).create(await optionsOf(subject, headers), { attestation })
    const answer = await send(subject, 'POST /account/passkeys', { headers, body: { name: 'x', response } })
    t.match(answer, { status: 422, body: { error: { details: [{ message: /of what make/ }] } } }, format)
  }
})

void t.test('one is taken away by its owner alone, with fresh proof', async (t) => {
  const { subject, headers, made, signIn } = await setUp(t)
  const path = `DELETE /account/passkeys/${String(made.body['id'])}`
  const other = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  t.equal((await send(subject, path, { headers: other, body: {} })).status, 404)
  t.equal((await signIn()).status, 200)
  subject.clock.nowMs += 10 * 60_000
  t.equal((await send(subject, path, { headers, body: {} })).status, 403)
  t.equal((await send(subject, 'POST /account/passkeys/options', { headers, body: {} })).status, 403)
  subject.clock.nowMs -= 10 * 60_000
  t.equal((await send(subject, path, { headers, body: {} })).status, 200)
  t.equal((await signIn()).status, 401)
})

void t.test('a passkey that another account has is not taken', async (t) => {
  const { subject, authenticator } = await setUp(t)
  const other = await sessionOf(subject, await makePerson(subject.db, { operator: 'admin' }))
  const response = authenticator.create(await optionsOf(subject, other))
  const answer = await send(subject, 'POST /account/passkeys', {
    headers: other,
    body: { name: 'x', response },
  })
  t.match(answer, { status: 422, body: { error: { details: [{ message: /known already/ }] } } })
})

void t.test('questions cannot be asked for without end', async (t) => {
  const { subject } = await setUp(t)
  let status = 200
  for (let times = 0; times < 40 && status === 200; times += 1)
    status = (await send(subject, 'POST /passkey/options', { body: {} })).status
  t.equal(status, 429)
})
