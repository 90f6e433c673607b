// Contract 11.

import t from 'tap'
import type { CallerLimits } from '../../src/credentials/caller-limits.ts'
import { createInFlight } from '../../src/limits/in-flight.ts'
import { principalOf } from '../gateway/subject.ts'

const limits = (ofKey: number | null, ofMerchant: number | null): CallerLimits => ({
  ...{ allowedIps: [], rates: {}, inFlight: ofKey },
  merchant: { plan: null, rates: {}, inFlight: ofMerchant },
})

const alone = (instances: number) => ({
  ...{ store: null, instances: () => instances, monotonicNow: () => performance.now() },
})

t.test('a key has so many under way and no more, and its place is free when one ends', async (t) => {
  const underWay = createInFlight(alone(1))
  const { record } = principalOf({ limits: limits(2, null) })
  t.same(
    [1, 2, 3].map(() => underWay.enter(record)),
    [true, true, false],
  )
  underWay.leave(record)
  t.same([underWay.enter(record), underWay.enter(record)], [true, false])
})

t.test('keys of a merchant share what it has, and other merchants have their own', async (t) => {
  const underWay = createInFlight(alone(1))
  const keyOf = (keyId: string, merchantId: string) =>
    principalOf({ keyId, merchantId, limits: limits(null, 2) }).record
  t.ok(underWay.enter(keyOf('key_1', 'mer_1')))
  t.ok(underWay.enter(keyOf('key_2', 'mer_1')))
  t.notOk(underWay.enter(keyOf('key_3', 'mer_1')))
  t.ok(underWay.enter(keyOf('key_4', 'mer_2')))
})

t.test('of several processes each has its share, one at least', async (t) => {
  for (const [most, share] of [
    [6, 2],
    [7, 3],
    [1, 1],
  ] as const) {
    const underWay = createInFlight(alone(3))
    const { record } = principalOf({ limits: limits(most, null) })
    const passed = Array.from({ length: 9 }, () => underWay.enter(record)).filter(Boolean).length
    t.equal(passed, share)
  }
})
