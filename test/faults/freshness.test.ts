// Revoked means revoked: three instances, clients on all of them, keys revoked under their hands. What an answer with
// nothing pending says must hold for every request that begins after it, whatever happens to Redis.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { percentile, startLoad } from './client.ts'
import { type Instance, startInstance, startLeanUpstream, startStores } from './cluster.ts'
import { isLong, ms, note } from './figures.ts'
import { addKeys, createWatch, type Revocation, revoke, type Watch, type WatchedKey } from './watch.ts'

t.setTimeout(isLong ? 1_800_000 : 300_000)
const clients = isLong ? 200 : 20
const amounts = isLong ? { up: 1_000, down: 300, flapping: 60 } : { up: 30, down: 15, flapping: 6 }
const pauseMs = isLong ? 200 : 50

const stores = await startStores(t)
const upstreamPort = await startLeanUpstream(t)
const options = { upstreamPort, staleLimit: isLong ? '10s' : '5s' }
const instances = await Promise.all([1, 2, 3].map(() => startInstance(t, stores, options)))
const [first] = instances
if (first === undefined) throw new Error('no instance')
const watch = createWatch()
await addKeys(watch, first.admin, 10)
const load = startLoad(
  instances.map((instance) => instance.gatewayPort),
  { clients, pauseMs, secrets: () => asked(watch) },
  watch.see,
)
t.teardown(() => load.stop())

/** The youngest keys are asked for most: those about to be revoked, and those just revoked. */
function asked({ keys, secrets }: Watch): readonly string[] {
  const all = secrets()
  return Math.random() < 0.3 ? all : all.slice(Math.max(0, keys.length - 60))
}

function any<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)]
  if (item === undefined) throw new Error('none there')
  return item
}

/** Revokes `count` keys at random moments through any of `by`, up to four at a time. */
async function revokeMany(count: number, by: readonly Instance[]): Promise<Revocation[]> {
  const done: Revocation[] = []
  while (done.length < count) {
    const keys = await addKeys(watch, any(by).admin, Math.min(20, count - done.length))
    await sleep(200)
    const queue = [...keys]
    const worker = async () => {
      for (let key: WatchedKey | undefined = queue.pop(); key !== undefined; key = queue.pop()) {
        done.push(await revoke(key, any(by).admin))
        await sleep(Math.random() * 40)
      }
    }
    await Promise.all([worker(), worker(), worker(), worker()])
  }
  return done
}

function judge(t: Test, name: string, done: readonly Revocation[], boundMs: number): void {
  const p99 = percentile(
    done.map((one) => one.answeredMs),
    0.99,
  )
  const last = percentile(
    done.map((one) => one.lastAcceptedMs()),
    0.99,
  )
  note(t, { what: `${name}: revocations, instances, clients`, value: `${done.length}, 3, ${clients}` })
  note(t, { what: `${name}: call to all have applied it, p99`, value: ms(p99), bound: `≤ ${boundMs} ms` })
  note(t, { what: `${name}: call to the last acceptance, p99`, value: ms(last), bound: `≤ ${boundMs} ms` })
  note(t, { what: `${name}: acceptances after the answer`, value: `${watch.lateAcceptances}`, bound: '0' })
  t.equal(watch.lateAcceptances, 0, 'no request that began after the answer was accepted')
  t.equal(watch.wrongRefusals, 0, 'no live key was refused')
  t.same(watch.lost, {}, 'no request was lost')
  if (isLong) t.ok(p99 <= boundMs, `p99 ${p99} ms`)
}

t.test('with Redis', async (t) => {
  const done = await revokeMany(amounts.up, instances)
  t.ok(done.every(({ pending }) => pending.length === 0))
  await sleep(300)
  judge(t, 'Redis up', done, 250)
})

t.test('without Redis', async (t) => {
  for (const { redis } of instances) await redis.set('refuse')
  const done = await revokeMany(amounts.down, instances)
  t.ok(done.every(({ pending }) => pending.length === 0))
  await sleep(300)
  judge(t, 'Redis down', done, 2_000)
  for (const { redis } of instances) await redis.set('pass')
})

t.test('with Redis killed and started again every 3 s', async (t) => {
  let isOver = false
  const killing = (async () => {
    while (!isOver) {
      await stores.redis.kill('SIGKILL')
      await sleep(1_500)
      await stores.redis.restart()
      await sleep(1_500)
    }
  })()
  const done = await revokeMany(amounts.flapping, instances).finally(() => (isOver = true))
  await killing
  t.ok(done.every(({ pending }) => pending.length === 0))
  judge(t, 'Redis killed every 3 s', done, 2_000)
})

t.test('one instance cut off from both stores is named, and its acceptances end in time', async (t) => {
  const [one, two, cutOff] = instances
  if (one === undefined || two === undefined || cutOff === undefined) throw new Error('three are needed')
  const keys = await addKeys(watch, one.admin, isLong ? 40 : 10)
  await sleep(1_000)
  await Promise.all([cutOff.postgres.set('blackhole'), cutOff.redis.set('blackhole')])
  const cutOffAt = performance.now()
  const acceptedBefore = watch.acceptances
  const done = await Promise.all(keys.map((key) => revoke(key, any([one, two]).admin)))
  for (const { pending } of done) {
    t.match(pending, [{ instance: new RegExp(cutOff.name) }], 'it alone is named')
    t.equal(pending.length, 1)
  }
  t.ok(
    done.every(({ answeredMs }) => answeredMs < 20_000),
    'nobody waits for it much longer than 5 s',
  )
  const boundMs = Math.max(...keys.map((key) => key.deadAt)) - cutOffAt
  await sleep(Math.max(0, boundMs) + 1_500)
  t.ok(watch.acceptances > acceptedBefore)
  const lastMs = Math.max(...keys.map((key) => key.lastAcceptedAt)) - cutOffAt
  t.ok(lastMs > 0, 'it did go on accepting, as the contract lets it')
  note(t, {
    what: 'Cut off: last acceptance after the cut',
    value: ms(lastMs),
    bound: `≤ ${ms(boundMs)} (dead_by)`,
  })
  t.equal(watch.lateAcceptances, 0, 'none after dead_by')

  await t.test('it no longer counts, and comes back as if nothing had been', async (t) => {
    const [key] = await addKeys(watch, one.admin, 1)
    if (key === undefined) throw new Error('no key')
    t.same((await revoke(key, one.admin)).pending, [])
    await Promise.all([cutOff.postgres.set('pass'), cutOff.redis.set('pass')])
    const backAt = performance.now()
    while ((await cutOff.ready()).body['status'] !== 'ok') await sleep(20)
    const backMs = performance.now() - backAt
    note(t, { what: 'Cut off: full service after the way is free', value: ms(backMs), bound: '≤ 3000 ms' })
    if (isLong) t.ok(backMs <= 3_000)
    await sleep(500)
    t.equal(watch.lateAcceptances, 0)
    t.equal(watch.wrongRefusals, 0)
  })
})
