// Contract 9.6: live events.

import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { mostOfOwner, mostStreams } from '../../../src/control/events/routes.ts'
import { createLiveDesk, type LiveDesk } from '../../../src/lookup/live-desk.ts'
import type { LiveDecision } from '../../../src/telemetry/live.ts'
import { createSubject, keyBody, type Subject, token } from '../subject.ts'

t.setTimeout(120_000)

interface Watching {
  /** What came so far. */
  text(): string
  readonly status: number
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  stop(): void
}

async function watch(url: string, secret = token, query = ''): Promise<Watching> {
  const aborter = new AbortController()
  const response = await fetch(`${url}/admin/v1/events${query}`, {
    headers: { authorization: `Bearer ${secret}` },
    signal: aborter.signal,
  })
  let text = ''
  const read = async () => {
    try {
      for await (const piece of response.body ?? []) text += Buffer.from(piece).toString()
    } catch {
      // Aborted.
    }
  }
  return { text: () => text, status: response.status, ended: read(), stop: () => aborter.abort() }
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await sleep(5)
}

async function listening(t: Parameters<typeof createSubject>[0]) {
  const desk: LiveDesk = createLiveDesk({
    ...{
      wanted: () => {},
      redis: null,
      instanceId: 'i',
      monotonicNow: () => performance.now(),
      rejected: () => {},
    },
  })
  const subject: Subject = await createSubject(t, { live: desk })
  await subject.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = subject.app.server.address() as AddressInfo
  return { desk, subject, url: `http://127.0.0.1:${port}` }
}

function decisionOf(merchantId: string, requestId = 'req_1'): LiveDecision {
  return {
    ...{ atMs: 0, requestId, api: 'flintn', environment: 'live', route: 'GET /v1/x', merchantId },
    ...{ keyId: 'key_1', decision: 'allow', code: null, reason: null, status: 200, gatewayMs: 0.1 },
  }
}

t.test('decisions and changes come to those who may see them, and to nobody else', async (t) => {
  const { desk, subject, url } = await listening(t)
  const idOf = async (path: string, body: object) =>
    String((await subject.call('POST', path, body)).body['id'])
  const own = await idOf('/merchants', { name: 'Own' })
  const other = await idOf('/merchants', { name: 'Other' })
  const made = await subject.call('POST', '/tokens', { name: 'a', role: 'read_only', merchant_id: own })
  const [all, part, none] = await Promise.all([
    watch(url),
    watch(url, String(made.body['secret'])),
    watch(url, String(made.body['secret']), `?merchant_id=${other}`),
  ])
  await until(() => [all, part, none].every((one) => one?.text().includes(': open')))
  desk.hear([decisionOf(other, 'req_other'), decisionOf(own, 'req_own')])
  await until(() => all.text().includes('req_own') && part.text().includes('req_own'))
  t.match(all.text(), /event: decision\ndata: \{"at":"1970-01-01T00:00:00\.000Z","request_id":"req_other"/)
  // Until the first look has said from where on.
  await sleep(1_500)
  const foreign = await idOf('/keys', keyBody(other))
  const mine = await idOf('/keys', keyBody(own))
  await subject.call('POST', `/keys/${mine}/disable`)
  await subject.call('POST', `/merchants/${own}/suspend`)
  await until(() => part.text().includes('merchant.suspend') && all.text().includes('merchant.suspend'))
  t.match(
    part.text(),
    new RegExp(`event: key\\ndata: \\{[^\\n]*"action":"key.disable"[^\\n]*"key_id":"${mine}"`),
  )
  t.match(all.text(), foreign)
  for (const text of [part.text(), none.text()])
    for (const theirs of [foreign, other, 'req_other']) t.notMatch(text, theirs)
  t.equal(none.text().includes('req_own'), false)
  for (const one of [all, part, none]) one.stop()
})

t.test('it ends with its token, and with the server', async (t) => {
  const { subject, url } = await listening(t)
  const made = await subject.call('POST', '/tokens', { name: 'a', role: 'read_only' })
  const [one, lasting] = await Promise.all([watch(url, String(made.body['secret'])), watch(url)])
  await subject.call('DELETE', `/tokens/${String(made.body['id'])}`)
  await one.ended
  t.match(one.text(), /: open/)
  await subject.app.close()
  await lasting.ended
})

t.test('a process has so many at once, and no more', async (t) => {
  const { subject, url } = await listening(t)
  const tokenOf = async (_: unknown, index: number) => {
    const made = await subject.call('POST', '/tokens', { name: `t${index}`, role: 'read_only' })
    return String(made.body['secret'])
  }
  const secrets = await Promise.all(Array.from({ length: mostStreams / mostOfOwner }, tokenOf))
  const [greedy = ''] = secrets
  const streams = await Promise.all(Array.from({ length: mostOfOwner }, () => watch(url, greedy)))
  const more = await watch(url, greedy)
  await more.ended
  t.match([more.status, more.text()], [503, /OVERLOADED[^]*of yours/], 'one does not take them all')
  for (const secret of secrets.slice(1))
    streams.push(...(await Promise.all(Array.from({ length: mostOfOwner }, () => watch(url, secret)))))
  t.same([streams.length, ...new Set(streams.map(({ status }) => status))], [mostStreams, 200])
  const refused = await watch(url)
  await refused.ended
  t.match([refused.status, refused.text()], [503, /OVERLOADED/])
  streams[0]?.stop()
  await streams[0]?.ended
  let again = await watch(url)
  while (again.status === 503) {
    await sleep(10)
    again = await watch(url)
  }
  t.equal(again.status, 200)
  for (const one of [...streams, again]) one.stop()
})
