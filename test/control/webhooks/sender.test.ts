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
