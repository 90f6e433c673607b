// Contract 5 and 11: where in the order of checks addresses and rate limits stand.

import t from 'tap'
import type { RateLimit } from '../../src/config/compiled.ts'
import { allowanceOf } from '../../src/config/rate-limits.ts'
import { countUse, limitRate, limitUse, refuseOtherAddresses } from '../../src/decision/limit-rate.ts'
import { createLimiter, nobodyIsLimited } from '../../src/limits/limiter.ts'
import { createQuotas, nobodyHasQuotas } from '../../src/limits/quotas.ts'
import { decisionStages } from '../../src/decision/stages.ts'
import { nobodyIsCounted } from '../../src/decision/misses.ts'
import { nobodyIsTrusted } from '../../src/lookup/issuer/checked-token.ts'
import { nothingIsRepeated } from '../../src/lookup/proofs-seen.ts'
import { accessOf, loadDemo, principalOf } from '../gateway/subject.ts'

const limit: RateLimit = {
  ...{ api: 'flintn', name: 'default', per: 'key', ofPlans: new Map(), isShadow: false },
  allowance: allowanceOf('1/h', null),
}

t.test('addresses come before permissions, and only who may pass is counted', async (t) => {
  const stages = decisionStages({
    lookup: { find: () => ({ kind: 'unavailable', reason: 'not_given' }), findInMemory: () => undefined },
    issuers: nobodyIsTrusted,
    misses: nobodyIsCounted,
    limiter: nobodyIsLimited,
    quotas: nobodyHasQuotas,
    proofs: nothingIsRepeated,
    limits: { urlBytes: 1 },
    requireHttps: false,
    now: () => 0,
  })
  const names = stages.map(({ name }) => name)
  t.same(names.slice(-7), ['refuseOtherAddresses', 'authorize', '', '', 'limitBody', '', ''])
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

t.test(
  'a quota that is used up refuses before a rate limit counts, and only what passes is counted',
  async (t) => {
    const quotas = createQuotas({
      store: { add: () => Promise.reject(new Error('away')) },
      ...{ now: () => Date.UTC(2027, 1, 1), monotonicNow: () => 0, instances: () => 1 },
    })
    const [look, count] = [limitUse(quotas), countUse(quotas)]
    const access = accessOf(await loadDemo())
    const host = access.table.matchHost('api.flintn.com')
    const [route] = host?.api.routes.filter(({ requirement }) => requirement.kind !== 'public') ?? []
    if (host === undefined || route === undefined) return t.fail('no route')
    Object.assign(access, { host, route, principal: principalOf() })
    t.equal(look(access), undefined)
    t.equal(access.use, undefined, 'the API has no quota')
    const quota = {
      api: 'flintn',
      name: 'monthly',
      per: 'merchant',
      requests: 1,
      ofPlans: new Map(),
    } as const
    access.host = { ...host, api: { ...host.api, quotas: [quota] } }
    t.equal(look(access), undefined)
    t.equal(look(access), undefined, 'what was not let through is not counted')
    t.match(access.use, { policy: '"monthly";q=1;w=2419200', state: '"monthly";r=0;t=2419200' })
    t.equal(count(access), undefined)
    t.match(look(access), { code: 'QUOTA_EXCEEDED', reason: 'quota', retryAfterSeconds: 2_419_200 })
    access.route = { ...route, requirement: { kind: 'public' } }
    t.equal(look(access), undefined, 'nobody is counted on a public route')
  },
)
