// What limits cost: CPU a request, by how many of them count it, and memory a key. In process, without a socket; what processes tell each other of
// what they count goes to a real Redis meanwhile.
//
//   npm run build && node --expose-gc build/bench/limits.js [--json] [--once]

import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RateLimit } from '../src/config/compiled.ts'
import { allowanceOf } from '../src/config/rate-limits.ts'
import { createInFlightStore } from '../src/limits/in-flight-store.ts'
import { createLeaseStore } from '../src/limits/lease-store.ts'
import { createLimiter, type RunningLimiter, type Spender } from '../src/limits/limiter.ts'
import { principalOf } from '../test/gateway/subject.ts'
import { patientStore, sealing } from '../test/lookup/redis-subject.ts'
import { startRedis } from '../test/support/redis-service.ts'
import { spreadOf } from './statistics.ts'

const isOnce = process.argv.includes('--once')
const rounds = isOnce ? 1 : 20
const requests = isOnce ? 10_000 : 100_000
const keys = 10_000
const manyKeys = isOnce ? 10_000 : 1_000_000

const ends: (() => unknown)[] = []
const subject = { teardown: (end: () => unknown) => void ends.push(end) }
const redis = await startRedis()
ends.push(() => redis.stop())
const store = await patientStore(subject, redis.url)
const wide = limitOf('wide', '1000/s', 200)
const other = limitOf('other', '10000/s', 500)

const memory = await bytesOfKeys()
const costs = {
  oneLimit: await microseconds({ limits: [wide] }),
  twoLimits: await microseconds({ limits: [wide, other] }),
  inFlight: await microseconds({ limits: [], inFlight: 100 }),
}
if (process.argv.includes('--json')) console.log(JSON.stringify({ ...costs, ...memory }))
else {
  const { oneLimit, twoLimits, inFlight } = costs
  console.log(
    `µs a request, ${keys} keys in turn: ${oneLimit.toFixed(2)} for one limit, ${twoLimits.toFixed(2)} for two, ${inFlight.toFixed(2)} for in_flight`,
  )
  console.log(
    `bytes a key, of ${manyKeys} that have come once: ${memory.counted.toFixed(0)} of each that is counted (${memory.held}), ${memory.idle.toFixed(1)} once its burst is there again`,
  )
}
for (const end of ends.toReversed()) await end()

function limitOf(name: string, rate: string, burst: number): RateLimit {
  const allowance = allowanceOf(rate, burst)
  return { api: 'flintn', name, per: 'key', ofPlans: new Map(), isShadow: false, allowance }
}

function startLimiter(): RunningLimiter {
  const instances = () => 6
  const limiter = createLimiter({
    store: createLeaseStore({ ...sealing, instances, store, now: Date.now }),
    underWay: createInFlightStore({ ...sealing, store, now: Date.now }),
    ...{ instances, monotonicNow: () => performance.now() },
  })
  limiter.start()
  return limiter
}

interface Counted {
  readonly limits: readonly RateLimit[]
  readonly inFlight?: number
}

function spendersOf({ limits, inFlight }: Counted, count: number): Spender[] {
  const said = inFlight === undefined ? null : { rates: {}, inFlight, allowedIps: [], merchant: null }
  return Array.from({ length: count }, (_, n) => ({
    ...{ limits, environment: 'live', client: '192.0.2.7' },
    record: { ...principalOf({ keyId: `key_${n}` }).record, limits: said },
  }))
}

/** CPU time, all that is told meanwhile in it; the least of the rounds, as of all CPU time (docs/performance.md). */
async function microseconds(counted: Counted): Promise<number> {
  const limiter = startLimiter()
  const spenders = spendersOf(counted, keys)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage()
    for (let n = 0; n < requests; n++) {
      const spender = spenders[n % keys]
      if (spender?.record === undefined || spender.record === null) continue
      limiter.enter(spender.record)
      if (counted.limits.length > 0) limiter.spend(spender)
      limiter.leave(spender.record)
      // As requests come: what is to be told has its turn.
      if (n % 1_000 === 999) await sleep(1)
    }
    const { user, system } = process.cpuUsage(start)
    times.push((user + system) / requests)
  }
  await limiter.stop()
  return spreadOf(times).least
}

async function bytesOfKeys() {
  const limiter = startLimiter()
  const spenders = spendersOf({ limits: [limitOf('slow', '1/s', 2)] }, manyKeys)
  const before = await heapUsed()
  for (const spender of spenders) limiter.spend(spender)
  const held = limiter.size()
  const counted = ((await heapUsed()) - before) / held
  // A second for what was spent, and some looks at so many.
  for (let i = 0; i < 60 && limiter.size() > 0; i++) await sleep(1_000)
  const idle = Math.max(0, (await heapUsed()) - before) / manyKeys
  await limiter.stop()
  return { counted, held, idle }
}

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await sleep(10)
  }
  return process.memoryUsage().heapUsed
}
