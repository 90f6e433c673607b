// Contract 9 and 9.4: webhooks, over real connections and a real database.

import t from 'tap'
import { makeKey, makeMerchant } from '../subject.ts'
import { createGoing, makeWebhook, startReceiver, startSender, until, verified } from './receiver.ts'

void t.test('what becomes of a key is told, signed, in the order in which it was done', async (t) => {
  const subject = await createGoing(t)
  const receiver = await startReceiver(t)
  const { id, secret } = await makeWebhook(subject, { url: receiver.url })
  startSender(t, subject)
  const key = await makeKey(subject)
  await subject.call('PATCH', `/keys/${key.id}`, { name: 'Till' })
  for (const action of ['disable', 'enable', 'rotate', 'rotation/end', 'revoke'])
    t.equal((await subject.call('POST', `/keys/${key.id}/${action}`)).status, 200, action)
  await until(() => receiver.told.length >= 7, 'all are told')
  const told = receiver.told.map((one) => verified(secret, one))
  t.same(
    told.map(({ type }) => type),
    ['created', 'updated', 'disabled', 'enabled', 'rotated', 'updated', 'revoked'].map(
      (one) => `api_key.${one}`,
    ),
  )
  t.match(told[0]?.data, { id: key.id, name: 'Checkout', status: 'active', revision: 2 })
  t.match(told[1]?.data, { name: 'Till', previous: { name: 'Checkout' } })
  t.same(new Set(told.map(({ data }) => data['id'])), new Set([key.id]))
  t.notMatch(receiver.told.map(({ body }) => body).join(''), key.secret)
  t.equal(new Set(receiver.told.map(({ headers }) => headers['webhook-id'])).size, 7)
  const listed = () => subject.call('GET', `/webhooks/${id}/deliveries?status=delivered`)
  await until(async () => ((await listed()).body['data'] as unknown[]).length === 7, 'all are written down')
})

void t.test('what is not taken is tried again, the same, and what comes after it waits', async (t) => {
  const subject = await createGoing(t)
  let isUp = false
  const receiver = await startReceiver(t, (_, response) => void response.writeHead(isUp ? 204 : 503).end())
  const { id, secret } = await makeWebhook(subject, { url: receiver.url })
  startSender(t, subject)
  const key = await makeKey(subject)
  await subject.call('POST', `/keys/${key.id}/disable`)
  await until(() => receiver.told.length >= 3, 'three tries')
  const webhook = await subject.call('GET', `/webhooks/${id}`)
  t.ok(Number(webhook.body['failures']) >= 2)
  const { body: deliveries } = await subject.call('GET', `/webhooks/${id}/deliveries`)
  t.match(deliveries, {
    data: [{ type: 'api_key.created', status: 'pending', failure: 'status', response_status: 503 }],
  })
  isUp = true
  await until(() => receiver.told.some(({ body }) => body.includes('api_key.disabled')), 'the next one')
  const told = receiver.told.map((one) => verified(secret, one).type)
  t.same(told.toSorted(), told, 'created, however often, before disabled')
  t.equal(new Set(receiver.told.map((one) => one.headers['webhook-id'])).size, 2)
  t.equal(new Set(receiver.told.map((one) => one.body)).size, 2)
  await until(
    async () => (await subject.call('GET', `/webhooks/${id}`)).body['failures'] === 0,
    'it is well again',
  )
})

void t.test(
  'an endpoint is told of its merchant, its API and its types, and of nothing from before',
  async (t) => {
    const subject = await createGoing(t)
    const receiver = await startReceiver(t)
    const early = await makeKey(subject)
    const own = await makeMerchant(subject)
    const other = await makeMerchant(subject)
    const at = (path: string) => ({ url: receiver.url.replace('hook', path) })
    const merchants = await makeWebhook(subject, { ...at('merchant'), merchant_id: own })
    await makeWebhook(subject, { ...at('flint'), api: 'flint' })
    await makeWebhook(subject, { ...at('suspended'), events: ['merchant.suspended'] })
    startSender(t, subject)
    await subject.call('POST', `/keys/${early.id}/revoke`)
    const body = { environment: 'live', name: 'A', permissions: ['transaction.read'] }
    for (const [merchant, api] of [
      [own, 'flintn'],
      [other, 'flintn'],
      [other, 'flint'],
    ])
      t.equal((await subject.call('POST', '/keys', { ...body, merchant_id: merchant, api })).status, 201)
    for (const merchant of [own, other]) await subject.call('POST', `/merchants/${merchant}/suspend`)
    const end = await makeWebhook(subject, at('end'))
    await subject.call('POST', `/webhooks/${end.id}/test`)
    await until(() => receiver.told.some(({ path }) => path === '/end'), 'the end')
    await until(() => receiver.told.length >= 6, 'all of them')
    const seen = receiver.told.map((one) => `${one.path} ${(JSON.parse(one.body) as { type: string }).type}`)
    t.same(seen.toSorted(), [
      '/end webhook.test',
      '/flint api_key.created',
      '/merchant api_key.created',
      '/merchant merchant.suspended',
      '/suspended merchant.suspended',
      '/suspended merchant.suspended',
    ])
    for (const one of receiver.told.filter(({ path }) => path === '/merchant'))
      verified(merchants.secret, one)
  },
)

