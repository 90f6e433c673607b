// Percentiles from buckets of time.

import t from 'tap'
import { percentilesOf, timeBoundMs, timeBucketOf, timeBuckets } from '../../src/telemetry/answer-time.ts'

void t.test('each time is in the bucket that holds it, whatever it is', async (t) => {
  for (const ms of [0.25, 0.3, 1, 7.9, 8, 8.1, 1_000, 120_000]) {
    const bucket = timeBucketOf(ms)
    t.ok(ms <= timeBoundMs(bucket) * (1 + 1e-12) && ms > timeBoundMs(bucket - 1), String(ms))
  }
  for (const ms of [0, -1, 0.001, Number.NaN]) t.equal(timeBucketOf(ms), 0, String(ms))
  for (const ms of [1e9, Number.POSITIVE_INFINITY]) t.equal(timeBucketOf(ms), timeBuckets - 1, String(ms))
})

void t.test('percentiles are within a tenth of those of the times themselves', async (t) => {
  // Two crowds of answers, as of a cache before something slow.
  const times = Array.from({ length: 5_000 }, (_, i) =>
    i % 4 === 0 ? 40 + i / 50 : 3 + (i % 100) / 50,
  ).toSorted((a, b) => a - b)
  const counts = new Map<number, number>()
  for (const ms of times) counts.set(timeBucketOf(ms), (counts.get(timeBucketOf(ms)) ?? 0) + 1)
  const counted = [...counts]
    .map(([bucket, count]) => ({ bucket, count }))
    .toSorted((a, b) => a.bucket - b.bucket)
  const shares = [0.01, 0.5, 0.9, 0.99, 1]
  const told = percentilesOf(counted, shares) ?? []
  for (const [i, share] of shares.entries()) {
    const exact = times[Math.ceil(share * times.length) - 1] ?? 0
    t.ok(Math.abs((told[i] ?? 0) - exact) <= exact / 10, `${share}: ${told[i]} for ${exact}`)
  }
})

void t.test('of no times there are no percentiles', async (t) => {
  t.equal(percentilesOf([], [0.5]), undefined)
  t.equal(percentilesOf([{ bucket: 3, count: 0 }], [0.5]), undefined)
})
