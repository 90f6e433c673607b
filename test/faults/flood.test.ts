// Many at once: for one key that is not in memory, and for keys that are nowhere. What reaches Postgres is bounded, and
// those whose keys are known hardly notice.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startChild, startLeanUpstream } from './child.ts'
import { paces } from '../../src/decision/pacing.ts'
import { createClient } from './client.ts'
import { keyOfDemo, startInstance, startStores } from './cluster.ts'
import { isLong, ms, note, percentile, spread } from './figures.ts'
import { startLoad } from './load.ts'

t.setTimeout(isLong ? 1_800_000 : 300_000)
const stores = await startStores(t)
const upstreamPort = await startLeanUpstream(t)

/** Look-ups of one moment share a query: on average at least so many keys. */
const keysAQuery = 5

/** Counts look-ups that are sent to Postgres: the driver's Bind messages of that statement. */
function createCounter() {
  const counter = {
    queries: 0,
    sent(bytes: Buffer) {
      counter.queries += bytes.toString('latin1').split('\0read_credentials\0').length - 1
    },
  }
  return counter
}

t.test('requests at once for one cold key make one query a process', async (t) => {
  const counters = [createCounter(), createCounter()]
  const instances = await Promise.all(
    counters.map((postgres, index) =>
      startInstance(t, stores, { upstreamPort, postgres, withoutRedis: index === 0 }),
    ),
  )
  const [first] = instances
  if (first === undefined) throw new Error('no instance')
  const key = await first.admin.makeKey(await first.admin.makeMerchant(), keyOfDemo)
  const each = isLong ? 1_000 : 300
  const clients = instances.flatMap(({ gatewayPort }) =>
    Array.from({ length: each }, () => createClient(gatewayPort)),
  )
  // Connections first, so that the requests are really there at once.
  await Promise.all(clients.map((client) => client.ask('nonsense')))
  for (const counter of counters) counter.queries = 0
  const answers = await Promise.all(clients.map((client) => client.ask(key.secret)))
  for (const client of clients) client.close()
  t.ok(answers.every(({ status }) => status === 200))
  t.equal(counters[0]?.queries, 1, 'without Redis')
  t.ok((counters[1]?.queries ?? 0) <= 1, 'with Redis, which may have it already')
  const value = counters.map(({ queries }) => queries).join(', ')
  note(t, { what: `Cold key: queries for ${each} requests at once, by process`, value, bound: '1' })
})

const amount = isLong ? 100_000 : 5_000

for (const from of ['one', 'many'] as const) {
  const addresses = from === 'one' ? 'one address' : 'many addresses'
  t.test(`a flood of unknown keys from ${addresses} is bounded`, async (t) => {
    const counter = createCounter()
    const instance = await startInstance(t, stores, {
      upstreamPort,
      postgres: counter,
      failedLookups: 1_000,
      isBehindProxy: from === 'many',
    })
    const key = await instance.admin.makeKey(await instance.admin.makeMerchant(), keyOfDemo)
    const ask = (during: () => Promise<unknown>) => askMeanwhile(t, instance.gatewayPort, key.secret, during)
    const quiet = await ask(() => sleep(isLong ? 10_000 : 1_000))
    counter.queries = 0
    const flood = startChild(t, 'flood', [String(instance.gatewayPort), String(amount), '200', from])
    await once(flood, 'message')
    let counts: Record<number, number> = {}
    let tookMs = 0
    const meanwhile = await ask(async () => {
      const beganAt = performance.now()
      flood.send('begin')
      ;[counts] = await once(flood, 'message')
      tookMs = performance.now() - beganAt
    })
    const { 401: refused = 0, 429: limited = 0 } = counts
    t.equal(refused + limited, amount, JSON.stringify(counts))
    const { perSecond, burst } = from === 'one' ? paces.unasked : paces.asked
    const held = (from === 'one' ? limited : refused) - burst
    t.ok(tookMs >= (held / perSecond) * 1_000, 'at a steady pace')
    if (from === 'one') t.ok(refused <= 1_000 + 200, 'nobody goes on guessing')
    t.ok(counter.queries <= refused / keysAQuery, `${counter.queries} queries for ${refused} keys`)
    const name = `Flood of ${amount} unknown keys from ${addresses}`
    note(t, { what: `${name}: answers 401, 429`, value: `${refused}, ${limited}` })
    const bound = `≤ ${Math.floor(refused / keysAQuery)}`
    note(t, { what: `${name}: queries`, value: `${counter.queries}`, bound })
    note(t, { what: `${name}: known keys when quiet, p50, p99`, value: spread(quiet) })
    note(t, { what: `${name}: known keys meanwhile, p50, p99`, value: spread(meanwhile), bound: 'p99 ≤ 2×' })
    const [before, then] = [percentile(quiet, 0.99), percentile(meanwhile, 0.99)]
    if (isLong) t.ok(then <= 2 * before, `p99 ${ms(then)} after ${ms(before)}`)
  })
}

/** Milliseconds of the answers to ten clients whose key is known. */
async function askMeanwhile(
  t: Test,
  port: number,
  secret: string,
  during: () => Promise<unknown>,
): Promise<readonly number[]> {
  const load = await startLoad(t, { ports: [port], clients: 10, pauseMs: 20, secrets: [secret] })
  await load.warmUp(isLong ? 2_000 : 100)
  await during()
  await load.stop()
  t.same(Object.keys(load.counts), ['200'], 'the known key is served')
  return load.took
}
