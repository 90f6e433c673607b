// Contract 10: the flows, with a certified client, against the whole program.

import * as client from 'openid-client'
import t from 'tap'
import { authorize, begin, codeClient, discover, errorOf, granted, redirectUri } from './flow.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(240_000)

void t.test('an API that takes tokens', async (t) => {
  const program = await startOauthProgram(t)
  const isActive = async (config: client.Configuration, token = '') =>
    (await client.tokenIntrospection(config, token)).active

  await t.test('from a code to a token, by what the metadata says', async (t) => {
    const made = await program.makeClient(codeClient)
    const config = await discover(program, made)
    const tokens = await authorize(program, config, { scope: 'transaction.read' })
    t.match(config.serverMetadata(), {
      issuer: program.issuer,
      authorization_endpoint: `${program.issuer}/auth`,
      token_endpoint: `${program.issuer}/token`,
      pushed_authorization_request_endpoint: `${program.issuer}/request`,
      introspection_endpoint: `${program.issuer}/introspection`,
      revocation_endpoint: `${program.issuer}/revocation`,
      jwks_uri: `${program.issuer}/jwks`,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    })
    t.match(tokens, { token_type: 'bearer', expires_in: 900, scope: 'transaction.read' })
    t.match(tokens.access_token, /^pk_live_[0-9A-Za-z]{38}$/)
    t.match(await client.tokenIntrospection(config, tokens.access_token), {
      ...{ active: true, client_id: made.id, sub: program.person, scope: 'transaction.read' },
    })
  })

  await t.test('without a scope all is asked for; what the client may not is refused', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const tokens = await authorize(program, config)
    t.equal(tokens.scope, 'transaction.read transaction.search')
    for (const scope of ['transaction.refund', 'transaction.read nothing.known', 'openid', '*']) {
      const { url } = await begin(config, { scope })
      const answer = await fetch(url, { redirect: 'manual' })
      t.match(answer.headers.get('location'), /error=invalid_scope/, scope)
    }
  })

  await t.test('a refresh gives other tokens; the one before ends all that came of the grant', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const first = await authorize(program, config)
    const second = await client.refreshTokenGrant(config, first.refresh_token ?? '')
    const unknown = client.refreshTokenGrant(config, second.refresh_token ?? '', { scope: 'unknown' })
    t.equal(await errorOf(unknown), 'invalid_scope')
    t.ok(await isActive(config, first.access_token))
    t.ok(await isActive(config, second.access_token))
    t.equal(await errorOf(client.refreshTokenGrant(config, first.refresh_token ?? '')), 'invalid_grant')
    t.equal(await errorOf(client.refreshTokenGrant(config, second.refresh_token ?? '')), 'invalid_grant')
    for (const token of [first.access_token, second.access_token]) t.notOk(await isActive(config, token))
  })

  await t.test('of two refreshes at once one gets nothing, and the grant ends', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const { refresh_token: token = '' } = await authorize(program, config)
    const outcomes = await Promise.all([1, 2].map(() => errorOf(client.refreshTokenGrant(config, token))))
    t.ok(outcomes.includes('invalid_grant'), outcomes.join())
  })

  await t.test('a code is used once; a second use ends what came of it', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const { url, verifier, state } = await begin(config)
    const back = await granted(program, url)
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    const tokens = await client.authorizationCodeGrant(config, back, checks)
    t.equal(await errorOf(client.authorizationCodeGrant(config, back, checks)), 'invalid_grant')
    t.notOk(await isActive(config, tokens.access_token))
  })

  await t.test('a code is of one client and one verifier', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const other = await discover(program, await program.makeClient(codeClient))
    const { url, verifier, state } = await begin(config)
    const back = await granted(program, url)
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    t.equal(await errorOf(client.authorizationCodeGrant(other, back, checks)), 'invalid_grant')
    const wrong = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }
    t.equal(await errorOf(client.authorizationCodeGrant(config, back, wrong)), 'invalid_grant')
  })

  await t.test('no code without PKCE, and none by `plain`', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const { url } = await begin(config)
    url.searchParams.set('code_challenge_method', 'plain')
    const plain = await fetch(url, { redirect: 'manual' })
    t.match(plain.headers.get('location'), /error=invalid_request/)
    url.searchParams.delete('code_challenge_method')
    url.searchParams.delete('code_challenge')
    const none = await fetch(url, { redirect: 'manual' })
    t.match(none.headers.get('location'), /error=invalid_request/)
  })

  await t.test('other ways to answer, and other flows, are refused', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    for (const [name, value, error] of [
      ['response_type', 'token', 'invalid_request'],
      ['response_type', 'code id_token', 'unsupported_response_type|invalid_request'],
      ['response_mode', 'form_post', 'invalid_request'],
      ['response_mode', 'fragment', 'invalid_request'],
      ['prompt', 'none', 'login_required'],
      ['resource', 'https://elsewhere.example', 'invalid_target'],
      ['request', 'x', 'request_not_supported'],
    ] as const) {
      const { url } = await begin(config)
      url.searchParams.set(name, value)
      const answer = await fetch(url, { redirect: 'manual' })
      t.match(`${answer.headers.get('location')} ${await answer.text()}`, new RegExp(error), name)
    }
    const password = { grant_type: 'password', username: 'a', password: 'b' }
    const answer = await fetch(`${program.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams(password),
    })
    t.equal(answer.status, 400)
  })

  await t.test('a redirect URI is compared to the letter', async (t) => {
    const uris = [redirectUri, 'http://127.0.0.1:8123/back']
    const config = await discover(program, await program.makeClient({ ...codeClient, redirect_uris: uris }))
    for (const uri of [
      'https://books.example/back/',
      'https://books.example/back?x=1',
      'https://books.example./back',
      'https://books.example:443/back',
      'https://evil.example/back',
      'http://127.0.0.1:8124/back',
    ]) {
      const { url } = await begin(config, { redirect_uri: uri })
      const answer = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } })
      t.equal(answer.status, 400, uri)
      t.notOk(answer.headers.has('location'), uri)
      t.match(await answer.text(), 'invalid_redirect_uri')
    }
  })

  await t.test('client credentials: a token of the client’s merchant, for nobody', async (t) => {
    const about = { grants: ['client_credentials'], permissions: ['transaction.read'] }
    const made = await program.makeClient(about)
    const config = await discover(program, made)
    const tokens = await client.clientCredentialsGrant(config)
    t.match(tokens, { token_type: 'bearer', scope: 'transaction.read' })
    t.notOk('refresh_token' in tokens)
    const about2 = await client.tokenIntrospection(config, tokens.access_token)
    t.match(about2, { active: true, client_id: made.id })
    t.notOk('sub' in about2)
    const more = client.clientCredentialsGrant(config, { scope: 'transaction.refund' })
    t.equal(await errorOf(more), 'invalid_scope')
    t.equal(await errorOf(client.clientCredentialsGrant(config, { scope: 'unknown' })), 'invalid_scope')
    const ofCode = await discover(program, await program.makeClient(codeClient))
    t.equal(await errorOf(client.clientCredentialsGrant(ofCode)), 'invalid_request')
  })

  await t.test('a wrong secret is refused, and another client’s', async (t) => {
    const about = { grants: ['client_credentials'], permissions: ['transaction.read'] }
    const made = await program.makeClient(about)
    const other = await program.makeClient(about)
    for (const secret of [other.secret, `${made.secret}x`, 'x'])
      t.equal(
        await errorOf(client.clientCredentialsGrant(await discover(program, { ...made, secret }))),
        'invalid_client',
      )
  })

  await t.test('a pushed request is used once, by its client', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const verifier = client.randomPKCECodeVerifier()
    const parameters = {
      ...{ redirect_uri: redirectUri, code_challenge_method: 'S256', state: 'pushed' },
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
    }
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters)
    t.same([...url.searchParams.keys()].toSorted(), ['client_id', 'request_uri'])
    const back = await granted(program, url)
    const tokens = await client.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: 'pushed',
    })
    t.ok(await isActive(config, tokens.access_token))
    const again = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } })
    t.match(await again.text(), 'invalid_request_uri')
  })

  await t.test('whoever declines, or is in another browser, lets nobody in', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const { url } = await begin(config)
    const browser = await program.browser()
    const declined = await browser.decide(await browser.begin(url.href), { decision: 'decline' })
    t.equal(declined.searchParams.get('error'), 'access_denied')
    t.equal(declined.searchParams.get('iss'), program.issuer)
    // A link that somebody else is sent.
    const id = await browser.begin((await begin(config)).url.href)
    const other = await program.browser()
    const seen = await other.fetch(`${program.url}/hub/v1/oauth/interactions/${id}`)
    t.equal(seen.status, 404)
    await t.rejects(other.decide(id, { decision: 'grant', merchant_id: program.merchant }), /404/)
    const unsigned = await fetch(`${program.url}/hub/v1/oauth/interactions/${id}`)
    t.equal(unsigned.status, 401)
  })

  await t.test('only a merchant that one administers is given away', async (t) => {
    const config = await discover(program, await program.makeClient({ ...codeClient, merchant_id: null }))
    const foreign = await program.admin.makeMerchant()
    const browser = await program.browser()
    const id = await browser.begin((await begin(config)).url.href)
    const asked = await browser.fetch(`${program.url}/hub/v1/oauth/interactions/${id}`)
    t.match(await asked.json(), { merchants: [{ id: program.merchant }] })
    await t.rejects(browser.decide(id, { decision: 'grant', merchant_id: foreign }), /422/)
    await t.rejects(browser.decide(id, { decision: 'grant' }), /422/)
  })

  await t.test('while the database cannot be asked, whoever is to grant may come again', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const browser = await program.browser()
    const id = await browser.begin((await begin(config)).url.href)
    const address = `${program.url}/hub/v1/oauth/interactions/${id}`
    await program.db.transaction(async (tx) => {
      await tx.query('LOCK TABLE oauth_artifact IN ACCESS EXCLUSIVE MODE')
      const answer = await browser.fetch(address)
      t.equal(answer.status, 503)
      t.match(await answer.json(), { error: { code: /^(?:STORE_UNAVAILABLE|QUERY_TOO_SLOW)$/ } })
      const decided = browser.decide(id, { decision: 'decline' })
      await t.rejects(decided, /503/)
    })
    t.equal((await browser.fetch(address)).status, 200)
  })

  await t.test('a revoked token takes its grant along', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const tokens = await authorize(program, config)
    const other = await discover(program, await program.makeClient(codeClient))
    await client.tokenRevocation(other, tokens.access_token)
    t.ok(await isActive(config, tokens.access_token), 'another client’s word counts for nothing')
    t.notOk(await isActive(other, tokens.access_token), 'nor is it told anything')
    await client.tokenRevocation(config, tokens.access_token)
    t.notOk(await isActive(config, tokens.access_token))
    t.equal(await errorOf(client.refreshTokenGrant(config, tokens.refresh_token ?? '')), 'invalid_grant')
  })

  // Last: it is remembered.
  await t.test('requests to authorize have their pace, however their path is written', async (t) => {
    const ask = async (path: string) => (await fetch(`${program.url}/oauth${path}`)).status
    const buckets = () => program.db.query<{ bucket: string }>(`DELETE FROM pace RETURNING bucket`)
    await buckets()
    for (const path of ['/auth', '/AUTH', '/auth/', '/Auth/?x=1']) {
      t.equal(await ask(path), 400, path)
      t.match(await buckets(), [{ bucket: 'access:127.0.0.1' }], path)
    }
    await program.db.query(
      `INSERT INTO pace (bucket, until) VALUES ('access:127.0.0.1', now() + interval '1 hour')`,
    )
    t.equal(await ask('/AUTH/'), 429)
    t.equal(await ask('/jwks'), 200)
  })
})

void t.test('without `oauth` there are none of the paths', async (t) => {
  const program = await startOauthProgram(t, '')
  for (const path of [
    '/oauth/token',
    '/oauth/auth',
    '/oauth/jwks',
    '/.well-known/oauth-authorization-server/oauth',
    '/.well-known/oauth-protected-resource/flintn',
  ]) {
    const answer = await fetch(`${program.url}${path}`)
    t.equal(answer.status, 404, path)
    t.match(await answer.text(), 'NOT_FOUND')
  }
  const made = await program.call('POST', '/clients', {
    ...{ name: 'a', merchant_id: program.merchant, permissions: ['*'], grants: ['client_credentials'] },
  })
  t.equal(made.status, 422)
})

void t.test('behind a proxy that takes a prefix away, pages and cookies have it', async (t) => {
  const program = await startOauthProgram(t, 'oauth: {}', { hub: '{ path: /front }' })
  const config = await discover(program, await program.makeClient(codeClient))
  const answer = await fetch((await begin(config)).url, { redirect: 'manual' })
  const location = answer.headers.get('location') ?? ''
  t.match(location, /^\/front\/authorize\//)
  const id = location.split('/').at(-1) ?? ''
  const paths = answer.headers.getSetCookie().map((cookie) => /; path=([^;]*)/i.exec(cookie)?.[1])
  t.same(new Set(paths), new Set([`/front/hub/v1/oauth/interactions/${id}`, `/oauth/auth/${id}`]))
})
