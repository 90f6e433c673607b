// Contract 5 and 11: where in the order of checks addresses and rate limits stand.

import t from 'tap'
import type { RateLimit } from '../../src/config/compiled.ts'
import { allowanceOf } from '../../src/config/rate-limits.ts'
import { limitRate, refuseOtherAddresses } from '../../src/decision/limit-rate.ts'
import { createLimiter, nobodyIsLimited } from '../../src/limits/limiter.ts'
import { decisionStages } from '../../src/decision/stages.ts'
import { nobodyIsCounted } from '../../src/decision/misses.ts'
import { nothingIsRepeated } from '../../src/lookup/proofs-seen.ts'
import { accessOf, loadDemo, principalOf } from '../gateway/subject.ts'

const limit: RateLimit = {
  ...{ api: 'flintn', name: 'default', per: 'key', ofPlans: new Map(), isShadow: false },
  allowance: allowanceOf('1/h', null),
}

t.test('addresses come before permissions, and only who may pass is counted', async (t) => {
  const stages = decisionStages({
    lookup: { find: () => ({ kind: 'unavailable', reason: 'not_given' }), findInMemory: () => undefined },
    misses: nobodyIsCounted,
    limiter: nobodyIsLimited,
    proofs: nothingIsRepeated,
    limits: { urlBytes: 1 },
    requireHttps: false,
    now: () => 0,
  })
  const names = stages.map(({ name }) => name)
  t.same(names.slice(-5), ['refuseOtherAddresses', 'authorize', '', 'limitBody', ''])
})

t.test('the limits of a route count, and where there are none nothing is asked', async (t) => {
  const limiter = createLimiter({ store: null, instances: () => 1, monotonicNow: () => 0 })
  const stage = limitRate(limiter)
  const access = accessOf(await loadDemo())
  access.principal = principalOf()
  const [route] = access.table.apis.get('flintn')?.routes ?? []
  if (route === undefined) return t.fail('no route')
  access.route = route
  t.equal(stage(access), undefined)
  t.equal(access.spent, undefined)
  access.route = { ...route, rateLimits: [limit] }
  t.equal(stage(access), undefined)
  t.match(access.spent, { policy: '"default";q=1;w=3600', state: '"default";r=0;t=3600' })
  t.match(stage(access), { code: 'RATE_LIMITED', reason: 'rate_limit', retryAfterSeconds: 3_600 })
})

t.test('a list of addresses that cannot be read lets nobody in', async (t) => {
  const access = accessOf(await loadDemo())
  const limits = { allowedIps: ['nowhere'], rates: {}, inFlight: null, merchant: null }
  access.principal = principalOf({ limits })
  t.throws(() => refuseOtherAddresses(access))
})
