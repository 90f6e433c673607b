// Contract 9.4: a receiver that comes and goes, a sender that does too: every event is taken once at least, those of one key in
// the order of its changes, and each is what was signed. LATCHKEY_TEST_LONG=1: 10,000 events.

import type { ServerResponse } from 'node:http'
import t from 'tap'
import {
  createGoing,
  makeWebhook,
  startReceiver,
  startSender,
  type Told,
  until,
  verified,
} from './receiver.ts'

const isLong = process.env['LATCHKEY_TEST_LONG'] === '1'
const events = isLong ? 10_000 : 300
const keys = 50

t.setTimeout(1_200_000)

/** Every few requests something else befalls them; what is taken is written down. */
function flap(taken: Told[]) {
  let count = 0
  return (told: Told, response: ServerResponse) => {
    const turn = count++ % 16
    const { socket } = response
    if (turn === 3) return void response.writeHead(503).end()
    if (turn === 7) return void socket?.destroy()
    if (turn === 9) return void response.writeHead(302, { location: '/elsewhere' }).end()
    if (turn === 12) return void response.writeHead(500, { 'retry-after': '0' }).end('x'.repeat(100_000))
    // Taken, and the sender does not hear of it: it is sent again.
    taken.push(told)
    if (turn === 14) return void socket?.destroy()
    // It answers nothing: the sender's patience is over first.
    if (turn === 15 && count % 64 === 0) return undefined
    return void response.writeHead(204).end()
  }
}

void t.test('over a flapping receiver nothing is lost, forged, or out of its key’s order', async (t) => {
  const subject = await createGoing(t)
  const taken: Told[] = []
  const receiver = await startReceiver(t, flap(taken))
  const { secret } = await makeWebhook(subject, { url: receiver.url })
  await subject.db.query(
    `WITH head AS (UPDATE head SET revision = revision + $1 RETURNING revision)
     INSERT INTO audit (actor, action, target, after, request_id, at, revision)
     SELECT 'ann', 'key.disable', 'key_' || n % $2::integer, jsonb_build_object('merchant_id', 'mer_1', 'api', 'flintn', 'n', n),
       'req_' || n, now(), head.revision - $1 + n FROM head, generate_series(1, $1::integer) n ORDER BY n`,
    [events, keys],
  )
  const ids = () => new Set(taken.map(({ headers }) => headers['webhook-id']))
  /** However long it takes: one after the other is taken. */
  async function reach(count: number): Promise<void> {
    while (ids().size < count) {
      const before = ids().size
      await until(() => ids().size > before, `more than ${before} are taken`)
    }
  }
  const options = { timeoutMs: 500 }
  const first = startSender(t, subject, { ...options, holder: 'one' })
  await reach(events / 3)
  const second = startSender(t, subject, { ...options, holder: 'two' })
  await first.stop()
  await reach(events / 1.5)
  await second.stop()
  startSender(t, subject, { ...options, holder: 'three' })
  await reach(events)

  const payloads = await subject.db.query<{ id: string; payload: string }>(
    'SELECT id, payload FROM webhook_event',
  )
  const made = new Map(payloads.map(({ id, payload }) => [id, payload]))
  t.equal(made.size, events)
  const last = new Map<unknown, number>()
  const seen = new Set<string>()
  let faults = 0
  for (const told of taken) {
    const id = String(told.headers['webhook-id'])
    const { data } = verified(secret, told)
    if (made.get(id) !== told.body) faults += 1
    if (seen.has(id)) continue
    seen.add(id)
    const { id: key, n } = data
    if (Number(n) <= (last.get(key) ?? 0)) faults += 1
    last.set(key, Number(n))
  }
  t.equal(faults, 0, 'each as it was made, and in order')
  t.equal(seen.size, events, 'each once at least')
  t.equal(last.size, keys)
  if (isLong) t.comment(`${events} events in ${receiver.told.length} tries, ${taken.length} taken`)
})
