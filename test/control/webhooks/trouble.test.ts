// Senders that die, receivers that go, secrets that change, and what people ask for by hand.

import t from 'tap'
import { createSealing } from '../../../src/credentials/sealing.ts'
import { makeKey } from '../subject.ts'
import {
  createGoing,
  eager,
  makeWebhook,
  sealing,
  startReceiver,
  startSender,
  until,
  verified,
} from './receiver.ts'

const day = 86_400_000

void t.test('during a rotation both secrets sign, and after it the new one alone', async (t) => {
  const subject = await createGoing(t)
  const receiver = await startReceiver(t)
  const { id, secret } = await makeWebhook(subject, { url: receiver.url })
  const rotated = await subject.call('POST', `/webhooks/${id}/rotate-secret`, { grace_seconds: 60 })
  const second = String(rotated.body['secret'])
  startSender(t, subject)
  await makeKey(subject)
  await until(() => receiver.told.length === 1, 'it is told')
  for (const one of [secret, second]) for (const told of receiver.told) verified(one, told)
  const over = await subject.call('POST', `/webhooks/${id}/rotate-secret`, { grace_seconds: 0 })
  await makeKey(subject)
  await until(() => receiver.told.length === 2, 'it is told again')
  const [, last] = receiver.told
  if (last === undefined) throw new Error('nothing')
  verified(String(over.body['secret']), last)
  for (const one of [secret, second]) t.throws(() => verified(one, last))
  const dump = JSON.stringify([
    await subject.db.query('SELECT * FROM webhook_secret'),
    await subject.db.query('SELECT * FROM audit'),
    await subject.db.query('SELECT * FROM webhook_event'),
    subject.logged,
  ])
  for (const one of [secret, second, String(over.body['secret'])]) t.notMatch(dump, one)
})

void t.test(
  '410 and five days of failures disable it, in the audit; enabled it goes on where it stood',
  async (t) => {
    const subject = await createGoing(t)
    let status = 410
    let aheadMs = 0
    const receiver = await startReceiver(t, (_, response) => void response.writeHead(status).end())
    const { id } = await makeWebhook(subject, { url: receiver.url })
    const sender = startSender(t, subject, { now: () => Date.now() + aheadMs })
    const isDisabled = async () =>
      (await subject.call('GET', `/webhooks/${id}`)).body['status'] === 'disabled'
    await makeKey(subject)
    await until(isDisabled, 'gone')
    t.match((await subject.call('GET', `/webhooks/${id}`)).body, { disabled_reason: 'gone' })
    status = 500
    await subject.call('PATCH', `/webhooks/${id}`, { status: 'enabled' })
    await until(() => receiver.told.length >= 3, 'it is tried')
    t.notOk(await isDisabled())
    aheadMs += 5 * day
    await until(isDisabled, 'failing')
    t.match((await subject.call('GET', `/webhooks/${id}`)).body, { disabled_reason: 'failing' })
    const audit = await subject.call('GET', `/audit?target=${id}&action=webhook.disable`)
    t.match(audit.body, { data: [{ actor: 'latchkey' }, { actor: 'latchkey' }] })
    t.match(sender.log.join('\n'), /is disabled[^]*is disabled/)
    status = 200
    const before = receiver.told.length
    await subject.call('PATCH', `/webhooks/${id}`, { status: 'enabled' })
    await makeKey(subject)
    await until(async () => {
      const rows = await subject.db.query(`SELECT FROM webhook_delivery WHERE status = 'delivered'`)
      return rows.length === 1
    }, 'the second key’s; the first one’s was given up after three days')
    t.ok(receiver.told.length > before)
  },
)

void t.test(
  'what was not taken for three days is given up after one more try, and the next has its turn',
  async (t) => {
    const subject = await createGoing(t)
    const receiver = await startReceiver(t, ({ body }, response) => {
      response.writeHead(body.includes('api_key.created') ? 422 : 200).end()
    })
    const { id } = await makeWebhook(subject, { url: receiver.url })
    let aheadMs = 0
    startSender(t, subject, { now: () => Date.now() + aheadMs })
    const key = await makeKey(subject)
    await subject.call('POST', `/keys/${key.id}/disable`)
    await until(() => receiver.told.length >= 2, 'tries')
    t.notMatch(receiver.told.map(({ body }) => body).join(), 'api_key.disabled')
    aheadMs += 3 * day
    await until(() => receiver.told.some(({ body }) => body.includes('api_key.disabled')), 'the next one')
    await until(async () => {
      const { body } = await subject.call('GET', `/webhooks/${id}/deliveries?status=failed`)
      return (body['data'] as unknown[]).length === 1
    }, 'it is told as failed')
    const [failed] = (await subject.call('GET', `/webhooks/${id}/deliveries?status=failed`)).body['data'] as {
      id: string
    }[]
    const before = receiver.told.length
    t.equal((await subject.call('POST', `/webhooks/${id}/deliveries/${failed?.id}/redeliver`)).status, 202)
    await until(() => receiver.told.length > before, 'once more by hand')
  },
)

void t.test('a sender that ends without a word is followed by another, which loses nothing', async (t) => {
  const subject = await createGoing(t)
  const receiver = await startReceiver(t)
  const { secret } = await makeWebhook(subject, { url: receiver.url })
  // It had the lease, and sends no more.
  await subject.db.query(
    `UPDATE webhook_head SET holder = 'dead', held_until = clock_timestamp() + interval '1 second'`,
  )
  const senders = ['a', 'b', 'c'].map((holder) => startSender(t, subject, { holder }))
  await makeKey(subject)
  await until(() => receiver.told.length === 1, 'it is told')
  for (const one of receiver.told) t.match(verified(secret, one), { type: 'api_key.created' })
  const [row] = await subject.db.query<{ holder: string }>('SELECT holder FROM webhook_head')
  const index = ['a', 'b', 'c'].indexOf(row?.holder ?? '')
  t.not(index, -1)
  await senders[index]?.stop()
  await makeKey(subject)
  await until(() => receiver.told.length === 2, 'the next one goes on')
  t.equal(new Set(receiver.told.map(({ headers }) => headers['webhook-id'])).size, 2)
})

void t.test('what cannot be opened here is not sent, and is no failure of the receiver’s', async (t) => {
  const subject = await createGoing(t)
  const receiver = await startReceiver(t)
  const { id } = await makeWebhook(subject, { url: receiver.url })
  const sender = startSender(t, subject, { sealed: createSealing(['another key of thirty-two chars.']) })
  await makeKey(subject)
  await until(() => sender.log.length > 0, 'it is said')
  t.match(sender.log.join(), /LATCHKEY_SEAL_KEY/)
  t.match((await subject.call('GET', `/webhooks/${id}`)).body, { failures: 0, status: 'enabled' })
  await sender.stop()
  startSender(t, subject, { sealed: sealing, holder: 'two' })
  await until(() => receiver.told.length === 1, 'who has the key sends')
})

void t.test('a receiver that hangs holds up no other', async (t) => {
  const subject = await createGoing(t)
  const hanging = await startReceiver(t, () => undefined)
  const well = await startReceiver(t)
  await makeWebhook(subject, { url: hanging.url })
  await makeWebhook(subject, { url: well.url })
  startSender(t, subject, { timeoutMs: 60_000, schedule: eager })
  await makeKey(subject)
  await makeKey(subject)
  await until(() => well.told.length === 2, 'the other is told')
  t.equal(hanging.told.length, 1)
})
