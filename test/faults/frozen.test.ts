// A store that stands still (SIGSTOP): it takes what it is sent, and says nothing. Who has a known key hardly notices.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startLeanUpstream } from './child.ts'
import { createClient, unknownSecret } from './client.ts'
import { nowMs } from './clock.ts'
import { startInstance, startStores } from './cluster.ts'
import { isLong, ms, note, percentile, spread } from './figures.ts'
import { startLoad } from './load.ts'
import { makeKeys } from './watch.ts'

t.setTimeout(isLong ? 1_800_000 : 300_000)
/** Quiet and frozen by turns, so that what else the machine does falls on both. */
const rounds = isLong ? 6 : 1
const keysARound = isLong ? 250 : 40
const addedBoundMs = 5
const warmUpMs = isLong ? 2_000 : 100

const stores = await startStores(t)
const upstreamPort = await startLeanUpstream(t)
const subject = await startInstance(t, stores, { upstreamPort })
const other = await startInstance(t, stores, { upstreamPort })
const [known = ''] = await makeSecrets(1)
const client = createClient(subject.gatewayPort)
const otherClient = createClient(other.gatewayPort)
t.teardown(() => {
  client.close()
  otherClient.close()
})
await client.ask(known)

async function untilOk(): Promise<void> {
  while ((await subject.ready()).body['status'] !== 'ok') await sleep(20)
}

interface Times {
  readonly hot: number[]
  readonly cold: number[]
}

/** Asks once with each of the keys, which nobody has looked up, while ten clients ask with one in memory. */
async function askAll(t: Test, secrets: readonly string[], into: Times): Promise<void> {
  const ports = [subject.gatewayPort]
  const load = await startLoad(t, { ports, clients: 10, pauseMs: 20, secrets: [known] })
  await load.warmUp(warmUpMs)
  for (const secret of secrets) {
    const { status, tookMs } = await client.ask(secret)
    if (status !== 200) throw new Error(`answered ${status}`)
    into.cold.push(tookMs)
    await sleep(5)
  }
  await load.stop()
  if (Object.keys(load.counts).join() !== '200') throw new Error(JSON.stringify(load.counts))
  into.hot.push(...load.took)
}

async function makeSecrets(count: number): Promise<string[]> {
  return (await makeKeys(other.admin, count)).map((key) => key.secret)
}

t.test('Redis frozen: known keys cost hardly more', async (t) => {
  const [quiet, frozen]: [Times, Times] = [
    { hot: [], cold: [] },
    { hot: [], cold: [] },
  ]
  for (let round = 0; round < rounds; round++) {
    const [first, second] = [await makeSecrets(keysARound), await makeSecrets(keysARound)]
    await askAll(t, first, quiet)
    await stores.redis.kill('SIGSTOP')
    await askAll(t, second, frozen)
    await stores.redis.kill('SIGCONT')
    await untilOk()
  }
  for (const [of, name] of [
    ['hot', 'key in memory'],
    ['cold', 'key to be looked up'],
  ] as const) {
    const added = percentile(frozen[of], 0.99) - percentile(quiet[of], 0.99)
    const what = `Redis frozen: ${name}`
    note(t, { what: `${what}, ${quiet[of].length} quiet, p50, p99`, value: spread(quiet[of]) })
    note(t, { what: `${what}, ${frozen[of].length} frozen, p50, p99`, value: spread(frozen[of]) })
    note(t, { what: `${what}: added p99`, value: ms(added), bound: `≤ ${addedBoundMs} ms` })
    if (isLong) t.ok(added <= addedBoundMs, `added p99 ${ms(added)}`)
  }
  t.ok(frozen.hot.length > 0, 'all were served')
})

t.test('Postgres frozen: whoever knows a key goes on, nobody waits twice', async (t) => {
  const [secret = ''] = await makeSecrets(1)
  await otherClient.ask(secret)
  await stores.postgres.kill('SIGSTOP')
  const first = await client.ask(unknownSecret())
  t.equal(first.status, 503)
  t.equal((await client.ask(known)).status, 200)
  t.equal((await client.ask(secret)).status, 200, 'from Redis')
  const second = await client.ask(unknownSecret())
  t.equal(second.status, 503)
  const value = `${ms(first.tookMs)}, ${ms(second.tookMs)}`
  note(t, { what: 'Postgres frozen: first look-up, one after it', value })
  t.ok(second.tookMs < 1_000, 'what is known to be away is not waited for')
  await stores.postgres.kill('SIGCONT')
  const backAt = nowMs()
  while ((await client.ask(unknownSecret())).status !== 401) await sleep(20)
  const backMs = nowMs() - backAt
  note(t, { what: 'Postgres frozen: full service after', value: ms(backMs), bound: '≤ 3000 ms' })
  if (isLong) t.ok(backMs <= 3_000, `back after ${ms(backMs)}`)
})