void t.test('endpoints whose secret cannot be opened keep no place from others', async (t) => {
  const subject = await createGoing(t)
  const receiver = await startReceiver(t)
  await makeWebhook(subject, { url: receiver.url })
  // More than there are places, without a secret, before the other in their order.
  await subject.db.query(
    `INSERT INTO webhook_endpoint (id, url, events, status, created_at, created_by, cursor_seq, first_revision)
     SELECT 'whk_' || lpad(n::text, 12, '0'), url, events, status, created_at, created_by, cursor_seq, first_revision
     FROM webhook_endpoint, generate_series(1, 40) n`,
  )
  startSender(t, subject)
  await makeKey(subject)
  await until(() => receiver.told.length === 1, 'it is told')
})

void t.test('merchants whose receivers hang leave places to others', async (t) => {
  const subject = await createGoing(t)
  const hanging = await startReceiver(t, () => undefined)
  const well = await startReceiver(t)
  const merchants = [await makeMerchant(subject), await makeMerchant(subject)]
  for (const merchant of merchants)
    for (let count = 0; count < 20; count++)
      await makeWebhook(subject, { url: hanging.url, merchant_id: merchant })
  const other = await makeMerchant(subject)
  await makeWebhook(subject, { url: well.url, merchant_id: other })
  for (const merchant of [...merchants, other])
    t.equal((await subject.call('POST', `/merchants/${merchant}/suspend`)).status, 200)
  startSender(t, subject, { timeoutMs: 60_000 })
  await until(() => well.told.length === 1 && hanging.told.length === 16, 'it is told, beside eight of each')
})

void t.test('of what is asked for by hand ten wait at most', async (t) => {
  const subject = await createGoing(t)
  const receiver = await startReceiver(t)
  const { id } = await makeWebhook(subject, { url: receiver.url })
  const ask = () => subject.call('POST', `/webhooks/${id}/test`)
  for (let count = 0; count < 10; count++) t.equal((await ask()).status, 202)
  t.match(await ask(), { status: 503, body: { error: { code: 'OVERLOADED' } } })
  startSender(t, subject)
  await until(() => receiver.told.length === 10, 'they are sent')
  await until(async () => (await ask()).status === 202, 'there is room')
})

void t.test('what waits in its turn and is asked for once more is sent once', async (t) => {
  const subject = await createGoing(t)
  let isUp = false
  const receiver = await startReceiver(t, (_, response) => void response.writeHead(isUp ? 204 : 503).end())
  const { id } = await makeWebhook(subject, { url: receiver.url })
  const first = startSender(t, subject)
  const key = await makeKey(subject)
  const listed = async () =>
    (await subject.call('GET', `/webhooks/${id}/deliveries`)).body['data'] as { id: string }[]
  await until(async () => (await listed()).length === 1, 'it was tried')
  await first.stop()
  // Whatever is changed of it, it is due at once.
  t.equal((await subject.call('PATCH', `/webhooks/${id}`, { name: 'Mended' })).status, 200)
  const [pending] = await listed()
  t.equal((await subject.call('POST', `/webhooks/${id}/deliveries/${pending?.id}/redeliver`)).status, 202)
  isUp = true
  const before = receiver.told.length
  startSender(t, subject, { holder: 'two' })
  await subject.call('POST', `/keys/${key.id}/disable`)
  await until(() => receiver.told.some(({ body }) => body.includes('api_key.disabled')), 'the next one')
  t.equal(receiver.told.length - before, 2)
})
