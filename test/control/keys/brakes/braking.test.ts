// Contract 11: who looks at brakes, how often, and whom it tells.

import t from 'tap'
import type { Brake } from '../../../../src/config/brakes.ts'
import { createBraking } from '../../../../src/control/keys/brakes/braking.ts'
import { createPostman } from '../../../../src/control/people/mail/postman.ts'
import { createMailTransport } from '../../../../src/control/people/mail/transport.ts'
import { addActivity } from '../../../../src/store/activity/activity-table.ts'
import type { Change } from '../../../../src/store/change-table.ts'
import { createKey } from '../../../../src/store/keys/key-change-table.ts'
import { getKey } from '../../../../src/store/keys/key-table.ts'
import { everything } from '../../../../src/store/scope.ts'
import { keyOf, newId, originAt, seedMerchant } from '../../../store/seed.ts'
import { createDatabase } from '../../../support/database.ts'
import { startMailServer } from '../../../support/mail-server.ts'
import { until } from '../../../main/process.ts'
import { makePerson } from '../../people/people.ts'

const dayMs = 86_400_000
const nowMs = Date.now()
const brake: Brake = {
  ...{ api: 'flintn', name: 'refund_burst', permission: 'transaction.refund', action: 'disable' },
  ...{ routes: ['POST /v1/refunds'], times: 5, floor: 20 },
}

async function createSubject(
  t: Parameters<typeof createDatabase>[0],
  brakes: readonly Brake[] = [brake],
  sendsMail = true,
) {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const clock = { at: 0 }
  const published: Change[] = []
  const lines: object[] = []
  const braking = createBraking({
    ...{ db, brakes: () => brakes, now: () => nowMs, newId, sendsMail },
    published: (change) => published.push(change),
    log: { warn: (details, message) => lines.push({ ...details, message }) },
    monotonicNow: () => clock.at,
  })
  return {
    ...{ db, merchantId, clock, published, lines, braking },
    async busyKey() {
      const key = keyOf(merchantId)
      await createKey(db, originAt(nowMs - 60 * dayMs), key)
      const of = { keyId: key.id, secretId: key.secret.id, api: 'flintn', environment: 'live' }
      const counted = { route: 'POST /v1/refunds', outcome: 'allow', minuteMs: nowMs - 60_000, count: 30 }
      await addActivity(db, { id: key.id, counts: [{ ...of, ...counted, lastUsedAtMs: null }] })
      return key.id
    },
    status: async (id: string) => (await getKey(db, id, { nowMs, scope: everything }))?.status,
  }
}

void t.test('what is found is pulled, spread, and mailed to the merchant’s admins', async (t) => {
  const subject = await createSubject(t)
  const { db, merchantId, braking, published, lines, clock } = subject
  const admin = await makePerson(db, { roles: { [merchantId]: 'admin' }, email: 'ann@x.test' })
  await makePerson(db, { roles: { [merchantId]: 'viewer' }, email: 'bo@x.test' })
  // Reminders can be refused, this cannot.
  await db.query('INSERT INTO reminder_refusal (person_id, at) VALUES ($1, now())', [admin])
  const id = await subject.busyKey()
  t.equal(await braking.run(), 1)
  t.equal(await subject.status(id), 'disabled')
  t.match(published, [{ keyId: id, merchantId }])
  t.match(lines, [{ key: id, brake: 'refund_burst', action: 'disable', requests: 30, usual: 0 }])
  t.match(braking.figures(), { pulled: 1, held: 0 })

  const server = await startMailServer(t)
  const postman = createPostman({
    ...{ db, log: { warn() {}, error() {} }, hub: { publicUrl: 'https://hub.test', path: '' } },
    ...{ now: () => nowMs, counted() {} },
    transport: createMailTransport({ from: 'no-reply@hub.test', smtp: `smtp://127.0.0.1:${server.port}` }),
  })
  t.teardown(() => postman.stop())
  await until(() => server.received.length === 1)
  const text = (server.received[0] ?? '').replaceAll(/=\r?\n/g, '')
  t.match(text, /^Envelope-To: ann@x\.test$/m)
  t.match(text, /30 requests with transaction\.refund in the last hour; it had made none/)
  t.match(text, 'It was disabled')
  t.match(text, `https://hub.test/developers/keys/${id}`)

  const other = await subject.busyKey()
  t.equal(await braking.run(), 0, 'it is not time yet')
  clock.at += 30_000
  t.equal(await braking.run(), 1)
  t.equal(await subject.status(other), 'disabled')
  t.match(braking.figures(), { pulled: 2, held: 1 })
  clock.at += 90_000
  t.equal(braking.figures().held, undefined, 'another one looks by now')
})

void t.test('where no mails are sent none is left to wait', async (t) => {
  const { db, merchantId, braking, busyKey } = await createSubject(t, [brake], false)
  await makePerson(db, { roles: { [merchantId]: 'admin' } })
  await busyKey()
  t.equal(await braking.run(), 1)
  t.same(await db.query('SELECT id FROM mail'), [])
})

void t.test('without brakes nothing is looked for, and a database that is away is told', async (t) => {
  const { db, braking, busyKey, status, clock, lines } = await createSubject(t, [])
  const id = await busyKey()
  t.equal(await braking.run(), 0)
  t.equal(await status(id), 'active')
  await db.close()
  clock.at += 30_000
  t.equal(await braking.run(), 0)
  t.match(lines, [{ message: /Brakes are not looked at/ }])
})
