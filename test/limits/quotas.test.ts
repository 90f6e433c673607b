// Contract 11: quotas of calendar months.

import t from 'tap'
import { withoutPartitions } from '../support/partitions.ts'
import type { Quota } from '../../src/config/quotas.ts'
import {
  createQuotas,
  forgottenAtOnce,
  mostTallies,
  type QuotaUser,
  type RunningQuotas,
} from '../../src/limits/quotas.ts'
import { StatementError } from '../../src/store/postgres-errors.ts'
import type { QuotaBatch } from '../../src/store/activity/quota-table.ts'
import { principalOf } from '../gateway/subject.ts'
import { until } from '../support/until.ts'

interface Subject {
  readonly quotas: RunningQuotas
  readonly batches: QuotaBatch[]
  /** What all have; thrown: it is away. */
  readonly stored: Map<string, number>
  at: number
  monotonic: number
  isAway: boolean
  /** Of whom no batch is taken, and with what SQLSTATE. */
  refused: string
  code: string
  lost: number
  /** Milliseconds until it answers. */
  takes: number
}

function subject(): Subject {
  const state: Subject = {
    batches: [],
    stored: new Map(),
    at: Date.UTC(2027, 1, 28, 23, 59, 30),
    monotonic: 1_000,
    isAway: false,
    ...{ refused: '', code: '22003', lost: 0, takes: 0 },
    quotas: createQuotas({
      store: {
        async add(batch) {
          state.batches.push(batch)
          state.monotonic += state.takes
          if (state.isAway) throw new Error('away')
          if (batch.items.some(({ subject: of }) => of === state.refused))
            throw new StatementError({ code: state.code, message: 'no', constraint: null })
          return batch.items.map(({ subject: of, monthMs, count }) => {
            const name = `${of} ${new Date(monthMs).getUTCMonth()}`
            const sum = (state.stored.get(name) ?? 0) + count
            state.stored.set(name, sum)
            return sum
          })
        },
      },
      now: () => state.at,
      monotonicNow: () => state.monotonic,
      instances: () => 2,
      lost: (requests) => void (state.lost += requests),
    }),
  }
  return state
}

const monthly: Quota = {
  ...{ api: 'flintn', name: 'monthly', per: 'merchant', requests: 3 },
  ofPlans: new Map([['gold', 5]]),
}

const userOf = (of: Partial<QuotaUser> = {}): QuotaUser => ({
  quotas: [monthly],
  environment: 'live',
  record: principalOf().record,
  ...of,
})

function pass({ quotas }: Subject, user = userOf()): string | undefined {
  const { quota, tallies } = quotas.look(user)
  if (quota === undefined) quotas.count(tallies)
  return quota?.name
}

t.test('what passes counts until the quota is used up, and the next month begins with none', async (t) => {
  const one = subject()
  t.same([pass(one), pass(one), pass(one), pass(one)], [undefined, undefined, undefined, 'monthly'])
  t.match(one.quotas.look(userOf()), {
    retryAfterSeconds: 30,
    policy: /^"monthly";q=3;w=2419200;pk=(:[A-Za-z0-9+/]{8}:)$/,
    state: /^"monthly";r=0;t=30;pk=(:[A-Za-z0-9+/]{8}:)$/,
  })
  one.at += 30_000
  t.equal(pass(one), undefined)
  t.match(one.quotas.look(userOf()), { state: '"monthly";r=1;t=2678400' })
  await one.quotas.exchange()
  t.same(
    new Map(one.stored),
    new Map([
      ['mer_a 1', 3],
      ['mer_a 2', 1],
    ]),
  )
})

t.test('what others have let through is heard, and what is unanswered is told again as it was', async (t) => {
  const one = subject()
  one.isAway = true
  pass(one)
  await one.quotas.exchange()
  t.match(one.quotas.look(userOf()), { state: '"monthly";r=1;t=30' })
  pass(one)
  await one.quotas.exchange()
  t.equal(one.batches.length, 2)
  t.same(one.batches[1], one.batches[0], 'the same batch, under the same id')
  one.isAway = false
  one.stored.set('mer_a 1', 1)
  await one.quotas.exchange()
  t.equal(one.stored.get('mer_a 1'), 2)
  t.equal(pass(one), 'monthly')
  one.monotonic += 1_000
  await one.quotas.exchange()
  t.equal(one.stored.get('mer_a 1'), 3)
  t.match(one.quotas.figures(), { counted: 1, waiting: 0, usedUp: 1 })
})

