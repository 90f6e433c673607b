// Contract 10: a proof is taken once: over all instances with Redis, in each process without it.

import t from 'tap'
import { createProofsSeen } from '../../src/lookup/proofs-seen.ts'
import { createInstallation } from '../../src/lookup/installation.ts'
import { createSeal } from '../../src/lookup/seal.ts'
import { createRedis } from '../../src/store/redis.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { startRedis } from '../support/redis-service.ts'
import { until } from '../support/until.ts'

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

type Counts = { redis: number; memory: number }

const log = createLog({ level: 'silent' }).logger

async function processOn(t: Teardown, url: string, now = Date.now, mostRemembered = 1_000) {
  const server = createRedis({ url, log, monotonicNow: () => performance.now() })
  t.teardown(() => server.close())
  const { store, take } = createInstallation({
    ...{
      store: server,
      seal: createSeal('a-cache-key-of-at-least-32-characters'),
      databaseUrl: 'postgres://a',
    },
    ...{ now, maxStaleLimitMs: () => 900_000, log },
  })
  take('one')
  await until(() => store.isUp(), 'Redis is up')
  const counts: Counts = { redis: 0, memory: 0 }
  const seen = createProofsSeen({ store, now, counted: (by) => void counts[by]++, mostRemembered })
  return { seen, counts }
}

t.test('one that another process has taken is taken, and so is one’s own', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const [one, two] = [await processOn(t, redis.url), await processOn(t, redis.url)]
  const endsAtMs = Date.now() + 60_000
  t.equal(await one.seen.take('a', endsAtMs), 'first')
  t.equal(await one.seen.take('a', endsAtMs), 'repeated')
  t.equal(await two.seen.take('a', endsAtMs), 'repeated')
  t.equal(await two.seen.take('b', endsAtMs), 'first')
  t.equal(one.counts.memory + two.counts.memory, 0)
  const together = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => (i % 2 === 0 ? one : two).seen.take('c', endsAtMs)),
  )
  t.equal(together.filter((taken) => taken === 'first').length, 1)
})

t.test('while Redis is away each process takes it once, and goes on knowing what it took', async (t) => {
  const redis = await startRedis()
  const [one, two] = [await processOn(t, redis.url), await processOn(t, redis.url)]
  const endsAtMs = Date.now() + 60_000
  t.equal(await one.seen.take('before', endsAtMs), 'first')
  await redis.stop()
  t.equal(await one.seen.take('before', endsAtMs), 'repeated')
  t.equal(await one.seen.take('a', endsAtMs), 'first')
  t.equal(await one.seen.take('a', endsAtMs), 'repeated')
  t.equal(await two.seen.take('a', endsAtMs), 'first')
  t.same([one.counts.memory, two.counts.memory], [1, 1])
})

t.test('without Redis nobody waits, and what is over is forgotten', async (t) => {
  let nowMs = 1_000_000
  const seen = createProofsSeen({ store: null, now: () => nowMs, counted() {}, mostRemembered: 30 })
  t.equal(seen.take('a', nowMs + 120_000), 'first')
  nowMs += 120_000
  t.equal(seen.take('a', nowMs), 'repeated', 'at the end of its time it is known still')
  nowMs += 300_000
  for (let i = 0; i < 3; i++) {
    t.equal(seen.take(`other ${i}`, nowMs), 'first')
    nowMs += 66_000
  }
  t.equal(seen.take('a', nowMs), 'first')
})

t.test('nothing is forgotten before its time: what finds no place is taken where Redis tells', async (t) => {
  const redis = await startRedis()
  const { seen } = await processOn(t, redis.url, Date.now, 20)
  const endsAtMs = Date.now() + 60_000
  for (let i = 0; i < 40; i++) t.equal(await seen.take(`a ${i}`, endsAtMs), 'first')
  t.equal(await seen.take('a 39', endsAtMs), 'repeated', 'Redis tells')
  await redis.stop()
  t.equal(await seen.take('a 0', endsAtMs), 'repeated', 'the first is known still')
  t.equal(await seen.take('a 39', endsAtMs), 'unknown')
  t.equal(await seen.take('other', endsAtMs), 'unknown')
})

t.test('without Redis one too many is not taken, until there is room', (t) => {
  let nowMs = 1_000_000
  const seen = createProofsSeen({ store: null, now: () => nowMs, counted() {}, mostRemembered: 30 })
  for (let i = 0; i < 30; i++) t.equal(seen.take(`a ${i}`, nowMs), 'first')
  t.equal(seen.take('b', nowMs), 'unknown')
  nowMs += 125_000
  t.equal(seen.take('b', nowMs), 'unknown')
  t.equal(seen.take('a 0', nowMs), 'repeated')
  nowMs += 200_000
  t.equal(seen.take('c', nowMs), 'first')
  t.end()
})
