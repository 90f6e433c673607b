// Clients without a key who do what costs most, all kinds at once, beside customers: who are served as before.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startChild, startLeanUpstream } from './child.ts'
import { keyOfDemo, startInstance, startStores } from './cluster.ts'
import { isLong, ms, note, percentile, spread } from './figures.ts'
import { startLoad } from './load.ts'

t.setTimeout(600_000)

t.test('strangers who do what costs most: customers are served as before', async (t) => {
  const stores = await startStores(t)
  const upstreamPort = await startLeanUpstream(t)
  const instance = await startInstance(t, stores, { upstreamPort, upstreamConnections: 32 })
  const key = await instance.admin.makeKey(await instance.admin.makeMerchant(), keyOfDemo)
  const load = await startLoad(t, {
    ports: [instance.gatewayPort],
    clients: 10,
    pauseMs: 20,
    secrets: [key.secret],
  })
  await load.warmUp(isLong ? 5_000 : 1_000)
  await sleep(isLong ? 10_000 : 3_000)
  await load.settled()
  const quiet = [...load.took]
  const forMs = isLong ? 300_000 : 60_000
  const strangers = startChild(t, 'strangers', [String(instance.gatewayPort), String(forMs)])
  const before = load.took.length
  const [sent]: unknown[] = await Promise.race([
    once(strangers, 'message'),
    once(strangers, 'exit').then(() => Promise.reject(new Error('the strangers ended before their time'))),
    once(instance.child, 'exit').then(() =>
      Promise.reject(new Error(`the gateway ended: ${instance.output()}`)),
    ),
  ])
  await load.settled()
  const meanwhile = load.took.slice(before)
  await load.stop()
  t.same(Object.keys(load.counts), ['200'], 'a customer gets nothing but its answers')
  t.ok(meanwhile.length > 100)
  for (const [kind, count] of Object.entries({ ...Object(sent) }))
    t.ok(Number(count) > 0, `${kind}: ${Number(count)}`)
  t.equal((await instance.ready()).status, 200)
  note(t, { what: 'Strangers: customers when quiet, p50, p99', value: spread(quiet) })
  note(t, { what: 'Strangers: customers meanwhile, p50, p99', value: spread(meanwhile), bound: 'p99 ≤ 3×' })
  const [calm, then] = [percentile(quiet, 0.99), percentile(meanwhile, 0.99)]
  if (isLong) t.ok(then <= 3 * calm, `p99 ${ms(then)} after ${ms(calm)}`)
})