t.test('one that is refused for good is lost alone, and holds nobody up', async (t) => {
  const one = subject()
  const user = (merchantId: string) => userOf({ record: principalOf({ merchantId }).record })
  for (let i = 0; i < 7; i++) pass(one, user(`mer_${i}`))
  one.refused = 'mer_2'
  one.code = '40P01'
  await one.quotas.exchange()
  t.equal(one.batches.length, 1, 'what was in the way of others comes again')
  one.code = '22003'
  await one.quotas.exchange()
  t.same([one.lost, one.stored.size, one.quotas.figures().waiting], [1, 6, 0])
  t.equal(new Set(one.batches.slice(1).map(({ id }) => id)).size, one.batches.length - 1)
  t.match(one.quotas.look(user('mer_2')), { state: '"monthly";r=1;t=30' }, 'here it counts all the same')
  one.refused = ''
  one.monotonic += 10_000
  for (const name of ['mer_1', 'mer_2']) pass(one, user(name))
  await one.quotas.exchange()
  t.same([one.stored.get('mer_1 1'), one.stored.get('mer_2 1'), one.lost], [2, 1, 1])
})

t.test('who is far from a quota is told of seldom, who is near each second', async (t) => {
  const one = subject()
  const user = userOf({ quotas: [{ ...monthly, requests: 1_000 }] })
  pass(one, user)
  await one.quotas.exchange()
  t.equal(one.batches.length, 1, 'who is new, at once')
  pass(one, user)
  one.monotonic += 5_000
  await one.quotas.exchange()
  t.equal(one.batches.length, 1)
  one.monotonic += 5_000
  await one.quotas.exchange()
  t.equal(one.batches.length, 2)
  one.stored.set('mer_a 1', 950)
  pass(one, user)
  one.monotonic += 10_000
  await one.quotas.exchange()
  pass(one, user)
  await one.quotas.exchange()
  t.equal(one.batches.length, 3, 'not twice in a second')
  one.monotonic += 1_000
  await one.quotas.exchange()
  t.equal(one.batches.length, 4)
})

t.test('who is new is asked for at once, and the others in their turn', async (t) => {
  const one = subject()
  const user = (merchantId: string) => userOf({ record: principalOf({ merchantId }).record })
  pass(one, user('mer_a'))
  await one.quotas.exchange()
  pass(one, user('mer_a'))
  one.monotonic += 10_000
  pass(one, user('mer_b'))
  await until(() => one.batches.length > 1, 'who is new is asked for')
  await one.quotas.exchange()
  t.same(
    one.batches.map(({ items }) => items.map((item) => [item.subject, item.count])),
    [[['mer_a', 1]], [['mer_b', 1]], [['mer_a', 1]]],
  )
})

t.test('a quota by another name, or of another size, is told as it is now', (t) => {
  const one = subject()
  const policy = (of: Partial<Quota>) =>
    withoutPartitions(one.quotas.look(userOf({ quotas: [{ ...monthly, ...of }] })).policy)
  t.equal(policy({}), '"monthly";q=3;w=2419200')
  t.equal(policy({ requests: 4 }), '"monthly";q=4;w=2419200')
  t.equal(policy({ name: 'monthly_all', requests: 4 }), '"monthly_all";q=4;w=2419200')
  one.at += 30_000
  t.equal(policy({ name: 'monthly_all', requests: 4 }), '"monthly_all";q=4;w=2678400')
  t.end()
})

t.test('each second is each second, however long an answer takes', async (t) => {
  const one = subject()
  one.takes = 60
  const startedAt = one.monotonic
  for (let second = 0; second < 5; second++) {
    // The timer comes by its own clock, a little early or late.
    one.monotonic = startedAt + second * 1_000 + (second % 3) * 5 - 5
    pass(one, userOf({ quotas: [{ ...monthly, requests: 20 }] }))
    await one.quotas.exchange()
  }
  t.same([one.batches.length, one.stored.get('mer_a 1')], [5, 5])
})

