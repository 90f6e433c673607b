// A real payment service behind the gateway, driven by its official client: the client gets its key to the gateway and
// its Bearer to the service, and sees no difference but for what its key may not do.

import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Stripe } from 'stripe'
import t from 'tap'
import type tap from 'tap'
import { startPaymentMock } from '../support/payment-mock.ts'
import { prepareTestProgram, startPrepared } from '../support/program.ts'
import { exchange, fieldOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

const bearer = 'sk_test_bearer_of_the_service'
const table = `permissions:
  charge.read: Read charges
  charge.create: Create charges
  charge.capture: Capture charges
  refund.read: Read refunds
  refund.create: Refund charges
  customer.read: Read customers
  customer.write: Write customers
routes:
  GET  /v1/charges: charge.read
  POST /v1/charges: charge.create
  GET  /v1/charges/{id}: charge.read
  POST /v1/charges/{id}: charge.create
  POST /v1/charges/{id}/capture: charge.capture
  GET  /v1/refunds: refund.read
  POST /v1/refunds: refund.create
  GET  /v1/refunds/{id}: refund.read
  GET  /v1/customers: customer.read
  POST /v1/customers: customer.write
  GET  /v1/customers/{id}: customer.read
  POST /v1/customers/{id}: customer.write
`

/** The client's own HTTP, with the two fields that a customer of the gateway sets. */
function clientFor(port: number, apiKey: string): Stripe {
  const http = Stripe.createNodeHttpClient()
  const plain = http.makeRequest.bind(http)
  http.makeRequest = (host, toPort, path, method, headers, ...rest) =>
    plain(host, toPort, path, method, { ...headers, Host: 'api.flintn.com', 'X-Api-Key': apiKey }, ...rest)
  return new Stripe(bearer, {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    httpClient: http,
    maxNetworkRetries: 0,
    telemetry: false,
  })
}

/** What the client throws, as the fields that tell one failure from another. */
async function failureOf(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const { type, code, statusCode, message, raw } = Object(error)
  return { type, code, statusCode, message, required: Object(raw).required }
}

async function startPayments(t: Pick<typeof tap, 'teardown'>) {
  const mock = await startPaymentMock(t)
  const prepared = await prepareTestProgram(t, { liveUrl: mock.url, api: '    forward_authorization: true' })
  await writeFile(join(dirname(prepared.file), 'flintn.yaml'), table)
  const program = await startPrepared(t, prepared)
  const merchant = await program.admin.makeMerchant('Shop')
  const keyWith = (permissions: readonly string[]) => program.admin.makeKey(merchant, { permissions })
  return { mock, program, merchant, keyWith }
}

t.test('payments by the official client', async (t) => {
  const { mock, program, merchant, keyWith } = await startPayments(t)
  const key = await keyWith(['*'])
  const shop = clientFor(program.gatewayPort, key.secret)

  await t.test('a charge is created, captured, refunded in part, read and listed', async (t) => {
    const charge = await shop.charges.create({
      amount: 1_000,
      currency: 'usd',
      source: 'tok_visa',
      capture: false,
    })
    t.equal(charge.captured, false)
    t.equal((await shop.charges.capture(charge.id)).captured, true)
    const refund = await shop.refunds.create({ charge: charge.id, amount: 300 })
    t.equal(refund.amount, 300)
    t.equal((await shop.charges.retrieve(charge.id)).amount_refunded, 300)
    t.equal((await shop.refunds.retrieve(refund.id)).charge, charge.id)
    t.same(
      (await shop.charges.list({ limit: 3 })).data.map(({ id }) => id),
      [charge.id],
    )
  })

  await t.test('a customer is created, changed and read', async (t) => {
    const customer = await shop.customers.create({
      email: 'ana@shop.example',
      metadata: { 'a b': '\u00e9&=' },
    })
    t.same((await shop.customers.retrieve(customer.id)).id, customer.id)
    const changed = await shop.customers.update(customer.id, { email: 'bo@shop.example' })
    t.equal(changed.email, 'bo@shop.example')
    t.same(changed.metadata, { 'a b': '\u00e9&=' })
  })

  await t.test('an idempotent repeat makes no second charge', async (t) => {
    const order = { amount: 500, currency: 'usd', source: 'tok_visa' }
    const first = await shop.charges.create(order, { idempotencyKey: 'order-1' })
    const again = await shop.charges.create(order, { idempotencyKey: 'order-1' })
    t.equal(again.id, first.id)
  })

  await t.test("the service gets its own Bearer and who is calling, and not the gateway's key", async (t) => {
    await shop.charges.list()
    const { headers } = mock.seen.at(-1) ?? { headers: {} }
    t.match(headers, { authorization: `Bearer ${bearer}`, 'x-merchant-id': merchant, 'x-key-id': key.id })
    t.notMatch(JSON.stringify(mock.seen), key.secret)
  })

  await t.test('errors of the service are the ones that its client knows', async (t) => {
    const order = { amount: 1_000, currency: 'usd' }
    t.match(await failureOf(shop.charges.create({ ...order, source: 'tok_chargeDeclined' })), {
      type: 'StripeCardError',
      code: 'card_declined',
      statusCode: 402,
    })
    const charge = await shop.charges.create({ ...order, source: 'tok_visa' })
    t.match(await failureOf(shop.refunds.create({ charge: charge.id, amount: 3_000 })), {
      type: 'StripeInvalidRequestError',
      statusCode: 400,
    })
  })

  await t.test('an error passes byte for byte', async (t) => {
    const fields = [`Authorization: Bearer ${bearer}`, `X-Api-Key: ${key.secret}`]
    const bytes = request('GET /v1/charges/ch_none', ['Host: api.flintn.com', ...fields])
    const direct = await exchange(Number(new URL(mock.url).port), bytes)
    const through = await exchange(program.gatewayPort, bytes)
    t.equal(direct.status, 404)
    t.equal(through.status, 404)
    t.equal(through.body, direct.body)
    for (const name of ['Content-Type', 'ETag', 'X-Powered-By']) {
      t.equal(fieldOf(through, name), fieldOf(direct, name), name)
    }
    t.equal(fieldOf(through, 'X-Error-Source'), undefined)
  })

  await t.test("the service's own 401 passes untouched", async (t) => {
    const bytes = request('GET /v1/charges', ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`])
    const response = await exchange(program.gatewayPort, bytes)
    t.equal(response.status, 401)
    t.equal(fieldOf(response, 'X-Error-Source'), undefined)
  })

  await t.test('without the permission the gateway answers 403, and the service sees nothing', async (t) => {
    const reader = clientFor(program.gatewayPort, (await keyWith(['charge.read', 'refund.read'])).secret)
    const { data } = await reader.charges.list({ limit: 1 })
    const before = mock.seen.length
    const failure = await failureOf(reader.refunds.create({ charge: data[0]?.id ?? '' }))
    t.match(failure, { statusCode: 403, code: 'INSUFFICIENT_PERMISSIONS', required: ['refund.create'] })
    t.match(failure['message'], "This API key doesn't have permission")
    t.match(await failureOf(reader.charges.capture(data[0]?.id ?? '')), {
      statusCode: 403,
      required: ['charge.capture'],
    })
    t.equal(mock.seen.length, before)
  })
})
