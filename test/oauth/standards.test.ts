// What the standards ask of answers, addresses and times: docs/oauth-standards.md says which of their sentences each test holds.

import { Buffer } from 'node:buffer'
import * as client from 'openid-client'
import t from 'tap'
import { exchange, request } from '../support/wire.ts'
import { authorize, begin, codeClient, discover, errorOf, granted, redirectUri } from './flow.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(120_000)

void t.test('what the standards ask of the server', async (t) => {
  const program = await startOauthProgram(t)
  const about = { grants: ['client_credentials'], permissions: ['transaction.read'] }
  const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  const post = (path: string, body: Record<string, string>, headers = {}) =>
    fetch(`${program.issuer}${path}`, { method: 'POST', headers, body: new URLSearchParams(body) })

  await t.test('answers with tokens are JSON, and are stored nowhere', async (t) => {
    const made = await program.makeClient(about)
    const authorization = basic(made.id, made.secret)
    const token = await post('/token', { grant_type: 'client_credentials' }, { authorization })
    const { access_token: text } = Object(await token.json()) as { access_token: string }
    const introspection = await post('/introspection', { token: text }, { authorization })
    for (const answer of [token, introspection]) {
      t.equal(answer.status, 200)
      t.match(answer.headers.get('content-type'), /^application\/json/)
      t.equal(answer.headers.get('cache-control'), 'no-store')
    }
  })

  await t.test('who shows nothing, or wrongly, is told how', async (t) => {
    const made = await program.makeClient(about)
    const headers = { authorization: basic(made.id, 'wrong') }
    const answer = await post('/token', { grant_type: 'client_credentials' }, headers)
    t.equal(answer.status, 401)
    t.match(answer.headers.get('www-authenticate'), /^Basic /)
    for (const path of ['/introspection', '/revocation', '/request', '/token']) {
      const unknown = await post(path, { token: 'x', grant_type: 'client_credentials' })
      t.ok([400, 401].includes(unknown.status), path)
    }
  })

  await t.test('endpoints of programs take POST alone', async (t) => {
    for (const path of ['/token', '/introspection', '/revocation', '/request', '/device'])
      t.ok((await fetch(`${program.issuer}${path}?token=x`)).status >= 400, path)
  })

  await t.test('metadata is of the issuer, at both addresses, and lists what there is', async (t) => {
    const [one, two] = await Promise.all(
      [
        `${program.url}/.well-known/oauth-authorization-server/oauth`,
        `${program.issuer}/.well-known/openid-configuration`,
      ].map(async (url) => Object(await (await fetch(url)).json()) as Record<string, unknown>),
    )
    t.same(one, two)
    t.match(one, {
      issuer: program.issuer,
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      authorization_response_iss_parameter_supported: true,
      dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519', 'PS256'],
    })
    t.notMatch(JSON.stringify(one), /"none"|RS256|HS256|implicit|password/)
    for (const [name, value] of Object.entries(one ?? {}))
      if (name.endsWith('_endpoint')) t.match(value, new RegExp(`^${program.issuer}/`), name)
  })

  await t.test('revoking what is no token, or is none any more, is no fault', async (t) => {
    const made = await program.makeClient(codeClient)
    const config = await discover(program, made)
    const tokens = await authorize(program, config)
    for (const token of ['unknown', tokens.access_token, tokens.access_token])
      t.equal(await errorOf(client.tokenRevocation(config, token)), 'none')
    t.equal(await errorOf(client.tokenRevocation(config, 'x', { token_type_hint: 'odd' })), 'none')
  })

  await t.test('of a token that is none, introspection says that alone', async (t) => {
    const config = await discover(program, await program.makeClient(about))
    t.same(await client.tokenIntrospection(config, 'unknown'), { active: false })
  })

  await t.test('a pushed request is of its client, soon over, and pushes no other', async (t) => {
    const made = await program.makeClient(codeClient)
    const other = await program.makeClient(codeClient)
    const authorization = basic(made.id, made.secret)
    const { searchParams } = (await begin(await discover(program, made))).url
    const body = Object.fromEntries(searchParams)
    const pushed = await post('/request', body, { authorization })
    const { request_uri: uri, expires_in: seconds } = Object(await pushed.json()) as Record<string, unknown>
    t.equal(pushed.status, 201)
    t.ok(Number(seconds) < 600, String(seconds))
    const foreign = new URLSearchParams({ client_id: other.id, request_uri: String(uri) })
    const answer = await fetch(`${program.issuer}/auth?${foreign.toString()}`, { redirect: 'manual' })
    t.notMatch(answer.headers.get('location'), /authorize/)
    const again = await post('/request', { ...body, request_uri: String(uri) }, { authorization })
    t.equal(again.status, 400)
    const elsewhere = await post(
      '/request',
      { ...body, redirect_uri: 'https://evil.example/' },
      { authorization },
    )
    t.equal(elsewhere.status, 400)
  })

  await t.test('the browser is led on by GET, and a code is soon over', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const { url, verifier, state } = await begin(config)
    const browser = await program.browser()
    const first = await browser.fetch(url.href)
    t.ok([302, 303].includes(first.status), String(first.status))
    const back = await granted(program, url)
    const [row] = await program.db.query<{ seconds: number }>(
      `SELECT max(extract(epoch FROM expires_at - now()))::integer AS seconds FROM oauth_artifact
       WHERE model = 'AuthorizationCode' AND consumed_at IS NULL`,
    )
    t.ok((row?.seconds ?? 999) <= 60)
    await program.db.query(`UPDATE oauth_artifact SET expires_at = now() WHERE model = 'AuthorizationCode'`)
    const late = client.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
    })
    t.equal(await errorOf(late), 'invalid_grant')
  })

  await t.test('a code is bound to the key that was said with the request', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const [right, wrong] = [await client.randomDPoPKeyPair(), await client.randomDPoPKeyPair()]
    const jkt = await client.getDPoPHandle(config, right).calculateThumbprint()
    const { url, verifier, state } = await begin(config, { dpop_jkt: jkt })
    const back = await granted(program, url)
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    const by = (pair: client.CryptoKeyPair | undefined) =>
      errorOf(
        client.authorizationCodeGrant(
          config,
          back,
          checks,
          undefined,
          pair && { DPoP: client.getDPoPHandle(config, pair) },
        ),
      )
    t.same(
      [await by(undefined), await by(wrong), await by(right)],
      ['invalid_grant', 'invalid_grant', 'none'],
    )
  })

  await t.test(
    'keys that are rotated are published beside each other, and nothing private of them',
    async (t) => {
      const keys = async () =>
        [Object(await (await fetch(`${program.issuer}/jwks`)).json()).keys].flat() as object[]
      const before = await keys()
      await program.call('POST', '/oauth/keys/rotate', {})
      const [rows] = await program.db.query<{ count: number }>(
        `SELECT count(*) AS count FROM oauth_key WHERE purpose = 'sign'`,
      )
      t.equal(rows?.count, before.length + 1)
      for (const key of await keys())
        t.strictSame(
          Object.keys(key).filter((name) => ['d', 'p', 'q', 'k'].includes(name)),
          [],
        )
    },
  )

  await t.test('a challenge names where the API says what it is, and how proofs are signed', async (t) => {
    const ask = async (...fields: string[]) => {
      const head = ['Host: api.flintn.com', ...fields]
      const answer = await exchange(program.gatewayPort, request('GET /v1/transactions/1', head))
      return answer.head.match(/^WWW-Authenticate: .*$/gm)?.join() ?? ''
    }
    const url = `${program.url}/.well-known/oauth-protected-resource/flintn`
    const where = `, resource_metadata="${url}"`
    t.match(await ask(), `Bearer realm="flintn"${where}`)
    t.match(
      await ask('Authorization: DPoP x', 'DPoP: x'),
      /DPoP realm="flintn", error="invalid_token", algs="ES256/,
    )
    t.match(await ask('Authorization: DPoP x', 'DPoP: x'), where)
    t.match(await (await fetch(url)).json(), {
      ...{ resource: 'https://api.flintn.com', authorization_servers: [program.issuer] },
      bearer_methods_supported: ['header'],
    })
  })

  await t.test('a program is led back with the state that it sent, and to nowhere else', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const { url, state } = await begin(config)
    const back = await granted(program, url)
    t.equal(back.searchParams.get('state'), state)
    t.equal(`${back.origin}${back.pathname}`, redirectUri)
    t.equal(back.hash, '')
  })
})
