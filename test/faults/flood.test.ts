// Many at once: for one key that is not in memory, and for keys that are nowhere. What reaches Postgres is bounded, and
// those whose keys are known hardly notice.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { createClient, percentile, startLoad } from './client.ts'
import { keyOfDemo, startInstance, startLeanUpstream, startStores } from './cluster.ts'
import { isLong, ms, note } from './figures.ts'

t.setTimeout(isLong ? 1_800_000 : 300_000)
const stores = await startStores(t)
const upstreamPort = await startLeanUpstream(t)

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

const floodProgram = fileURLToPath(new URL('./flood.js', import.meta.url))

for (const from of ['one', 'many'] as const) {
  t.test(
    `a flood of unknown keys from ${from} address${from === 'one' ? '' : 'es'} is bounded`,
    async (t) => {
      const amount = isLong ? 100_000 : 5_000
      const counter = createCounter()
      const instance = await startInstance(t, stores, {
        upstreamPort,
        postgres: counter,
        failedLookups: 1_000,
        isBehindProxy: from === 'many',
      })
      const key = await instance.admin.makeKey(await instance.admin.makeMerchant(), keyOfDemo)
      const measure = async (during: () => Promise<unknown>) => {
        const load = startLoad([instance.gatewayPort], {
          clients: 10,
          pauseMs: 20,
          secrets: () => [key.secret],
        })
        await during()
        await load.stop()
        t.same(Object.keys(load.counts), ['200'], 'the known key is served')
        return percentile(load.took, 0.99)
      }
      const quietMs = await measure(
        () => new Promise((resolve) => setTimeout(resolve, isLong ? 5_000 : 1_000)),
      )
      counter.queries = 0
      let output = '{}'
      const args = [floodProgram, String(instance.gatewayPort), String(amount), '200', from]
      const floodMs = await measure(async () => {
        output = (await promisify(execFile)(process.execPath, args)).stdout
      })
      const counts: Record<number, number> = JSON.parse(output)
      const refused = counts[401] ?? 0
      t.equal(refused + (counts[429] ?? 0), amount, output)
      if (from === 'one') t.ok(refused <= 1_000 + 200, 'nobody goes on guessing')
      t.ok(counter.queries <= refused, 'look-ups share queries')
      const name = `Flood of ${amount} unknown keys from ${from === 'one' ? 'one address' : 'many addresses'}`
      note(t, { what: `${name}: answers 401, 429`, value: `${refused}, ${counts[429] ?? 0}` })
      note(t, { what: `${name}: queries`, value: `${counter.queries}` })
      note(t, {
        what: `${name}: p99 of known keys, quiet and then`,
        value: `${ms(quietMs)}, ${ms(floodMs)}`,
        bound: '2×',
      })
      if (isLong) t.ok(floodMs <= Math.max(2 * quietMs, 25), `p99 ${ms(floodMs)} after ${ms(quietMs)}`)
    },
  )
}
