// Contract 9.6: a stream is its person's, and ends with what that person may.

import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createLiveDesk } from '../../../src/lookup/live-desk.ts'
import type { LiveDecision } from '../../../src/telemetry/live.ts'
import { makePerson, sessionOf } from '../people/people.ts'
import { createSubject, type Subject } from '../subject.ts'

t.setTimeout(120_000)

type Headers = Readonly<Record<string, string>>

function decisionOf(merchantId: string, requestId: string): LiveDecision {
  return {
    ...{ atMs: 0, requestId, api: 'flintn', environment: 'live', route: 'GET /v1/x', merchantId },
    ...{ keyId: 'key_1', decision: 'allow', code: null, reason: null, status: 200, gatewayMs: 0.1 },
  }
}

async function setUp(t: Parameters<typeof createSubject>[0]) {
  const desk = createLiveDesk({
    ...{ wanted: () => {}, redis: null, instanceId: 'i', rejected: () => {} },
    monotonicNow: () => performance.now(),
  })
  const subject: Subject = await createSubject(t, { live: desk })
  await subject.app.listen({ port: 0, host: '127.0.0.1' })
  const { port }: Partial<AddressInfo> = Object(subject.app.server.address())
  const merchant = String((await subject.call('POST', '/merchants', { name: 'Own' })).body['id'])

  /** One that has shown a decision. */
  async function watch(headers: Headers, requestId: string) {
    const response = await fetch(`http://127.0.0.1:${port}/admin/v1/events`, { headers })
    let text = ''
    const ended = (async () => {
      for await (const piece of response.body ?? []) text += Buffer.from(piece).toString()
    })()
    while (!text.includes(requestId)) {
      desk.hear([decisionOf(merchant, requestId)])
      await sleep(25)
    }
    return { ended, text: () => text }
  }
  return { desk, subject, merchant, watch }
}

const ways = {
  'its role in the merchant is another': async ({ subject, merchant, id }: Way) =>
    subject.call('PATCH', `/merchants/${merchant}/members/${id}`, { role: 'admin' }),
  'it is no member any more': async ({ subject, merchant, id }: Way) =>
    subject.call('DELETE', `/merchants/${merchant}/members/${id}`),
  'its account is disabled': async ({ subject, id }: Way) => subject.call('POST', `/members/${id}/disable`),
  'it is signed out by another': async ({ subject, id }: Way) => {
    const [row] = await subject.db.query<{ email: string }>('SELECT email FROM person WHERE id = $1', [id])
    return subject.call('DELETE', '/sessions', { email: row?.email ?? '' })
  },
} as const

interface Way {
  readonly subject: Subject
  readonly merchant: string
  readonly id: string
}

for (const [name, change] of Object.entries(ways))
  t.test(`a member’s stream ends when ${name}, and shows nothing from then on`, async (t) => {
    const { desk, subject, merchant, watch } = await setUp(t)
    const id = await makePerson(subject.db, { roles: { [merchant]: 'viewer' } })
    const stream = await watch(await sessionOf(subject, id), 'req_before')
    t.equal((await change({ subject, merchant, id })).status, 200)
    await stream.ended
    desk.hear([decisionOf(merchant, 'req_after')])
    t.notMatch(stream.text(), 'req_after')
  })

t.test('an operator’s stream ends with its role, and with its session’s time', async (t) => {
  const { subject, watch } = await setUp(t)
  const id = await makePerson(subject.db, { operator: 'auditor' })
  const first = await watch(await sessionOf(subject, id), 'req_1')
  t.equal((await subject.call('PATCH', `/operators/${id}`, { role: 'read_only' })).status, 200)
  await first.ended
  const second = await watch(await sessionOf(subject, id), 'req_2')
  subject.clock.nowMs += 12 * 3_600_000
  await second.ended
  t.pass('a stream is no use of the session')
})
