// One merchant's burst at an upstream that can take no more: it queues behind itself.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startLeanUpstream } from './child.ts'
import { keyOfDemo, startInstance, startStores } from './cluster.ts'
import { isLong, ms, note, percentile, spread } from './figures.ts'
import { startLoad } from './load.ts'

t.setTimeout(600_000)

/** 400 requests a second are all that the upstream can do: 40 for each of ten merchants. */
const connections = 16
const delayMs = [20, 60] as const
const others = 9
/** Each of the others has half of its share. */
const pauseMs = 10

t.test('a merchant with fifty times its share leaves the others theirs', async (t) => {
  const stores = await startStores(t)
  const upstreamPort = await startLeanUpstream(t, delayMs)
  const settings = { upstreamPort, upstreamConnections: connections, upstreamQueue: 64 }
  const instance = await startInstance(t, stores, settings)
  const { admin } = instance
  const secrets: string[] = []
  for (let i = 0; i < others; i++)
    secrets.push((await admin.makeKey(await admin.makeMerchant(), keyOfDemo)).secret)
  const greedy = await admin.makeKey(await admin.makeMerchant(), keyOfDemo)

  const ports = [instance.gatewayPort]
  const load = await startLoad(t, { ports, clients: others, pauseMs, secrets })
  await load.warmUp(isLong ? 5_000 : 500)
  await sleep(isLong ? 30_000 : 1_000)
  await load.settled()
  const quiet = [...load.took]
  const burst = await startLoad(t, { ports, clients: 200, pauseMs: 100, secrets: [greedy.secret] })
  await load.warmUp(isLong ? 5_000 : 500)
  const before = load.took.length
  await sleep(isLong ? 30_000 : 2_000)
  await load.settled()
  const meanwhile = load.took.slice(before)
  await burst.stop()
  await load.stop()

  t.same(Object.keys(load.counts), ['200'], 'none of the others is refused')
  t.ok((burst.counts[200] ?? 0) > 0, 'the burst has what is left')
  t.ok((burst.counts[503] ?? 0) > 0, 'and is more than the upstream can take')
  const asked = Object.values(burst.counts).reduce((sum, count) => sum + count, 0)
  note(t, { what: 'Fair share: requests of the burst, answered', value: `${asked}, ${burst.counts[200]}` })
  note(t, { what: 'Fair share: others when quiet, p50, p99', value: spread(quiet) })
  note(t, {
    what: 'Fair share: others beside a burst, p50, p99',
    value: spread(meanwhile),
    bound: 'p99 ≤ 1.2×',
  })
  const [calm, then] = [percentile(quiet, 0.99), percentile(meanwhile, 0.99)]
  if (isLong) t.ok(then <= 1.2 * calm, `p99 ${ms(then)} after ${ms(calm)}`)
})
