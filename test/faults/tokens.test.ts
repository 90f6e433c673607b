// Contract 7 and 10.1.
// Access tokens die as keys do: three instances, clients that ask all of them with tokens, and tokens that end under their hands in
// each way there is. What an answer says must hold for every request that begins after it.

import t from 'tap'
import { startLeanUpstream } from './child.ts'
import { startInstance, startStores } from './cluster.ts'
import { isLong } from './figures.ts'
import { startLoad } from './load.ts'
import { addKeys, judge, revokeMany, type Watched } from './revocations.ts'
import { tokenCredentials } from './token-revocations.ts'
import { createWatch } from './watch.ts'

t.setTimeout(isLong ? 1_800_000 : 120_000)
const clients = isLong ? 200 : 20
const amounts = { up: isLong ? 1_000 : 24, down: 200 }

const stores = await startStores(t)
const upstreamPort = await startLeanUpstream(t)
const instances = await Promise.all(
  [1, 2, 3].map(() => startInstance(t, stores, { upstreamPort, takesTokens: true })),
)
const [one] = instances
if (one === undefined) throw new Error('three are needed')
const watch = createWatch()
const ports = instances.map((instance) => instance.gatewayPort)
const pauseMs = isLong ? 200 : 50
const load = await startLoad(t, { ports, clients, pauseMs, youngest: 60, areTokens: true }, watch.see)
const credentials = await tokenCredentials(t, { postgresUrl: stores.postgres.url, by: one })
const watched: Watched = { instances, clients, load, watch, credentials }
await addKeys(watched, one, 10)

t.test('tokens, with Redis', async (t) => {
  // Three programs that have just started are slow: these count for what must be right, and not for the times.
  if (isLong) await revokeMany(watched, 80, 4)
  const done = await revokeMany(watched, amounts.up, 4)
  await judge(t, watched, { name: 'Tokens, Redis up', done, boundMs: 250 })
  t.ok(watch.acceptances > done.length, 'the tokens were in use')
})

t.test('tokens, without Redis', { skip: !isLong && 'the long form' }, async (t) => {
  for (const { redis } of instances) await redis.set('refuse')
  const done = await revokeMany(watched, amounts.down, 6)
  await judge(t, watched, { name: 'Tokens, Redis down', done, boundMs: 2_000 })
})

t.test('the load ends', () => load.stop())
