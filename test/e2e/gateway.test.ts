// Contract 1.
// A request's whole way: real client bytes in, a decision, the upstream's answer out.

import t from 'tap'
import { startTestProgram } from '../support/program.ts'
import { valuesOf } from '../support/upstream.ts'
import { codeOf, exchange, fieldOf, request } from '../support/wire.ts'

t.test('the gateway, end to end', async (t) => {
  const program = await startTestProgram(t)
  const { admin, gatewayPort, live, sandbox } = program
  const merchant = await admin.makeMerchant()
  const key = await admin.makeKey(merchant)
  const sandboxKey = await admin.makeKey(merchant, { environment: 'sandbox' })
  const documentKey = await admin.makeKey(merchant, { api: 'flint', permissions: ['*'] })
  const documentTestKey = await admin.makeKey(merchant, {
    api: 'flint',
    environment: 'sandbox',
    permissions: ['*'],
  })

  await t.test('a valid key reaches the upstream with its identity and without its secret', async (t) => {
    const response = await exchange(
      gatewayPort,
      request('GET /v1/transactions/txn_1?expand=a%20b', [
        'Host: api.flintn.com',
        `X-Api-Key: ${key.secret}`,
      ]),
    )
    t.equal(response.status, 200)
    t.equal(response.body, '{"ok":true}')
    const seen = live.requests.at(-1)
    t.equal(seen?.target, '/v1/transactions/txn_1?expand=a%20b')
    t.same(valuesOf(seen, 'X-Merchant-Id'), [merchant])
    t.same(valuesOf(seen, 'X-Key-Id'), [key.id])
    t.same(valuesOf(seen, 'X-Permissions'), ['transaction.read,transaction.search'])
    t.same(valuesOf(seen, 'X-Environment'), ['live'])
    t.same(valuesOf(seen, 'Host'), ['api.flintn.com'])
    t.same(valuesOf(seen, 'X-Request-Id'), [fieldOf(response, 'X-Request-Id')])
    t.same(valuesOf(seen, 'X-Api-Key'), [])
    t.notMatch(JSON.stringify(seen), key.secret)
  })

  await t.test('no key is told so', async (t) => {
    const response = await exchange(
      gatewayPort,
      request('GET /v1/transactions/txn_1', ['Host: api.flintn.com']),
    )
    t.equal(response.status, 401)
    t.equal(codeOf(response), 'MISSING_API_KEY')
    t.equal(fieldOf(response, 'WWW-Authenticate'), 'ApiKey realm="flintn"')
    t.equal(fieldOf(response, 'X-Error-Source'), 'gateway')
    t.equal(fieldOf(response, 'Cache-Control'), 'no-store')
  })

  await t.test('a permission that is not held is refused and named', async (t) => {
    const response = await exchange(
      gatewayPort,
      request('POST /v1/transactions/txn_1/refund', [
        'Host: api.flintn.com',
        `X-Api-Key: ${key.secret}`,
        'Content-Length: 0',
      ]),
    )
    t.equal(response.status, 403)
    t.match(JSON.parse(response.body), {
      error: {
        code: 'INSUFFICIENT_PERMISSIONS',
        message: "This API key doesn't have permission to access this resource",
        required: ['transaction.refund'],
      },
    })
    t.notMatch(response.body, 'transaction.search')
  })

  await t.test('a sandbox key goes to the sandbox, and is refused on the live host', async (t) => {
    const field = `X-Api-Key: ${sandboxKey.secret}`
    const there = await exchange(
      gatewayPort,
      request('GET /v1/transactions/1', ['Host: sandbox.api.flintn.com', field]),
    )
    t.equal(there.status, 200)
    t.same(valuesOf(sandbox.requests.at(-1), 'X-Environment'), ['sandbox'])
    const here = await exchange(
      gatewayPort,
      request('GET /v1/transactions/1', ['Host: api.flintn.com', field]),
    )
    t.equal(here.status, 401)
    t.equal(codeOf(here), 'WRONG_ENVIRONMENT')
  })

  await t.test('on a shared host the prefix chooses the upstream', async (t) => {
    const before = sandbox.requests.length
    const ask = (secret: string) =>
      exchange(
        gatewayPort,
        request('GET /documents', ['Host: api.flint.com:443', `Authorization: bearer ${secret}`]),
      )
    t.equal((await ask(documentKey.secret)).status, 200)
    t.same(valuesOf(live.requests.at(-1), 'X-Permissions'), ['document.read,document.write'])
    t.same(valuesOf(live.requests.at(-1), 'Authorization'), [])
    t.equal((await ask(documentTestKey.secret)).status, 200)
    t.equal(sandbox.requests.length, before + 1)
  })

  await t.test("another API's key is invalid, and no different from an unknown one", async (t) => {
    const foreign = await exchange(
      gatewayPort,
      request('GET /documents', ['Host: api.flint.com', `Authorization: Bearer ${key.secret}`]),
    )
    t.equal(foreign.status, 401)
    t.equal(codeOf(foreign), 'INVALID_API_KEY')
    t.equal(fieldOf(foreign, 'WWW-Authenticate'), 'Bearer realm="flint", error="invalid_token"')
  })

  await t.test('a public route needs no key and gets no identity', async (t) => {
    const response = await exchange(
      gatewayPort,
      request('GET /v1/status', ['Host: api.flintn.com', 'X-Merchant-Id: forged', 'x_merchant.id: forged']),
    )
    t.equal(response.status, 200)
    t.notMatch(JSON.stringify(live.requests.at(-1)), 'forged')
  })

  await t.test('a revoked key is refused from the moment that the answer says so', async (t) => {
    const doomed = await admin.makeKey(merchant)
    const ask = () =>
      exchange(
        gatewayPort,
        request('GET /v1/transactions/1', ['Host: api.flintn.com', `X-Api-Key: ${doomed.secret}`]),
      )
    t.equal((await ask()).status, 200)
    const { body } = await admin.call('POST', `/keys/${doomed.id}/revoke?wait=all`)
    t.same(body['pending'], [])
    const response = await ask()
    t.equal(response.status, 401)
    t.equal(codeOf(response), 'INVALID_API_KEY')
  })

  await t.test('a body reaches the upstream byte for byte, whatever its type', async (t) => {
    const refunder = await admin.makeKey(merchant, { permissions: ['transaction.refund'] })
    const body = 'a=1&b=\u0000\u00ff{'
    for (const type of ['text/plain', 'application/json', ';;odd', 'multipart/form-data']) {
      const response = await exchange(
        gatewayPort,
        request(
          'POST /v1/upload',
          [
            'Host: api.flintn.com',
            `X-Api-Key: ${refunder.secret}`,
            `Content-Type: ${type}`,
            `Content-Length: ${body.length}`,
          ],
          body,
        ),
      )
      t.equal(response.status, 200, type)
      t.equal(live.requests.at(-1)?.body, body)
      t.same(valuesOf(live.requests.at(-1), 'Content-Type'), [type])
    }
  })

  await t.test('each request leaves one line in the access log, without target or secret', async (t) => {
    const lines = program.log.filter((line) => line['msg'] === 'request')
    t.ok(lines.length > 5)
    t.match(lines[0], {
      client: '127.0.0.1',
      merchant,
      key_id: key.id,
      api: 'flintn',
      environment: 'live',
      route: 'GET /v1/transactions/{id}',
      decision: 'allow',
      status: 200,
      table: /^[0-9a-f]{64}$/,
    })
    t.notMatch(JSON.stringify(program.log), key.secret)
    t.notMatch(JSON.stringify(program.log), 'expand=')
  })
})
