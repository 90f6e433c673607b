// Contract 11.

import * as fc from 'fast-check'
import t from 'tap'
import type { Allowance } from '../../src/config/compiled.ts'
import { charged, full, levelOf, waitMs } from '../../src/limits/gcra.ts'

/** Milliseconds between requests, and a burst. */
const allowances = fc
  .record({ intervalMs: fc.integer({ min: 1, max: 10_000 }), burst: fc.integer({ min: 1, max: 50 }) })
  .map(({ intervalMs, burst }): Allowance => ({ intervalMs, burst, quota: 1, windowSeconds: 1 }))
const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 20_000 })))

/** The same by a bucket that is filled by each millisecond in turn: slow, and in whole numbers alone. */
function bucketOf({ intervalMs, burst }: Allowance) {
  // In parts of a request, as many as it has milliseconds.
  let parts = burst * intervalMs
  return {
    pass(gapMs: number): boolean {
      for (let ms = 0; ms < gapMs && parts < burst * intervalMs; ms++) parts++
      if (parts < intervalMs) return false
      parts -= intervalMs
      return true
    },
  }
}

function limiterOf(allowance: Allowance) {
  let now = 1_000
  let fullAt = full
  return {
    pass(gapMs: number): boolean {
      now += gapMs
      if (levelOf(allowance, fullAt, now) < 1) return false
      fullAt = charged(fullAt, now, allowance.intervalMs)
      return true
    },
    waitMs: () => waitMs(allowance, fullAt, now),
  }
}

t.test('it lets through just what a bucket does that is filled a millisecond at a time', async () => {
  fc.assert(
    fc.property(allowances, gaps, (allowance, times) => {
      const limiter = limiterOf(allowance)
      const bucket = bucketOf(allowance)
      return times.every((gapMs) => limiter.pass(gapMs) === bucket.pass(gapMs))
    }),
  )
})

t.test('in no window is there more than the burst and what the rate brings', async () => {
  fc.assert(
    fc.property(allowances, gaps, fc.integer({ min: 1, max: 60_000 }), (allowance, times, windowMs) => {
      const limiter = limiterOf(allowance)
      let now = 0
      const passed: number[] = []
      for (const gapMs of times) {
        now += gapMs
        if (limiter.pass(gapMs)) passed.push(now)
      }
      const most = allowance.burst + windowMs / allowance.intervalMs
      return passed.every(
        (at) => passed.filter((one) => one >= at && one < at + windowMs).length <= most + 1e-6,
      )
    }),
  )
})

t.test('who waits as long as it is told passes, and not a millisecond sooner', async () => {
  fc.assert(
    fc.property(allowances, gaps, (allowance, times) => {
      const limiter = limiterOf(allowance)
      for (const gapMs of times) limiter.pass(gapMs)
      const wait = limiter.waitMs()
      if (wait === 0) return limiter.pass(0)
      return !limiter.pass(wait - 1) && limiter.pass(1)
    }),
  )
})
