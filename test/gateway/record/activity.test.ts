import t from 'tap'
import type { Access } from '../../../src/gateway/access.ts'
import { timeBucketOf } from '../../../src/telemetry/answer-time.ts'
import { type ActivityBatch, createActivityRecorder } from '../../../src/gateway/record/activity.ts'

const nowMs = Date.UTC(2026, 0, 15, 12)

const routes = new Map<string, { method: string; template: string }>()

interface Extra {
  readonly code?: string
  readonly route?: string
  readonly keyId?: string
  readonly secretId?: string
  readonly upstreamMs?: number
}

/** What the recorder reads of a finished request. */
function accessOf(extra: Extra = {}): Access {
  const keys = { keyId: extra.keyId ?? 'key_1', secretId: extra.secretId ?? 'sec_1' }
  const record = { ...keys, merchantId: 'mer_1', api: 'flintn', environment: 'live' }
  const template = extra.route ?? '/v1/x'
  // As in a table: one object each.
  const route = routes.get(template) ?? { method: 'GET', template }
  routes.set(template, route)
  return {
    principal: { record },
    environment: undefined,
    route,
    upstreamMs: extra.upstreamMs,
    denial: extra.code === undefined ? undefined : { code: extra.code, reason: 'x' },
  } as unknown as Access
}

function createSubject(options: { maxRows?: number; maxTimes?: number } = {}) {
  const batches: ActivityBatch[] = []
  const world = { nowMs, failures: 0, dropped: 0, untimed: 0, tries: 0 }
  const recorder = createActivityRecorder({
    async sink(batch) {
      world.tries += 1
      // It may have arrived all the same.
      batches.push(structuredClone(batch))
      if (world.failures-- > 0) throw new Error('away')
    },
    now: () => world.nowMs,
    dropped: () => void (world.dropped += 1),
    untimed: () => void (world.untimed += 1),
    flushEveryMs: 1_000_000,
    ...options,
  })
  return { recorder, batches, world }
}

/** As the store counts: a batch once, whether or not it came again. */
function total(batches: readonly ActivityBatch[]): number {
  const once = new Map(batches.map((batch) => [batch.id, batch]))
  return [...once.values()].flatMap(({ counts }) => counts).reduce((sum, { count }) => sum + count, 0)
}

void t.test('requests are counted by key, route, outcome and minute', async (t) => {
  const { recorder, batches, world } = createSubject()
  recorder.count(accessOf(), 1)
  world.nowMs += 5
  recorder.count(accessOf(), 1)
  recorder.count(accessOf({ code: 'INSUFFICIENT_PERMISSIONS' }), 1)
  recorder.count(accessOf({ code: 'INVALID_API_KEY' }), 1)
  world.nowMs += 60_000
  recorder.count(accessOf(), 1)
  t.equal(recorder.waiting(), 4)
  await recorder.flush()
  recorder.stop()
  const row = { keyId: 'key_1', secretId: 'sec_1', api: 'flintn', environment: 'live', route: 'GET /v1/x' }
  t.match(batches, [
    {
      counts: [
        { outcome: 'allow', minuteMs: nowMs + 60_000, count: 1 },
        { outcome: 'INVALID_API_KEY', count: 1, lastUsedAtMs: null },
        { outcome: 'INSUFFICIENT_PERMISSIONS', count: 1, lastUsedAtMs: nowMs + 5 },
        { ...row, outcome: 'allow', minuteMs: nowMs, count: 2, lastUsedAtMs: nowMs + 5 },
      ],
    },
  ])
  t.equal(recorder.waiting(), 0)
})

void t.test('a request without a known key or route is nobody’s activity', async (t) => {
  const { recorder } = createSubject()
  recorder.count({ ...accessOf(), principal: undefined }, 1)
  recorder.count({ ...accessOf(), route: undefined }, 1)
  recorder.stop()
  t.equal(recorder.waiting(), 0)
})

void t.test(
  'what could not be kept comes again as the same batch, with what was counted since',
  async (t) => {
    const { recorder, batches, world } = createSubject()
    world.failures = 3
    recorder.count(accessOf(), 1)
    await recorder.flush()
    recorder.count(accessOf(), 1)
    await recorder.flush()
    recorder.count(accessOf(), 1)
    await recorder.flush()
    recorder.stop()
    t.equal(total(batches), 3)
    t.equal(new Set(batches.map(({ id }) => id)).size, 2)
    const [first] = batches
    for (const batch of batches.filter(({ id }) => id === first?.id)) t.same(batch, first)
  },
)

