import t from 'tap'
import type { Access } from '../../../src/gateway/access.ts'
import { type ActivityBatch, createActivityRecorder } from '../../../src/gateway/record/activity.ts'

const nowMs = Date.UTC(2026, 0, 15, 12)

const routes = new Map<string, { method: string; template: string }>()

/** What the recorder reads of a finished request. */
function accessOf(extra: { code?: string; route?: string; secretId?: string } = {}): Access {
  const record = { keyId: 'key_1', secretId: extra.secretId ?? 'sec_1', api: 'flintn', environment: 'live' }
  const template = extra.route ?? '/v1/x'
  // As in a table: one object each.
  const route = routes.get(template) ?? { method: 'GET', template }
  routes.set(template, route)
  return {
    principal: { record },
    environment: undefined,
    route,
    denial: extra.code === undefined ? undefined : { code: extra.code, reason: 'x' },
  } as unknown as Access
}

function createSubject(options: { maxRows?: number } = {}) {
  const batches: ActivityBatch[] = []
  const world = { nowMs, failures: 0, dropped: 0, tries: 0 }
  const recorder = createActivityRecorder({
    async sink(batch) {
      world.tries += 1
      // It may have arrived all the same.
      batches.push(structuredClone(batch))
      if (world.failures-- > 0) throw new Error('away')
    },
    now: () => world.nowMs,
    dropped: () => void (world.dropped += 1),
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
  recorder.count(accessOf())
  world.nowMs += 5
  recorder.count(accessOf())
  recorder.count(accessOf({ code: 'INSUFFICIENT_PERMISSIONS' }))
  recorder.count(accessOf({ code: 'INVALID_API_KEY' }))
  world.nowMs += 60_000
  recorder.count(accessOf())
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
  recorder.count({ ...accessOf(), principal: undefined })
  recorder.count({ ...accessOf(), route: undefined })
  recorder.stop()
  t.equal(recorder.waiting(), 0)
})

void t.test(
  'what could not be kept comes again as the same batch, with what was counted since',
  async (t) => {
    const { recorder, batches, world } = createSubject()
    world.failures = 3
    recorder.count(accessOf())
    await recorder.flush()
    recorder.count(accessOf())
    await recorder.flush()
    recorder.count(accessOf())
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
  })
  for (let i = 0; i < 1200; i++) recorder.count(accessOf({ secretId: `sec_${i}` }))
  await recorder.flush()
  recorder.stop()
  t.same(sizes, [500, 200])
  t.equal(recorder.waiting(), 500)
})

void t.test('at the end it tries for a while', async (t) => {
  const { recorder, batches, world } = createSubject()
  recorder.count(accessOf())
  world.failures = 5
  recorder.stop()
  await recorder.flush()
  t.equal(world.tries, 6)
  t.equal(total(batches), 1)
  t.equal(recorder.waiting(), 0)
})

void t.test('what does not fit is counted as dropped', async (t) => {
  const { recorder, world } = createSubject({ maxRows: 2 })
  for (const route of ['/a', '/b', '/c', '/a', '/d']) recorder.count(accessOf({ route }))
  t.equal(world.dropped, 2)
  t.equal(recorder.waiting(), 2)
  world.failures = 2
  await recorder.flush()
  recorder.count(accessOf({ route: '/e' }))
  t.equal(world.dropped, 3)
  recorder.stop()
})

void t.test('it hands on by itself', async (t) => {
  let taken = 0
  const recorder = createActivityRecorder({
    sink: async () => void (taken += 1),
    now: () => nowMs,
    dropped: () => undefined,
    flushEveryMs: 20,
  })
  recorder.count(accessOf())
  await new Promise((resolve) => setTimeout(resolve, 200))
  recorder.stop()
  t.equal(taken, 1)
})
