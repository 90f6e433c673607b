// OAuth's device authorization grant (RFC 8628): a program shows a code, a person types it at the hub and says yes or no.

import * as client from 'openid-client'
import t from 'tap'
import { codeClient, discover, errorOf } from './flow.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(60_000)

const deviceClient = { grants: ['device_code'], permissions: codeClient.permissions }

void t.test('a program without a browser of its own', async (t) => {
  const program = await startOauthProgram(t)
  const { person, merchant, db } = program
  const browser = await program.browser()
  const hub = async (path: string, body: object) => {
    const answer = await browser.post(`${program.url}/hub/v1/device/${path}`, body)
    return { status: answer.status, body: { ...Object(await answer.json()) } }
  }
  /** What a program is told, asked at once however often it has asked. */
  const ask = async (config: client.Configuration, deviceCode: string) => {
    await db.query(`UPDATE oauth_device SET ask_from = now()`)
    return client.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', {
      device_code: deviceCode,
    })
  }
  async function begun(parameters: Record<string, string> = {}) {
    const made = await program.makeClient(deviceClient)
    const config = await discover(program, made)
    return { made, config, shown: await client.initiateDeviceAuthorization(config, parameters) }
  }

  await t.test('from a code to a token that is the person’s', async (t) => {
    const { made, config, shown } = await begun({ scope: 'transaction.read' })
    t.match(config.serverMetadata(), {
      device_authorization_endpoint: `${program.issuer}/device`,
      grant_types_supported: [/code/, /refresh/, /credentials/, /device_code$/],
    })
    t.match(shown, {
      ...{ user_code: /^[B-Z]{4}-[B-Z]{4}$/, expires_in: 600, interval: 5 },
      verification_uri: `${program.url}/device`,
    })
    t.notOk('verification_uri_complete' in shown, 'no link allows a stranger')
    t.equal(await errorOf(ask(config, shown.device_code)), 'authorization_pending')
    const looked = await hub('lookup', { user_code: shown.user_code.toLowerCase() })
    t.match(looked, {
      status: 200,
      body: {
        ...{ user_code: shown.user_code, name: 'Books', client: '127.0.0.1' },
        access: {
          client: { id: made.id, name: 'Books' },
          permissions: [{ name: 'transaction.read' }],
          merchants: [{ id: merchant }],
        },
      },
    })
    t.equal((await hub('approve', { user_code: shown.user_code })).status, 422, 'a merchant is to be said')
    const foreign = await program.admin.makeMerchant()
    t.equal((await hub('approve', { user_code: shown.user_code, merchant_id: foreign })).status, 422)
    t.equal((await hub('approve', { user_code: shown.user_code, merchant_id: merchant })).status, 200)
    const tokens = await ask(config, shown.device_code)
    t.match(tokens, { token_type: 'bearer', scope: 'transaction.read', refresh_token: /./ })
    const about = await client.tokenIntrospection(config, tokens.access_token)
    t.match(about, { active: true, sub: person, client_id: made.id })
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    t.equal(await errorOf(ask(config, shown.device_code)), 'invalid_grant', 'it is good once')
    t.notOk((await client.tokenIntrospection(config, next.access_token)).active, 'a second use ends all')
    const audited = await db.query(`SELECT FROM audit WHERE action = 'grant.create'`)
    t.equal(audited.length, 1)
  })

  await t.test('refused, it gets nothing, and is told so', async (t) => {
    const { config, shown } = await begun()
    t.equal((await hub('deny', { user_code: shown.user_code })).status, 200)
    t.equal(await errorOf(ask(config, shown.device_code)), 'access_denied')
    t.equal((await hub('approve', { user_code: shown.user_code, merchant_id: merchant })).status, 410)
    t.equal((await hub('lookup', { user_code: shown.user_code })).status, 410)
  })

  await t.test('asked too soon it is to ask more slowly', async (t) => {
    const { config, shown } = await begun()
    await ask(config, shown.device_code).catch(() => undefined)
    const soon = client.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', {
      device_code: shown.device_code,
    })
    t.equal(await errorOf(soon), 'slow_down')
    const [row] = await db.query<{ step: number }>('SELECT max(step_seconds) AS step FROM oauth_device')
    t.equal(row?.step, 10)
  })

  await t.test('a code is of one client, and over after ten minutes', async (t) => {
    const { config, shown } = await begun()
    const other = await discover(program, await program.makeClient(deviceClient))
    t.equal(await errorOf(ask(other, shown.device_code)), 'invalid_grant')
    const ofCode = await discover(program, await program.makeClient(codeClient))
    t.equal(await errorOf(client.initiateDeviceAuthorization(ofCode, {})), 'invalid_request')
    await db.query(`UPDATE oauth_device SET expires_at = now(); `)
    await db.query(`UPDATE oauth_artifact SET expires_at = now()`)
    t.match(await errorOf(ask(config, shown.device_code)), /invalid_grant|expired_token/)
    t.equal((await hub('lookup', { user_code: shown.user_code })).status, 410)
  })

  await t.test('a client that is disabled before the answer gets none', async (t) => {
    const { made, shown } = await begun()
    await program.call('POST', `/clients/${made.id}/disable`)
    t.equal((await hub('approve', { user_code: shown.user_code, merchant_id: merchant })).status, 410)
  })

  await t.test('what may not be asked for is refused, and the server has no page of its own', async (t) => {
    const made = await program.makeClient(deviceClient)
    const config = await discover(program, made)
    const asked = client.initiateDeviceAuthorization(config, { scope: 'transaction.refund' })
    t.equal(await errorOf(asked), 'invalid_scope')
    for (const path of ['/oauth/unused', '/oauth/UNUSED/x', '/oauth/unused?user_code=x'])
      t.equal((await fetch(`${program.url}${path}`)).status, 404, path)
  })
})