void t.test('a batch that nobody takes does not hold up the others', async (t) => {
  const sizes: number[] = []
  const recorder = createActivityRecorder({
    async sink({ counts }) {
      if (counts.some(({ secretId }) => secretId === 'sec_0')) throw new Error('never')
      sizes.push(counts.length)
    },
    now: () => nowMs,
    dropped: () => undefined,
    untimed: () => undefined,
  })
  for (let i = 0; i < 1200; i++) recorder.count(accessOf({ secretId: `sec_${i}` }), 1)
  await recorder.flush()
  recorder.stop()
  t.same(sizes, [500, 200])
  t.equal(recorder.waiting(), 500)
})

void t.test('at the end it tries for a while', async (t) => {
  const { recorder, batches, world } = createSubject()
  recorder.count(accessOf(), 1)
  world.failures = 5
  recorder.stop()
  await recorder.flush()
  t.equal(world.tries, 6)
  t.equal(total(batches), 1)
  t.equal(recorder.waiting(), 0)
})

void t.test('what does not fit is counted as dropped', async (t) => {
  const { recorder, world } = createSubject({ maxRows: 2 })
  for (const route of ['/a', '/b', '/c', '/a', '/d']) recorder.count(accessOf({ route }), 1)
  t.equal(world.dropped, 2)
  t.equal(recorder.waiting(), 2)
  world.failures = 2
  await recorder.flush()
  recorder.count(accessOf({ route: '/e' }), 1)
  t.equal(world.dropped, 3)
  recorder.stop()
})

void t.test('it hands on by itself', async (t) => {
  let taken = 0
  const recorder = createActivityRecorder({
    sink: async () => void (taken += 1),
    now: () => nowMs,
    dropped: () => undefined,
    untimed: () => undefined,
    flushEveryMs: 20,
  })
  recorder.count(accessOf(), 1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  recorder.stop()
  t.equal(taken, 1)
})

void t.test('it is told how long answers took of requests that were sent to an upstream', async (t) => {
  const { recorder, batches, world } = createSubject()
  recorder.count(accessOf({ upstreamMs: 9 }), 1)
  recorder.count(accessOf({ upstreamMs: 9, secretId: 'sec_2', route: '/v1/y' }), 30)
  recorder.count(accessOf({ code: 'UPSTREAM_TIMEOUT', upstreamMs: 30_000 }), 1)
  recorder.count(accessOf({ code: 'INSUFFICIENT_PERMISSIONS' }), 1)
  await recorder.flush()
  t.same(
    batches.flatMap(({ latencies }) => latencies),
    [],
    'not with each of the batches',
  )
  world.nowMs += 5 * 60_000
  recorder.count(accessOf({ upstreamMs: 9 }), 1)
  recorder.stop()
  world.failures = 1
  await recorder.flush()
  const once = new Map(batches.map((batch) => [batch.id, batch]))
  const told = [...once.values()].flatMap(({ latencies }) => latencies)
  const sum = (of: (one: (typeof told)[number]) => number) => told.reduce((all, one) => all + of(one), 0)
  t.equal(
    sum(({ answers }) => answers),
    4,
  )
  t.equal(
    sum(({ upstream }) => upstream),
    4,
  )
  const whose = { keyId: 'key_1', merchantId: 'mer_1', api: 'flintn', environment: 'live' }
  for (const one of told) t.match(one, whose)
  t.same(
    told
      .filter(({ startMs }) => startMs === nowMs)
      .map(({ bucket, answers, upstream }) => [bucket, answers, upstream]),
    [
      [timeBucketOf(9), 0, 2],
      [timeBucketOf(10), 1, 0],
      [timeBucketOf(39), 1, 0],
      [timeBucketOf(30_000), 1, 1],
    ],
  )
  t.equal(told.filter(({ startMs }) => startMs === nowMs + 5 * 60_000).length, 2)
})

void t.test('of more keys than there is room for it is not told how long answers took', async (t) => {
  const { recorder, batches, world } = createSubject({ maxTimes: 2 })
  const keys = ['key_1', 'key_2', 'key_3']
  for (const keyId of keys) recorder.count(accessOf({ keyId, secretId: keyId, upstreamMs: 5 }), 1)
  t.equal(world.untimed, 1)
  recorder.stop()
  await recorder.flush()
  t.equal(total(batches), 3, 'they are counted all the same')
  for (const keyId of keys.slice(1)) recorder.count(accessOf({ keyId, secretId: keyId, upstreamMs: 7 }), 1)
  t.equal(world.untimed, 1, 'there is room again')
  await recorder.flush()
  const again = batches
    .flatMap(({ latencies }) => latencies)
    .filter(({ bucket }) => bucket === timeBucketOf(7))
  t.equal(
    again.reduce((sum, { upstream }) => sum + upstream, 0),
    2,
    'and nothing of before is left in it',
  )
})
