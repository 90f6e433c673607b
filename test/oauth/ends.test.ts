// Contract 10: a token at the gateway, and all that ends it there: when the answer comes, it is over.

import { setTimeout as sleep } from 'node:timers/promises'
import * as client from 'openid-client'
import t from 'tap'
import { valuesOf } from '../support/upstream.ts'
import { codeOf, exchange, request } from '../support/wire.ts'
import { authorize, begin, codeClient, discover, errorOf } from './flow.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(240_000)

void t.test('tokens at the gateway', async (t) => {
  const program = await startOauthProgram(t)
  const ask = async (token = '') => {
    const fields = ['Host: api.flintn.com', `Authorization: Bearer ${token}`]
    const answer = await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))
    return `${answer.status} ${codeOf(answer) ?? ''}`.trim()
  }
  const refused = '401 INVALID_API_KEY'

  /** A client, and what somebody has granted it. */
  async function granted() {
    const made = await program.makeClient(codeClient)
    const config = await discover(program, made)
    return { made, config, tokens: await authorize(program, config) }
  }

  await t.test('from nothing to a request, which the upstream gets with who it is of', async (t) => {
    const { made, tokens } = await granted()
    t.equal(await ask(tokens.access_token), '200')
    const seen = program.live.requests.at(-1)
    t.same(
      ['X-Merchant-Id', 'X-Permissions', 'X-Client-Id', 'X-User-Id'].map((name) => valuesOf(seen, name)),
      [[program.merchant], ['transaction.read,transaction.search'], [made.id], [program.person]],
    )
  })

  await t.test('revoked by its client', async (t) => {
    const { config, tokens } = await granted()
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    t.equal(await ask(next.access_token), '200')
    await client.tokenRevocation(config, next.refresh_token ?? '')
    t.equal(await ask(next.access_token), refused)
    t.equal(await ask(tokens.access_token), refused)
  })

  await t.test('revoked by its client while its merchant is suspended', async (t) => {
    const { config, tokens } = await granted()
    await program.call('POST', `/merchants/${program.merchant}/suspend?wait=all`)
    t.notOk((await client.tokenIntrospection(config, tokens.access_token)).active)
    await client.tokenRevocation(config, tokens.access_token)
    await program.call('POST', `/merchants/${program.merchant}/resume?wait=all`)
    t.equal(await ask(tokens.access_token), refused)
    t.equal(await errorOf(client.refreshTokenGrant(config, tokens.refresh_token ?? '')), 'invalid_grant')
  })

  await t.test('a refresh token that is used again ends those that came of it', async (t) => {
    const { config, tokens } = await granted()
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    t.equal(await ask(next.access_token), '200')
    t.equal(await errorOf(client.refreshTokenGrant(config, tokens.refresh_token ?? '')), 'invalid_grant')
    t.equal(await ask(next.access_token), refused)
    t.equal(await ask(tokens.access_token), refused)
  })

  await t.test(
    'whoever granted it takes it back, for all that the client has of that merchant',
    async (t) => {
      const made = await program.makeClient(codeClient)
      const config = await discover(program, made)
      const [one, two] = [await authorize(program, config), await authorize(program, config)]
      const listed = await program.call('GET', `/grants?person_id=${program.person}`)
      const rows = [listed.body['data']].flat().map((row: unknown) => ({ ...Object(row) }))
      const mine = rows.filter((row) => row['client_id'] === made.id)
      t.match(mine, [{ merchant_id: program.merchant, client_name: 'Books', email: 'ada@people.test' }])
      t.equal(mine.length, 1)
      const ended = await program.call('DELETE', `/grants/${String(mine[0]?.['id'])}?wait=all`)
      t.match(ended, { status: 200, body: { pending: [] } })
      for (const { access_token: token, refresh_token: refresh = '' } of [one, two]) {
        t.equal(await ask(token), refused)
        t.equal(await errorOf(client.refreshTokenGrant(config, refresh)), 'invalid_grant')
      }
      t.equal((await program.call('DELETE', `/grants/${String(mine[0]?.['id'])}`)).status, 404)
    },
  )

  await t.test('a client that is disabled has no tokens; enabled again, it asks anew', async (t) => {
    const about = { ...codeClient, grants: ['code', 'client_credentials'] }
    const made = await program.makeClient(about)
    const config = await discover(program, made)
    const [of, own] = [await authorize(program, config), await client.clientCredentialsGrant(config)]
    t.equal(await ask(own.access_token), '200')
    const disabled = await program.call('POST', `/clients/${made.id}/disable?wait=all`)
    t.match(disabled, { status: 200, body: { status: 'disabled', pending: [] } })
    for (const token of [of.access_token, own.access_token]) t.equal(await ask(token), refused)
    t.equal(await errorOf(client.clientCredentialsGrant(config)), 'invalid_client')
    await program.call('POST', `/clients/${made.id}/enable`)
    t.equal(await ask(of.access_token), refused)
    t.equal(await errorOf(client.refreshTokenGrant(config, of.refresh_token ?? '')), 'invalid_grant')
    t.equal(await ask((await client.clientCredentialsGrant(config)).access_token), '200')
  })

  await t.test('a refresh gives no more than the client may still have', async (t) => {
    const { made, config, tokens } = await granted()
    const patch = (permissions: readonly string[]) =>
      program.call('PATCH', `/clients/${made.id}?wait=all`, { permissions })
    t.match(await patch(['transaction.read']), { status: 200, body: { pending: [] } })
    t.equal(await ask(tokens.access_token), refused, 'nor does what is out')
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    t.equal(next.scope, 'transaction.read')
    await patch(['transaction.read', 'transaction.refund'])
    t.equal(await ask(next.access_token), '200', 'more takes nothing away')
    await program.call('PATCH', `/clients/${made.id}`, { permissions: ['transaction.refund'] })
    t.equal(await errorOf(client.refreshTokenGrant(config, next.refresh_token ?? '')), 'invalid_grant')
  })

  await t.test('what is refused for now is not used up', async (t) => {
    const { config, tokens } = await granted()
    const refresh = async (parameters: Record<string, string> = {}) =>
      errorOf(client.refreshTokenGrant(config, tokens.refresh_token ?? '', parameters))
    await program.call('POST', `/merchants/${program.merchant}/suspend?wait=all`)
    t.equal(await refresh(), 'invalid_grant')
    await program.call('POST', `/merchants/${program.merchant}/resume?wait=all`)
    t.equal(await refresh({ scope: 'unknown' }), 'invalid_scope')
    t.equal(await refresh(), 'none')
    t.equal(await ask(tokens.access_token), '200')
  })

  await t.test('two secrets work while one ends', async (t) => {
    const about = { grants: ['client_credentials'], permissions: ['transaction.read'] }
    const made = await program.makeClient(about)
    const rotated = await program.call('POST', `/clients/${made.id}/rotate-secret`, { grace_seconds: 60 })
    const next = { id: made.id, secret: String(rotated.body['client_secret']) }
    t.not(next.secret, made.secret)
    const works = async (one: typeof made) =>
      errorOf(client.clientCredentialsGrant(await discover(program, one)))
    t.same([await works(made), await works(next)], ['none', 'none'])
    const third = await program.call('POST', `/clients/${made.id}/rotate-secret`, {})
    t.match(third, { status: 409, body: { error: { code: 'ROTATION_IN_PROGRESS' } } })
    t.same([await works(made), await works(next)], ['none', 'none'])
    const last = await program.call('POST', `/clients/${made.id}/rotate-secret`, { grace_seconds: 0 })
    t.same([await works(made), await works(next)], ['invalid_client', 'invalid_client'])
    t.equal(await works({ id: made.id, secret: String(last.body['client_secret']) }), 'none')
  })

  await t.test('whoever is no administrator of the merchant any more grants nothing on', async (t) => {
    const { config, tokens } = await granted()
    const role = (name: string) =>
      program.db.query('UPDATE membership SET role = $2 WHERE person_id = $1', [program.person, name])
    await role('viewer')
    t.equal(await errorOf(client.refreshTokenGrant(config, tokens.refresh_token ?? '')), 'invalid_grant')
    await role('admin')
    const again = await granted()
    const path = `/merchants/${program.merchant}/members/${program.person}`
    t.equal((await program.call('PATCH', `${path}?wait=all`, { role: 'viewer' })).status, 200)
    t.equal(await ask(again.tokens.access_token), refused)
    await role('admin')
    const { refresh_token: refresh = '' } = again.tokens
    t.equal(await errorOf(client.refreshTokenGrant(again.config, refresh)), 'invalid_grant', 'for good')
  })

  await t.test('a password that changes while somebody grants ends that, too', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const browser = await program.browser()
    const id = await browser.begin((await begin(config)).url.href)
    const count = async () =>
      (await program.db.query('SELECT FROM oauth_grant WHERE ended_at IS NULL')).length
    const before = await count()
    let outcome: Promise<string> | undefined
    await program.db.transaction(async (tx) => {
      await tx.query('UPDATE person SET password_at = now() WHERE id = $1', [program.person])
      await tx.query('DELETE FROM hub_session WHERE person_id = $1', [program.person])
      const decided = browser.decide(id, { decision: 'grant', merchant_id: program.merchant })
      let isOver = false
      outcome = decided.then(() => 'granted', String).finally(() => (isOver = true))
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      while (!isOver && (await program.db.query(waiting)).length === 0) await sleep(10)
    })
    t.match(await outcome, /401/)
    t.equal(await count(), before)
  })

  await t.test('neither logs nor the database have what opens something', async (t) => {
    const { made, tokens } = await granted()
    const log = JSON.stringify(program.log)
    for (const text of [made.secret, tokens.access_token, tokens.refresh_token ?? 'none']) {
      t.notMatch(log, text)
      for (const table of [
        'oauth_artifact',
        'oauth_client_secret',
        'oauth_grant',
        'access_token',
        'audit',
        'oauth_key',
      ]) {
        const [row] = await program.db.query<{ text: string }>(
          `SELECT coalesce(string_agg(x::text, ' '), '') AS text FROM ${table} x`,
        )
        t.notMatch(row?.text, text, table)
      }
    }
  })
})
