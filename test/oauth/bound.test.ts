// Contract 10: tokens that are bound to a key of the client, clients that show themselves by one, and the profile that asks for both.

import { randomUUID } from 'node:crypto'
import * as client from 'openid-client'
import t from 'tap'
import { codeOf, exchange, request } from '../support/wire.ts'
import { authorize, begin, codeClient, discover, errorOf, granted, redirectUri } from './flow.ts'
import { type OauthProgram, startOauthProgram } from './server-program.ts'

t.setTimeout(240_000)

const { subtle } = globalThis.crypto
const es256 = { name: 'ECDSA', namedCurve: 'P-256' }

async function keyedClient(program: OauthProgram, about: object) {
  const pair = await subtle.generateKey(es256, true, ['sign', 'verify'])
  const jwk = { ...(await subtle.exportKey('jwk', pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  const { key_ops: _, ext: __, ...key } = jwk
  const made = await program.makeClient({ auth_method: 'private_key_jwt', jwks: { keys: [key] }, ...about })
  const auth = client.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' })
  return { made, config: await discover(program, made, auth) }
}

void t.test('an API of the baseline', async (t) => {
  const program = await startOauthProgram(t)

  await t.test('a token that is bound to a key is none without it, and only its key refreshes', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
    const { url, verifier, state } = await begin(config)
    const back = await granted(program, url)
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, { DPoP })
    t.equal(tokens.token_type, 'dpop')
    const about = await client.tokenIntrospection(config, tokens.access_token)
    t.match(about, { active: true, token_type: 'DPoP', cnf: { jkt: /^[\w-]{43}$/ } })
    const fields = ['Host: api.flintn.com', `Authorization: Bearer ${tokens.access_token}`]
    const answer = await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))
    t.equal(codeOf(answer), 'INVALID_API_KEY')
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP })
    t.equal(next.token_type, 'dpop')
  })

  await t.test(
    'a client that is to be bound gets no token without a proof, and a proof is good once',
    async (t) => {
      const about = { grants: ['client_credentials'], permissions: ['transaction.read'], bound: true }
      const made = await program.makeClient(about)
      const config = await discover(program, made)
      t.equal(await errorOf(client.clientCredentialsGrant(config)), 'invalid_grant')
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
      const sent: string[] = []
      config[client.customFetch] = (url, options) => {
        sent.push(String(Object(options.headers)['dpop']))
        return fetch(url, Object(options))
      }
      t.equal((await client.clientCredentialsGrant(config, {}, { DPoP })).token_type, 'dpop')
      const again = await fetch(`${program.issuer}/token`, {
        method: 'POST',
        headers: { dpop: sent.at(-1) ?? '' },
        body: new URLSearchParams({
          ...{ grant_type: 'client_credentials', client_id: made.id, client_secret: made.secret },
        }),
      })
      t.equal(again.status, 400)
    },
  )

  await t.test('a client shows itself by a key; by another, or by none, it is nobody', async (t) => {
    const { made, config } = await keyedClient(program, codeClient)
    t.match((await authorize(program, config)).access_token, /^pk_live_/)
    const other = await keyedClient(program, codeClient)
    const pair = await subtle.generateKey(es256, true, ['sign', 'verify'])
    const wrong = await discover(program, made, client.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' }))
    t.equal(await errorOf(client.tokenIntrospection(wrong, 'x')), 'invalid_client')
    const bySecret = await discover(program, { id: other.made.id, secret: 'x' })
    t.equal(await errorOf(client.tokenIntrospection(bySecret, 'x')), 'invalid_client')
  })

  await t.test('what is no client of its kind is refused as it is made', async (t) => {
    const about = { name: 'a', merchant_id: program.merchant, permissions: ['transaction.read'] }
    for (const body of [
      { grants: ['code'] },
      { grants: ['code'], redirect_uris: ['http://books.example'] },
      { grants: ['client_credentials'], redirect_uris: [redirectUri] },
      { grants: ['client_credentials'], merchant_id: null },
      { grants: ['client_credentials'], permissions: ['unknown'] },
      { grants: ['client_credentials'], environment: 'other' },
      { grants: ['client_credentials'], api: 'flint' },
      { grants: ['client_credentials'], auth_method: 'private_key_jwt' },
      { grants: ['client_credentials'], jwks: { keys: [{ kty: 'EC' }] } },
      { grants: ['client_credentials'], auth_method: 'none' },
      { grants: ['password'] },
      { grants: [] },
    ])
      t.equal(
        (await program.call('POST', '/clients', { ...about, ...body })).status,
        422,
        JSON.stringify(body),
      )
  })

  await t.test('a sandbox client has tokens of the sandbox', async (t) => {
    const about = { grants: ['client_credentials'], permissions: ['*'], environment: 'sandbox' }
    const config = await discover(program, await program.makeClient(about))
    const tokens = await client.clientCredentialsGrant(config)
    t.match(tokens.access_token, /^pk_test_/)
    t.equal(tokens.scope, 'transaction.read transaction.search transaction.refund')
  })
})

void t.test('an API of the profile fapi2', async (t) => {
  const program = await startOauthProgram(t, 'oauth: { profile: fapi2 }')
  const refused = await program.call('POST', '/clients', {
    ...{ name: 'a', merchant_id: program.merchant, ...codeClient },
  })
  t.equal(refused.status, 422, 'a secret is not enough')
  const { config } = await keyedClient(program, codeClient)
  t.match(config.serverMetadata(), {
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    require_pushed_authorization_requests: true,
  })
  const { url } = await begin(config)
  const open = await fetch(url, { redirect: 'manual' })
  t.match(`${open.headers.get('location')} ${await open.text()}`, /invalid_request/, 'requests are pushed')
  const verifier = client.randomPKCECodeVerifier()
  const state = randomUUID()
  const pushed = await client.buildAuthorizationUrlWithPAR(config, {
    ...{ redirect_uri: redirectUri, code_challenge_method: 'S256', state },
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
  })
  const back = await granted(program, pushed)
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  t.equal(await errorOf(client.authorizationCodeGrant(config, back, checks)), 'invalid_grant', 'and bound')
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, { DPoP })
  t.equal(tokens.token_type, 'dpop')

  await t.test('a refresh token is not rotated', async (t) => {
    const { refresh_token: refresh = '' } = tokens
    const once = await client.refreshTokenGrant(config, refresh, undefined, { DPoP })
    t.equal(once.refresh_token ?? refresh, refresh)
    t.not(once.access_token, tokens.access_token)
    t.equal(await errorOf(client.refreshTokenGrant(config, refresh, undefined, { DPoP })), 'none')
  })
})
