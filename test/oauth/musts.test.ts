// Sentences of the standards that one sees by a single question each (docs/oauth-standards.md).

import * as client from 'openid-client'
import t from 'tap'
import { makeProof, proofKey } from '../support/access-token.ts'
import { authorize, begin, codeClient, discover, errorOf, granted } from './flow.ts'
import { type OauthProgram, startOauthProgram } from './server-program.ts'

t.setTimeout(120_000)

const own = { grants: ['client_credentials'], permissions: ['transaction.read'] }

async function post(
  program: OauthProgram,
  path: string,
  { body, headers = {} }: { body: Record<string, string>; headers?: Record<string, string> },
) {
  const answer = await fetch(`${program.issuer}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(body),
  })
  const text = await answer.text()
  const told: unknown = text === '' ? {} : JSON.parse(text)
  return { status: answer.status, body: { ...Object(told) } }
}

void t.test('what the standards ask, sentence by sentence', async (t) => {
  const program = await startOauthProgram(t)
  const { db } = program
  const made = await program.makeClient(own)
  const shown = { client_id: made.id, client_secret: made.secret }

  await t.test('parameters without a value are as if left out, and unknown ones are ignored', async (t) => {
    const body = { grant_type: 'client_credentials', scope: '', odd: 'x', ...shown }
    t.match(await post(program, '/token', { body }), { status: 200, body: { scope: 'transaction.read' } })
    const config = await discover(program, await program.makeClient(codeClient))
    const browser = await program.browser()
    t.ok(await browser.begin((await begin(config, { scope: '', nonce: '', odd: 'x' })).url.href))
  })

  await t.test('a page of errors repeats nothing of the request, and stands in no frame', async (t) => {
    const query = new URLSearchParams({
      ...{ client_id: '<script>alert(1)</script>', state: '<script>', scope: '<b>' },
      redirect_uri: 'javascript:alert(1)',
    })
    const answer = await fetch(`${program.issuer}/auth?${query.toString()}`, { redirect: 'manual' })
    const page = await answer.text()
    t.equal(answer.status, 400)
    t.match(page, /<h1>This request cannot be taken/)
    t.notMatch(page, /<script|<b>|javascript:|alert/)
    t.match(answer.headers.get('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/)
  })

  await t.test('a yes needs the token of the page that says it', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const browser = await program.browser()
    const id = await browser.begin((await begin(config)).url.href)
    const before = (await db.query('SELECT FROM oauth_grant')).length
    const answer = await browser.fetch(`${program.url}/hub/v1/oauth/interactions/${id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: program.url },
      body: JSON.stringify({ decision: 'grant', merchant_id: program.merchant }),
    })
    t.equal(answer.status, 403)
    t.equal((await db.query('SELECT FROM oauth_grant')).length, before)
  })

  await t.test('a challenge or verifier that has not the form of one is refused', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    for (const code_challenge of ['short', 'x'.repeat(42), `${'x'.repeat(42)}!`]) {
      const { url } = await begin(config, { code_challenge })
      const answer = await fetch(url, { redirect: 'manual' })
      t.match(answer.headers.get('location'), /[?&]error=invalid_request/, code_challenge)
    }
    const { url, state } = await begin(config)
    const checks = { pkceCodeVerifier: 'x'.repeat(42), expectedState: state }
    const outcome = errorOf(client.authorizationCodeGrant(config, await granted(program, url), checks))
    t.match(await outcome, /^invalid_/)
  })

  await t.test('a hint that is wrong hides no token', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const tokens = await authorize(program, config)
    const wrong = { token_type_hint: 'refresh_token' }
    t.ok((await client.tokenIntrospection(config, tokens.access_token, wrong)).active)
    const other = { token_type_hint: 'access_token' }
    t.ok((await client.tokenIntrospection(config, tokens.refresh_token ?? '', other)).active)
    await client.tokenRevocation(config, tokens.refresh_token ?? '', other)
    t.notOk((await client.tokenIntrospection(config, tokens.access_token)).active)
    const again = await authorize(program, config)
    await client.tokenRevocation(config, again.access_token, wrong)
    t.notOk((await client.tokenIntrospection(config, again.access_token)).active)
  })

  await t.test('a token whose time is over is not active', async (t) => {
    const config = await discover(program, made)
    const { access_token: token } = await client.clientCredentialsGrant(config)
    t.ok((await client.tokenIntrospection(config, token)).active)
    await db.query(
      `UPDATE access_token SET created_at = now() - interval '1 hour', expires_at = now() - interval '1 second'
       WHERE client_id = $1`,
      [made.id],
    )
    t.same(await client.tokenIntrospection(config, token), { active: false })
  })

  await t.test(
    'metadata names algorithms where keys show who it is, and lists nothing that is empty',
    async (t) => {
      const url = `${program.url}/.well-known/oauth-authorization-server/oauth`
      const answer = await fetch(url)
      t.match(answer.headers.get('content-type'), /^application\/json/)
      const metadata: Record<string, unknown> = { ...Object(await answer.json()) }
      for (const endpoint of ['token', 'revocation', 'introspection']) {
        const ways =
          metadata[`${endpoint}_endpoint_auth_methods_supported`] ??
          metadata['token_endpoint_auth_methods_supported']
        t.match(ways, ['client_secret_basic', 'client_secret_post', 'private_key_jwt'])
        const named = metadata[`${endpoint}_endpoint_auth_signing_alg_values_supported`]
        t.same(
          named ?? metadata['token_endpoint_auth_signing_alg_values_supported'],
          ['ES256', 'PS256', 'EdDSA'],
          endpoint,
        )
      }
      for (const [name, value] of Object.entries(metadata))
        t.ok(!Array.isArray(value) || value.length > 0, name)
    },
  )

  await t.test('a request that is pushed with a proof binds its code to that key', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const [right, wrong] = [await client.randomDPoPKeyPair(), await client.randomDPoPKeyPair()]
    const handle = (pair: client.CryptoKeyPair) => ({ DPoP: client.getDPoPHandle(config, pair) })
    const { url, verifier, state } = await begin(config)
    const parameters = Object.fromEntries(url.searchParams)
    const pushed = await client.buildAuthorizationUrlWithPAR(config, parameters, handle(right))
    const back = await granted(program, pushed)
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    const by = (pair: client.CryptoKeyPair) =>
      errorOf(client.authorizationCodeGrant(config, back, checks, undefined, handle(pair)))
    t.same([await by(wrong), await by(right)], ['invalid_grant', 'none'])
    const dpop_jkt = await handle(wrong).DPoP.calculateThumbprint()
    const both = client.buildAuthorizationUrlWithPAR(config, { ...parameters, dpop_jkt }, handle(right))
    t.match(await errorOf(both), /^invalid_/, 'another key than was said')
  })

  await t.test(
    'a proof of the next minutes is refused, and a clock that is a little ahead is not',
    async (t) => {
      const key = proofKey()
      const ask = (aheadSeconds: number) => {
        const iat = Math.floor(Date.now() / 1_000) + aheadSeconds
        const claims = { iat, ath: undefined }
        const proof = makeProof(key, { token: '', htm: 'POST', htu: `${program.issuer}/token`, claims })
        return post(program, '/token', {
          body: { grant_type: 'client_credentials', ...shown },
          headers: { dpop: proof },
        })
      }
      t.match(await ask(10), { status: 200, body: { token_type: 'DPoP' } })
      t.match(await ask(90), { status: 400, body: { error: 'invalid_dpop_proof' } })
    },
  )
})