t.test('a merchant has what is said of it, else what its plan says', async (t) => {
  const said = (plan: string | null, quotas = {}) => ({
    ...{ allowedIps: [], rates: {}, inFlight: null },
    merchant: { plan, rates: {}, inFlight: null, quotas },
  })
  const policy = (limits: ReturnType<typeof said>) =>
    subject().quotas.look(userOf({ record: principalOf({ limits }).record })).policy
  t.match(policy(said(null)), 'q=3;')
  t.match(policy(said('gold')), 'q=5;')
  t.match(policy(said('gold', { monthly: { requests: 9 } })), 'q=9;')
})

t.test(
  'keys and environments count by themselves where they should, and a reload loses nothing',
  async (t) => {
    const one = subject()
    const quotas: readonly Quota[] = [monthly, { ...monthly, name: 'monthly_key', per: 'key', requests: 2 }]
    const other = principalOf({ keyId: 'key_b' }).record
    pass(one, userOf({ quotas }))
    pass(one, userOf({ quotas }))
    t.equal(pass(one, userOf({ quotas })), 'monthly_key')
    t.equal(pass(one, userOf({ quotas, record: other })), undefined)
    t.equal(pass(one, userOf({ quotas, record: other })), 'monthly')
    t.equal(pass(one, userOf({ quotas, environment: 'sandbox' })), undefined)
    t.equal(pass(one, userOf({ quotas: quotas.map((quota) => ({ ...quota })) })), 'monthly')
  },
)

t.test('a client that speaks for several merchants counts for each by itself', async (t) => {
  const one = subject()
  const quotas: readonly Quota[] = [{ ...monthly, per: 'key', requests: 1 }]
  const token = { id: 'atk_1', userId: null, grantId: null, jkt: null }
  const user = (merchantId: string) =>
    userOf({
      quotas,
      record: principalOf({ kind: 'access_token', token, keyId: 'cli_a', merchantId }).record,
    })
  t.same([pass(one, user('mer_a')), pass(one, user('mer_b'))], [undefined, undefined])
  t.same([pass(one, user('mer_a')), pass(one, user('mer_b'))], ['monthly', 'monthly'])
  await one.quotas.exchange()
  t.same([...one.stored.keys()].sort(), ['cli_a mer_a 1', 'cli_a mer_b 1'])
})

t.test('beyond so many those are forgotten that came first, of whom nothing is to be told', async (t) => {
  const one = subject()
  const user = (merchantId: string) => userOf({ record: principalOf({ merchantId }).record })
  pass(one, user('mer_first'))
  for (let i = 0; i < mostTallies - 1; i++) one.quotas.look(user(`mer_${i}`))
  t.equal(one.quotas.figures().counted, mostTallies)
  // Of another book, which has nobody yet; neither it nor what the same request was looked up by before gives room.
  const quotas: readonly Quota[] = [monthly, { ...monthly, name: 'monthly_key', per: 'key' }]
  const both = userOf({ quotas, record: principalOf({ merchantId: 'mer_0' }).record })
  pass(one, both)
  t.equal(one.quotas.figures().counted, mostTallies - forgottenAtOnce + 1)
  t.match(one.quotas.look(both), { state: /^"monthly";r=1;t=30;pk=[^,]+, "monthly_key";r=1;t=30;pk=[^,]+$/ })
  t.match(one.quotas.look(user('mer_first')), { state: '"monthly";r=1;t=30' }, 'it has something to tell')
  await one.quotas.stop()
  t.same([one.stored.get('mer_first 1'), one.stored.get('mer_0 1')], [1, 1])
})

t.test('where all have something to tell the first go, and what they let through is handed on', async (t) => {
  const one = subject()
  const user = (merchantId: string) => userOf({ record: principalOf({ merchantId }).record })
  for (let i = 0; i < mostTallies; i++) pass(one, user(`mer_${i}`))
  pass(one, user('mer_new'))
  t.equal(one.quotas.figures().counted, mostTallies - forgottenAtOnce + 1)
  t.equal(one.quotas.figures().waiting, mostTallies + 1)
  await one.quotas.stop()
  t.same([one.stored.size, one.stored.get('mer_0 1'), one.lost], [mostTallies + 1, 1, 0])
})
