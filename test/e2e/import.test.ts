// Contract 4.
// Keys made elsewhere: imported, and used through the gateway.

import { hash } from 'node:crypto'
import t from 'tap'
import { adminToken, startTestProgram } from '../support/program.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

const legacyApis = `    legacy_keys: true
  shared:
    credential: { header: X-Api-Key }
    environments:
      live:    { hosts: [shared.test], prefix: sh_live_, upstream: payments }
      sandbox: { hosts: [shared.test], prefix: sh_test_, upstream: payments-sandbox }
    permissions: flint.yaml
    legacy_keys: true`

const secretOf = (name: string) => `legacy-key-of-somebody-else-${name}`

void t.test('imported keys without prefix and checksum', async (t) => {
  const program = await startTestProgram(t, { api: legacyApis })
  const { admin, gatewayPort, controlPort, live, sandbox } = program
  const merchantId = await admin.makeMerchant()

  async function importLines(lines: readonly object[]): Promise<Record<string, unknown>> {
    const base = {
      merchant_id: merchantId,
      api: 'flintn',
      environment: 'live',
      name: 'Old',
      permissions: ['*'],
    }
    const response = await fetch(`http://127.0.0.1:${controlPort}/admin/v1/keys/import?wait=all`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-ndjson' },
      body: lines.map((line) => JSON.stringify({ ...base, ...line })).join('\n'),
    })
    const body: unknown = await response.json()
    t.equal(response.status, 200, JSON.stringify(body))
    return { ...Object(body) }
  }

  const ask = (host: string, path: string, credential: string) =>
    exchange(gatewayPort, request(`GET ${path}`, [`Host: ${host}`, credential]))
  const askFlintn = (secret: string, host = 'api.flintn.com') =>
    ask(host, '/v1/transactions/1', `X-Api-Key: ${secret}`)
  const lookups = async () => {
    const text = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
    return text.split('\n').filter((line) => line.startsWith('latchkey_lookups_total'))
  }

  t.equal((await askFlintn(secretOf('live'))).status, 401)
  const digest = hash('sha256', secretOf('digest'), 'hex')
  const answer = await importLines([
    { secret: secretOf('live') },
    { sha256: digest, last4: 'gest' },
    { secret: secretOf('sandbox'), environment: 'sandbox' },
    { secret: secretOf('shared-live'), api: 'shared' },
    { secret: secretOf('shared-sandbox'), api: 'shared', environment: 'sandbox' },
    { secret: `pk_live_${'x'.repeat(30)}` },
    { secret: secretOf('flint'), api: 'flint' },
  ])
  t.same(answer['pending'], [])

  await t.test('only an API without legacy_keys is warned of', async (t) => {
    t.match(answer['warnings'], [{ api: 'flint', message: /^1 of the keys/ }])
    t.equal((answer['warnings'] as unknown[]).length, 1)
  })

  await t.test('a legacy key works, also one that was refused as unknown before', async (t) => {
    t.equal((await askFlintn(secretOf('live'))).status, 200)
    t.equal((await askFlintn(secretOf('digest'))).status, 200)
    t.equal((await askFlintn(`pk_live_${'x'.repeat(30)}`)).status, 200)
    t.ok(live.requests.at(-1)?.headers.some(([name, value]) => name === 'X-Environment' && value === 'live'))
  })

  await t.test("its record's environment chooses the upstream where the host leaves it open", async (t) => {
    const before = [live.requests.length, sandbox.requests.length]
    t.equal((await ask('shared.test', '/documents', `X-Api-Key: ${secretOf('shared-live')}`)).status, 200)
    t.same([live.requests.length, sandbox.requests.length], [Number(before[0]) + 1, before[1]])
    t.equal((await ask('shared.test', '/documents', `X-Api-Key: ${secretOf('shared-sandbox')}`)).status, 200)
    t.same([live.requests.length, sandbox.requests.length], [Number(before[0]) + 1, Number(before[1]) + 1])
    t.ok(
      sandbox.requests
        .at(-1)
        ?.headers.some(([name, value]) => name === 'X-Environment' && value === 'sandbox'),
    )
  })

  await t.test("on the other environment's host, and for another API, it is invalid", async (t) => {
    t.equal((await askFlintn(secretOf('sandbox'), 'sandbox.api.flintn.com')).status, 200)
    for (const [host, path, secret] of [
      ['api.flintn.com', '/v1/transactions/1', secretOf('sandbox')],
      ['sandbox.api.flintn.com', '/v1/transactions/1', secretOf('live')],
      ['shared.test', '/documents', secretOf('live')],
    ] as const) {
      const response = await ask(host, path, `X-Api-Key: ${secret}`)
      t.equal(response.status, 401, host)
      t.equal(codeOf(response), 'INVALID_API_KEY')
    }
  })

  await t.test('an API without legacy_keys refuses it without a look-up', async (t) => {
    const before = await lookups()
    const response = await ask('api.flint.com', '/documents', `Authorization: Bearer ${secretOf('flint')}`)
    t.equal(codeOf(response), 'INVALID_API_KEY')
    t.same(await lookups(), before)
    t.match(
      program.log.findLast((line) => line['msg'] === 'request'),
      { api: 'flint', reason: 'unknown_prefix' },
    )
  })

  await t.test('what could be no key is not looked up either', async (t) => {
    const before = await lookups()
    for (const secret of ['x'.repeat(257), 'with.dots.in.it.and.long.enough']) {
      t.equal(codeOf(await askFlintn(secret)), 'INVALID_API_KEY')
    }
    t.same(await lookups(), before)
  })

  await t.test(
    'a rotated legacy key gets a secret of the usual form; the old one keeps its grace',
    async (t) => {
      const { results } = answer as { results: { id: string }[] }
      const path = `/keys/${results[0]?.id}/rotate?wait=all`
      const { body } = await admin.call('POST', path, { grace_seconds: 3600 })
      t.match(body['secret'], /^pk_live_/)
      t.equal((await askFlintn(String(body['secret']))).status, 200)
      t.equal((await askFlintn(secretOf('live'))).status, 200)
    },
  )

  await t.test('no imported secret is in the log', async (t) => {
    t.notMatch(JSON.stringify(program.log), 'somebody-else')
  })
})
