// Contract 7.
// Revoked means revoked: three instances, clients on all of them, keys revoked under their hands. What an answer with
// nothing pending says must hold for every request that begins after it, whatever happens to Redis.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startLeanUpstream } from './child.ts'
import { nowMs } from './clock.ts'
import { startInstance, startStores } from './cluster.ts'
import { isLong, ms, note } from './figures.ts'
import { startLoad } from './load.ts'
import { addKeys, any, judge, judgeLost, keepKilling, revokeMany, type Watched } from './revocations.ts'
import { createWatch, type Revocation, revoke } from './watch.ts'

t.setTimeout(isLong ? 3_600_000 : 300_000)
const clients = isLong ? 200 : 20
const amounts = isLong ? { up: 1_000, down: 1_000, killed: 1_000 } : { up: 40, down: 16, killed: 24 }
const pauseMs = isLong ? 200 : 50

const stores = await startStores(t)
const upstreamPort = await startLeanUpstream(t)
const options = { upstreamPort, staleLimit: isLong ? '10s' : '8s' }
const instances = await Promise.all([1, 2, 3].map(() => startInstance(t, stores, options)))
const [one, two, three] = instances
if (one === undefined || two === undefined || three === undefined) throw new Error('three are needed')
const watch = createWatch()
const ports = instances.map((instance) => instance.gatewayPort)
// The youngest keys are asked for most: those about to be revoked, and those just revoked.
const load = await startLoad(t, { ports, clients, pauseMs, youngest: 60 }, watch.see)
const watched: Watched = { instances, clients, load, watch }
await addKeys(watched, one, 10)

t.test('with Redis', async (t) => {
  // Three programs that have just started are slow: these count for what must be right, and not for the times.
  if (isLong) await revokeMany(watched, 80, 4)
  const done = await revokeMany(watched, amounts.up, 4)
  await judge(t, watched, { name: 'Redis up', done, boundMs: 250 })
})

t.test('without Redis', async (t) => {
  for (const { redis } of instances) await redis.set('refuse')
  const done = await revokeMany(watched, amounts.down, 8)
  await judge(t, watched, { name: 'Redis down', done, boundMs: 2_000 })
  for (const { redis } of instances) await redis.set('pass')
})

t.test('with Redis killed and started again every 3 s', async (t) => {
  const end = keepKilling(stores.redis)
  t.teardown(end)
  const done = await revokeMany(watched, amounts.killed, 8)
  await end()
  await judge(t, watched, { name: 'Redis killed every 3 s', done, boundMs: 2_000 })
})

t.test('one instance cut off from both stores is named, and its acceptances end in time', async (t) => {
  await cutOffOne(t, 'Cut off')
})

t.test('the same while Redis is killed and started again every 3 s', async (t) => {
  const end = keepKilling(stores.redis)
  t.teardown(end)
  await cutOffOne(t, 'Redis killed, one cut off', end)
})

/** Cuts off the third, revokes through the others, and lets it come back when `others` have ended. */
async function cutOffOne(t: Test, name: string, others = async () => {}): Promise<void> {
  if (one === undefined || two === undefined || three === undefined) return
  const keys = await addKeys(watched, one, isLong ? 40 : 12)
  await sleep(1_000)
  watch.cutOffPort = three.gatewayPort
  await Promise.all([three.postgres.set('blackhole'), three.redis.set('blackhole')])
  const cutOffAt = nowMs()
  const done = await Promise.all(
    keys.map(async (key) => {
      await sleep(Math.random() * 2_000)
      return revoke(key, any([one, two]).admin)
    }),
  )
  judgeNames(t, done, three.name)
  const boundMs = Math.max(...keys.map((key) => key.deadAt)) - cutOffAt
  await sleep(Math.max(0, boundMs) + 1_500)
  await load.settled()
  const lastMs = Math.max(...keys.map((key) => key.lastAcceptedAt)) - cutOffAt
  t.ok(lastMs > 0, 'it did go on accepting, as the contract lets it')
  const value = `${done.length}, ${ms(lastMs)}`
  const bound = `≤ ${ms(boundMs)} (dead_by)`
  note(t, { what: `${name}: revocations, last acceptance after the cut`, value, bound })
  note(t, { what: `${name}: acceptances after dead_by`, value: `${watch.lateAcceptances}`, bound: '0' })
  t.equal(watch.lateAcceptances, 0, 'none after dead_by')
  judgeLost(t, watched)
  await others()
  await comeBack(t, name)
}

function judgeNames(t: Test, done: readonly Revocation[], name: string): void {
  for (const { pending, answeredMs } of done) {
    t.match(pending, [{ instance: new RegExp(name) }], 'it is named')
    t.equal(pending.length, 1, 'it alone')
    t.ok(answeredMs < 20_000, 'nobody waits for it much longer than 5 s')
  }
}

/** It no longer counts, and comes back as if nothing had been. */
async function comeBack(t: Test, name: string): Promise<void> {
  if (one === undefined || three === undefined) return
  const [key] = await addKeys(watched, one, 1)
  if (key === undefined) throw new Error('no key')
  t.same((await revoke(key, one.admin)).pending, [], 'it no longer counts')
  await Promise.all([three.postgres.set('pass'), three.redis.set('pass')])
  const backAt = nowMs()
  while ((await three.ready()).body['status'] !== 'ok') await sleep(20)
  const backMs = nowMs() - backAt
  note(t, { what: `${name}: full service after the way is free`, value: ms(backMs), bound: '≤ 3000 ms' })
  if (isLong) t.ok(backMs <= 3_000, `back after ${ms(backMs)}`)
  await load.settled()
  watch.cutOffPort = undefined
  await sleep(500)
  await load.settled()
  t.equal(watch.lateAcceptances, 0, 'no dead key is revived')
  t.equal(watch.wrongRefusals, 0, 'no live one was refused')
  judgeLost(t, watched)
}

t.test('the load ends', () => load.stop())
