// Contract 11.

import t from 'tap'
import { withoutPartitions } from '../support/partitions.ts'
import type { RateLimit } from '../../src/config/compiled.ts'
import { allowanceOf } from '../../src/config/rate-limits.ts'
import { createLimiter, mostCounts, type RunningLimiter, type Spender } from '../../src/limits/limiter.ts'
import { principalOf } from '../gateway/subject.ts'

interface Subject {
  readonly limiter: RunningLimiter
  /** Lets time pass. */
  wait(ms: number): void
  readonly refused: string[]
}

/** A process that counts by itself. */
function alone(instances = 1): Subject {
  let now = 5_000
  const refused: string[] = []
  const limiter = createLimiter({
    store: null,
    instances: () => instances,
    monotonicNow: () => now,
    refused: ({ name }) => refused.push(name),
  })
  limiter.start()
  t.teardown(() => limiter.stop())
  return { limiter, wait: (ms) => void (now += ms), refused }
}

function limitOf(name: string, rate: string, of: Partial<RateLimit> & { burst?: number } = {}): RateLimit {
  const { burst = null, ...more } = of
  return {
    api: 'flintn',
    name,
    per: 'key',
    allowance: allowanceOf(rate, burst),
    ofPlans: new Map(),
    isShadow: false,
    ...more,
  }
}

function spenderOf(limits: readonly RateLimit[], of: Partial<Spender> = {}): Spender {
  return { limits, environment: 'live', record: principalOf().record, client: '192.0.2.7', ...of }
}

t.test('a burst passes, then one an interval', async (t) => {
  const { limiter, wait } = alone()
  const asked = spenderOf([limitOf('default', '10/s', { burst: 3 })])
  for (const left of [2, 1, 0])
    t.match(limiter.spend(asked), { limit: undefined, state: `"default";r=${left};t=1` })
  t.match(limiter.spend(asked), {
    limit: { name: 'default' },
    retryAfterSeconds: 1,
    policy: '"default";q=10;w=1',
    state: '"default";r=0;t=1',
  })
  wait(99)
  t.equal(limiter.spend(asked).limit?.name, 'default')
  wait(1)
  t.equal(limiter.spend(asked).limit, undefined)
})

t.test('without a burst, what the rate has in its unit of time may come at once', async (t) => {
  const { limiter } = alone()
  const asked = spenderOf([limitOf('refunds', '20/min')])
  for (let i = 0; i < 20; i++) t.equal(limiter.spend(asked).limit, undefined)
  t.match(limiter.spend(asked), { limit: { name: 'refunds' }, retryAfterSeconds: 3 })
})

t.test('every limit that fits counts; who is refused by one is counted by none', async (t) => {
  const { limiter, wait } = alone()
  const limits = [
    limitOf('default', '100/s', { burst: 10 }),
    limitOf('refunds', '1/s', { burst: 1, per: 'merchant' }),
  ]
  const asked = spenderOf(limits)
  t.equal(withoutPartitions(limiter.spend(asked).state), '"default";r=9;t=1, "refunds";r=0;t=1')
  for (let i = 0; i < 20; i++) t.equal(limiter.spend(asked).limit?.name, 'refunds')
  t.equal(withoutPartitions(limiter.spend(asked).state), '"default";r=9;t=1, "refunds";r=0;t=1')
  wait(1_000)
  t.equal(limiter.spend(asked).limit, undefined)
})

t.test('what a limit counts by is what is counted', async (t) => {
  const { limiter } = alone()
  const one = principalOf({ keyId: 'key_1', merchantId: 'mer_1' }).record
  const sister = principalOf({ keyId: 'key_2', merchantId: 'mer_1' }).record
  const other = principalOf({ keyId: 'key_3', merchantId: 'mer_2' }).record
  const passes = (limits: readonly RateLimit[], of: Partial<Spender>) =>
    limiter.spend(spenderOf(limits, of)).limit === undefined
  const byKey = [limitOf('a', '1/h', { per: 'key' })]
  t.same([passes(byKey, { record: one }), passes(byKey, { record: one })], [true, false])
  t.ok(passes(byKey, { record: sister }))
  t.ok(passes(byKey, { record: one, environment: 'sandbox' }), 'each environment by itself')
  const byMerchant = [limitOf('b', '1/h', { per: 'merchant' })]
  t.same([passes(byMerchant, { record: one }), passes(byMerchant, { record: sister })], [true, false])
  t.ok(passes(byMerchant, { record: other }))
  const byClient = [limitOf('c', '1/h', { per: 'client' })]
  t.ok(passes(byClient, { record: undefined, client: '2001:db8:1:2::7' }))
  t.notOk(passes(byClient, { record: other, client: '2001:db8:1:2:3::9' }), 'an IPv6 network is one client')
  t.ok(passes(byClient, { record: undefined, client: '2001:db8:1:3::7' }))
})

