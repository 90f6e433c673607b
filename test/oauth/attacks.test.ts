// What RFC 9700 has attackers do: each gets nothing, and whoever was in the right goes on.

import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import * as client from 'openid-client'
import t from 'tap'
import { codeOf, exchange, request } from '../support/wire.ts'
import { authorize, begin, codeClient, discover, errorOf, granted } from './flow.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(120_000)

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

void t.test('attacks on a client and its user', async (t) => {
  const program = await startOauthProgram(t)
  const post = (path: string, body: Record<string, string> | [string, string][], headers = {}) =>
    fetch(`${program.issuer}${path}`, { method: 'POST', headers, body: new URLSearchParams(body) })
  const told = async (answer: Response) => String(Object(await answer.json()).error)

  await t.test('mix-up: each answer names who gave it, and no other is taken', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const { url, verifier, state } = await begin(config)
    const back = await granted(program, url)
    t.equal(back.searchParams.get('iss'), program.issuer)
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    const elsewhere = new URL(back)
    elsewhere.searchParams.set('iss', 'https://evil.example/oauth')
    t.not(await errorOf(client.authorizationCodeGrant(config, elsewhere, checks)), 'none')
    elsewhere.searchParams.delete('iss')
    t.not(await errorOf(client.authorizationCodeGrant(config, elsewhere, checks)), 'none', 'nor one without')
    const wrong = await fetch((await begin(config, { scope: 'unknown' })).url, { redirect: 'manual' })
    t.equal(
      new URL(wrong.headers.get('location') ?? '').searchParams.get('iss'),
      program.issuer,
      'errors, too',
    )
    t.equal(await errorOf(client.authorizationCodeGrant(config, back, checks)), 'none')
  })

  await t.test(
    'a code that is put into another’s session is none there, and goes on where it is',
    async (t) => {
      const config = await discover(program, await program.makeClient(codeClient))
      const [victim, attacker] = [await begin(config), await begin(config)]
      const code = (await granted(program, victim.url)).searchParams.get('code') ?? ''
      const back = await granted(program, attacker.url)
      const own = new URL(back)
      own.searchParams.set('code', code)
      const injected = { pkceCodeVerifier: attacker.verifier, expectedState: attacker.state }
      t.equal(await errorOf(client.authorizationCodeGrant(config, own, injected)), 'invalid_grant')
      t.equal(await errorOf(client.authorizationCodeGrant(config, back, injected)), 'none')
    },
  )

  await t.test('PKCE cannot be left out on the way', async (t) => {
    const made = await program.makeClient(codeClient)
    const config = await discover(program, made)
    const { url, verifier } = await begin(config)
    const code = (await granted(program, url)).searchParams.get('code') ?? ''
    const body = {
      ...{ grant_type: 'authorization_code', code, redirect_uri: codeClient.redirect_uris[0] ?? '' },
      ...{ client_id: made.id, client_secret: made.secret },
    }
    t.equal(await told(await post('/token', body)), 'invalid_grant', 'no verifier')
    const plain = url.searchParams.get('code_challenge') ?? ''
    t.equal(
      await told(await post('/token', { ...body, code_verifier: plain })),
      'invalid_grant',
      'the challenge',
    )
    const elsewhere = { ...body, code_verifier: verifier, redirect_uri: 'https://evil.example/' }
    t.equal(await told(await post('/token', elsewhere)), 'invalid_grant', 'another address')
    t.equal((await post('/token', { ...body, code_verifier: verifier })).status, 200)
  })

  await t.test('no text passes as another kind of text, nor for another client', async (t) => {
    const made = await program.makeClient(codeClient)
    const config = await discover(program, made)
    const other = await discover(program, await program.makeClient(codeClient))
    const tokens = await authorize(program, config)
    const refresh = tokens.refresh_token ?? ''
    t.equal(await errorOf(client.refreshTokenGrant(config, tokens.access_token)), 'invalid_grant')
    t.equal(await errorOf(client.refreshTokenGrant(other, refresh)), 'invalid_grant')
    const fields = ['Host: api.flintn.com', `Authorization: Bearer ${refresh}`]
    const answer = await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))
    t.equal(codeOf(answer), 'INVALID_API_KEY')
    await client.tokenRevocation(other, refresh)
    t.equal(await errorOf(client.refreshTokenGrant(config, refresh)), 'none', 'none of it did harm')
  })

  await t.test('of a parameter that is there twice neither counts', async (t) => {
    const made = await program.makeClient({ grants: ['client_credentials'], permissions: ['*'] })
    const body: [string, string][] = [
      ['grant_type', 'client_credentials'],
      ['client_id', made.id],
      ['client_secret', made.secret],
    ]
    t.equal(
      await told(await post('/token', [...body, ['scope', 'transaction.read'], ['scope', 'x']])),
      'invalid_request',
    )
    t.equal(
      await told(await post('/token', [...body, ['grant_type', 'client_credentials']])),
      'invalid_request',
    )
    const config = await discover(program, await program.makeClient(codeClient))
    const { url } = await begin(config)
    url.searchParams.append('redirect_uri', 'https://evil.example/')
    const answer = await fetch(url, { redirect: 'manual' })
    t.equal(answer.status, 400)
    t.notOk(answer.headers.has('location'))
  })

  await t.test('a secret in the query, or shown in two ways, is none', async (t) => {
    const made = await program.makeClient({ grants: ['client_credentials'], permissions: ['*'] })
    const query = new URLSearchParams({ client_id: made.id, client_secret: made.secret })
    t.not((await post(`/token?${query.toString()}`, { grant_type: 'client_credentials' })).status, 200)
    const basic = `Basic ${Buffer.from(`${made.id}:${made.secret}`).toString('base64')}`
    const both = { grant_type: 'client_credentials', client_id: made.id, client_secret: made.secret }
    t.not((await post('/token', both, { authorization: basic })).status, 200)
  })
})

