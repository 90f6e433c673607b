import t from 'tap'
import { deny } from '../../../src/errors/denial.ts'
import type { Access } from '../../../src/gateway/access.ts'
import {
  createRequestKeeper,
  keptBounds,
  type KeptRequest,
} from '../../../src/gateway/record/kept-requests.ts'
import { createOutcomes } from '../../../src/gateway/record/outcome.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { accessOf, loadDemo, principalOf } from '../subject.ts'

const config = await loadDemo()
/** Made once: with each come upstreams. */
const access0 = accessOf(config)
const nowMs = Date.UTC(2026, 0, 15, 12)

function createSubject() {
  const world = { monotonicMs: 0, isAway: false, refuses: 0, batches: [] as (readonly KeptRequest[])[] }
  const outcomes = createOutcomes(createMetrics())
  const keeper = createRequestKeeper({
    async sink(batch) {
      world.batches.push(batch)
      if (world.isAway) throw new Error('away')
      return batch.length - world.refuses
    },
    now: () => nowMs,
    monotonicNow: () => world.monotonicMs,
    flushAfterMs: 1_000_000,
  })
  const take = (of: Partial<Access>) => {
    const access = { ...access0, ...of }
    const outcome = outcomes.of(access)
    if (outcome.kept !== 'none') keeper.take(access, outcome, 1)
  }
  return { world, keeper, take }
}

const refused = (keyId = 'key_a'): Partial<Access> => ({
  ...{ principal: principalOf({ keyId }), denial: deny('INVALID_API_KEY', 'revoked'), status: 401 },
})

void t.test('what is kept: refusals of known keys, and what upstreams did not do', async (t) => {
  const { world, keeper, take } = createSubject()
  const isKept = async (of: Partial<Access>) => {
    take({ status: 200, isLetThrough: true, upstream: 'payments', ...of })
    const count = keeper.waiting()
    await keeper.flush()
    return count === 1
  }
  const principal = principalOf()
  t.ok(await isKept(refused()))
  t.ok(
    await isKept({
      principal,
      denial: deny('INSUFFICIENT_PERMISSIONS', 'insufficient_permissions'),
      status: 403,
    }),
  )
  t.ok(await isKept({ principal, denial: deny('BODY_TOO_LARGE', 'streamed'), status: 413 }))
  t.ok(await isKept({ denial: deny('UPSTREAM_ERROR', 'reset'), status: 502 }), 'of a public route, too')
  t.ok(await isKept({ status: 500 }))
  t.ok(await isKept({ cut: 'upstream' }))
  t.ok(await isKept({ cut: 'timeout' }))
  t.notOk(await isKept({ principal }), 'an answer')
  t.notOk(await isKept({ principal, status: 404 }), "an upstream's own refusal")
  t.notOk(await isKept({ principal, cut: 'client' }), 'the client left')
  t.notOk(await isKept({ denial: deny('INVALID_API_KEY', 'unknown'), status: 401 }), 'nobody’s key')
  t.notOk(await isKept({ denial: deny('AUTH_UNAVAILABLE', 'postgres_unavailable'), status: 503 }))
  t.notOk(await isKept({ isLetThrough: false, upstream: undefined, status: 0 }), 'nothing was decided')
  t.equal(keeper.notKept(), 0)
  t.match(world.batches[0]?.[0], {
    ...{ id: 'req_test', method: 'GET', merchantId: 'mer_a', keyId: 'key_a', code: 'INVALID_API_KEY' },
    ...{ reason: 'revoked', decision: 'deny', status: 401, upstreamStatus: null, gatewayMs: 1 },
  })
  t.match(world.batches.find(([one]) => one?.status === 500)?.[0], { code: null, upstreamStatus: 500 })
  keeper.stop()
})

void t.test('a flood is kept at 200 a second, and the rest counted', async (t) => {
  const { world, keeper, take } = createSubject()
  for (let second = 0; second < 3; second++) {
    world.monotonicMs = second * 1_000
    for (let i = 0; i < 1_000; i++) take(refused(`key_${i}`))
  }
  t.equal(keeper.waiting(), 3 * keptBounds.aSecond)
  t.equal(keeper.notKept(), 3 * (1_000 - keptBounds.aSecond))
  await keeper.flush()
  t.same(
    world.batches.map((batch) => batch.length),
    [500, 100],
  )
  keeper.stop()
})

void t.test('one key does not take what others need', async (t) => {
  const { world, keeper, take } = createSubject()
  const seconds = keptBounds.aKeyAndHour / keptBounds.aSecond
  for (let second = 0; second < seconds + 5; second++) {
    world.monotonicMs = second * 1_000
    for (let i = 0; i < keptBounds.aSecond; i++) take(refused('key_flood'))
    await keeper.flush()
  }
  t.equal(keeper.notKept(), 5 * keptBounds.aSecond)
  take(refused('key_other'))
  t.equal(keeper.waiting(), 1)
  world.monotonicMs += 3_600_000
  take(refused('key_flood'))
  t.equal(keeper.waiting(), 2, 'an hour later it counts anew')
  keeper.stop()
})

void t.test(
  'while the store is away so many wait, the rest is counted, and none is sent as kept twice',
  async (t) => {
    const { world, keeper, take } = createSubject()
    world.isAway = true
    for (let second = 0; second < 100; second++) {
      world.monotonicMs = second * 1_000
      for (let i = 0; i < keptBounds.aSecond; i++) take(refused(`key_${i}`))
      if (second % 20 === 0) await keeper.flush()
    }
    t.equal(keeper.waiting(), keptBounds.waiting)
    t.equal(keeper.notKept(), 100 * keptBounds.aSecond - keptBounds.waiting)
    world.isAway = false
    world.batches = []
    await keeper.flush()
    t.equal(keeper.waiting(), 0)
    t.equal(world.batches.flat().length, keptBounds.waiting)
    keeper.stop()
  },
)

void t.test('what the store will not take at all is counted, and holds up nothing', async (t) => {
  const { world, keeper, take } = createSubject()
  world.refuses = 1
  take(refused())
  await keeper.flush()
  t.same([keeper.waiting(), keeper.notKept()], [0, 1])
  keeper.stop()
})

void t.test('it hands on by itself, and at the end tries until it can', async (t) => {
  const outcomes = createOutcomes(createMetrics())
  let failures = 2
  let kept = 0
  const sink = async (batch: readonly KeptRequest[]) => {
    if (failures-- > 0) throw new Error('away')
    kept += batch.length
    return batch.length
  }
  const deps = { sink, now: () => nowMs, monotonicNow: () => 0, flushAfterMs: 1 }
  const keeper = createRequestKeeper(deps)
  const access = Object.assign(accessOf(config), refused())
  keeper.take(access, outcomes.of(access), 1)
  keeper.stop()
  await keeper.flush()
  t.equal(kept, 1)
  const other = createRequestKeeper(deps)
  other.take(access, outcomes.of(access), 1)
  // Its timer keeps no process.
  const turn = setInterval(() => {}, 5)
  while (kept < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  clearInterval(turn)
  other.stop()
})