t.test('another table, with another list of the same limits, loses no count', async (t) => {
  const { limiter } = alone()
  const limit = () => [limitOf('default', '10/h', { burst: 2 })]
  t.equal(limiter.spend(spenderOf(limit())).limit, undefined)
  t.match(limiter.spend(spenderOf(limit())), { limit: undefined, state: /r=0/ })
  t.equal(limiter.spend(spenderOf(limit())).limit?.name, 'default')
})

t.test(
  'what is said of a key counts in place of the limit of that name, then what is of its merchant',
  async (t) => {
    const { limiter } = alone()
    const limits = [limitOf('default', '1/h'), limitOf('sums', '1/h', { per: 'merchant' })]
    const said = (rate: string) => ({ default: { rate, burst: null }, sums: { rate, burst: null } })
    const record = principalOf({
      limits: {
        allowedIps: [],
        rates: said('3/h'),
        inFlight: null,
        merchant: { plan: null, rates: said('5/min'), inFlight: null },
      },
    }).record
    const spent = limiter.spend(spenderOf(limits, { record }))
    t.equal(withoutPartitions(spent.policy), '"default";q=3;w=3600, "sums";q=5;w=60')
    t.equal(withoutPartitions(spent.state), '"default";r=2;t=1200, "sums";r=4;t=12')
  },
)

t.test('another rate begins with what was used of the one before, in its proportion', async (t) => {
  const { limiter, wait } = alone()
  const daily = [limitOf('default', '10/d')]
  for (let i = 0; i < 10; i++) limiter.spend(spenderOf(daily))
  t.equal(limiter.spend(spenderOf(daily)).limit?.name, 'default')
  const faster = [limitOf('default', '1000/s', { burst: 20 })]
  t.match(limiter.spend(spenderOf(faster)), { limit: undefined, state: '"default";r=9;t=1' })
  wait(20)
  t.match(limiter.spend(spenderOf(faster)), { limit: undefined, state: '"default";r=19;t=1' })
  for (let i = 0; i < 9; i++) limiter.spend(spenderOf(faster))
  t.match(
    limiter.spend(spenderOf(daily)),
    { limit: { name: 'default' } },
    'and back: it was no way to have more',
  )
})

t.test(
  'more callers than are counted: those that came first are forgotten, and no more of them',
  async (t) => {
    const { limiter } = alone()
    const limits = [limitOf('default', '1/h', { per: 'client' })]
    const others = [limitOf('other', '1/h', { per: 'client' })]
    const passes = (limits: readonly RateLimit[], client: string) =>
      limiter.spend(spenderOf(limits, { client })).limit === undefined
    for (let i = 0; i < mostCounts; i++) passes(limits, `c${i}`)
    t.equal(limiter.size(), mostCounts)
    t.ok(passes(others, 'c0'), 'all limits share the room')
    t.equal(limiter.size(), mostCounts - 999)
    t.ok(passes(limits, 'c0'))
    t.notOk(passes(limits, 'c1500'))
    t.notOk(passes(limits, `c${mostCounts - 1}`))
  },
)

t.test('in shadow a limit refuses nobody and says nothing, but is told of', async (t) => {
  const { limiter, refused } = alone()
  const asked = spenderOf([limitOf('default', '1/h', { isShadow: true })])
  for (let i = 0; i < 3; i++) t.match(limiter.spend(asked), { limit: undefined, policy: '', state: '' })
  t.same(refused, ['default', 'default'])
})

t.test('a process that cannot count with the others lets its share through', async (t) => {
  const processes = [1, 2, 3].map(() => alone(3))
  const asked = spenderOf([limitOf('default', '10/s', { burst: 30 })])
  let passed = 0
  const all = () => {
    for (const { limiter, wait } of processes) {
      if (limiter.spend(asked).limit === undefined) passed++
      wait(5)
    }
  }
  for (let i = 0; i < 30; i++) all()
  t.ok(passed >= 30 && passed <= 33, `${passed} of the burst of 30 in 150 ms`)
  passed = 0
  for (let i = 0; i < 2_000; i++) all()
  t.ok(passed >= 97 && passed <= 103, `${passed} of 100 in 10 s`)
})

t.test(
  'who is counted is told its partition: another of another caller, and none where nobody is counted',
  (t) => {
    const { limiter } = alone()
    const tell = (spender: Spender) => {
      const { policy, state } = limiter.spend(spender)
      const [one, other] = [policy, state].map((field) => /;pk=(:[A-Za-z0-9+/]{8}:)$/.exec(field)?.[1])
      t.equal(one, other)
      return one
    }
    const asked = spenderOf([limitOf('default', '10/s')])
    const own = tell(asked)
    t.type(own, 'string')
    t.equal(tell(asked), own)
    const others = { ...asked, record: principalOf({ keyId: 'key_other' }).record }
    t.type(tell(others), 'string')
    t.not(tell(others), own)
    t.equal(tell({ ...asked, record: undefined }), undefined)
    t.end()
  },
)