void t.test('assertions of clients', async (t) => {
  const program = await startOauthProgram(t)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keyOf = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid, alg: 'ES256' })
  const made = await program.makeClient({
    ...{ grants: ['client_credentials'], permissions: ['transaction.read'], auth_method: 'private_key_jwt' },
    jwks: { keys: [keyOf(publicKey, 'one')] },
  })
  const nowSeconds = Math.floor(Date.now() / 1000)
  const usual = { iss: made.id, sub: made.id, aud: program.issuer, exp: nowSeconds + 60, iat: nowSeconds }

  function signed(header: object, claims: object, key = privateKey): string {
    const text = `${encoded({ alg: 'ES256', kid: 'one', ...header })}.${encoded({ jti: randomUUID(), ...usual, ...claims })}`
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  async function outcome(assertion: string): Promise<string> {
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const body = {
      grant_type: 'client_credentials',
      client_assertion: assertion,
      client_assertion_type: type,
    }
    const answer = await fetch(`${program.issuer}/token`, { method: 'POST', body: new URLSearchParams(body) })
    const { error }: { error?: unknown } = Object(await answer.json())
    return typeof error === 'string' ? error : String(answer.status)
  }

  await t.test('a right one passes, once', async (t) => {
    const assertion = signed({}, {})
    t.equal(await outcome(assertion), '200')
    t.not(await outcome(assertion), '200')
  })

  await t.test('by another key, whatever its id says', async (t) => {
    const jwk = keyOf(other.publicKey, 'one')
    for (const header of [
      {},
      { kid: 'two' },
      { jwk },
      { jku: 'https://evil.example/jwks' },
      { kid: '../one' },
      { kid: ['one'] },
      { x5c: ['x'] },
    ])
      t.equal(await outcome(signed(header, {}, other.privateKey)), 'invalid_client', JSON.stringify(header))
    t.equal(await outcome(signed({ kid: 'two' }, {})), 'invalid_client', 'nor by its own under another id')
  })

  await t.test('signed in another way, or in none', async (t) => {
    const body = encoded({ jti: randomUUID(), ...usual })
    t.equal(await outcome(`${encoded({ alg: 'none' })}.${body}.`), 'invalid_client')
    const text = `${encoded({ alg: 'HS256', kid: 'one' })}.${body}`
    const pem = publicKey.export({ format: 'pem', type: 'spki' })
    const mac = createHmac('sha256', pem).update(text).digest('base64url')
    t.equal(await outcome(`${text}.${mac}`), 'invalid_client')
  })

  await t.test('for another server or client, over, or without an end', async (t) => {
    for (const claims of [
      { aud: 'https://evil.example' },
      { sub: 'cli_other' },
      { iss: 'cli_other' },
      { exp: nowSeconds - 120 },
      { exp: undefined },
      { jti: undefined },
      { nbf: nowSeconds + 600 },
    ])
      t.equal(await outcome(signed({}, claims)), 'invalid_client', JSON.stringify(claims))
  })

  await t.test('of the future; a clock that is a little ahead is none', async (t) => {
    for (const claims of [{ iat: nowSeconds + 120 }, { nbf: nowSeconds + 120 }])
      t.equal(await outcome(signed({}, claims)), 'invalid_client', JSON.stringify(claims))
    for (const claims of [{ iat: nowSeconds + 10 }, { nbf: nowSeconds + 10 }])
      t.equal(await outcome(signed({}, claims)), '200', JSON.stringify(claims))
  })
})
