// What one process noted of its keys, another one reads before it serves.

import t, { type Test } from 'tap'
import { createChanges } from '../../src/lookup/changes.ts'
import { createKnownEntries } from '../../src/lookup/known-entries.ts'
import type { OwnReading } from '../../src/lookup/postgres-tier.ts'
import { createSeal } from '../../src/lookup/seal.ts'
import { createWarmStart } from '../../src/lookup/warm-start.ts'
import { startRedis } from '../support/redis-service.ts'
import { cacheKey, part, patientStore, rawClient } from './redis-subject.ts'
import { changeOf, digestOf, memoryOn, recordOf, wallOf } from './subject.ts'

const redis = await startRedis()
t.teardown(() => redis.stop())
const raw = rawClient(t, redis.url)
t.beforeEach(async () => void (await raw.flushall()))

const digests = Array.from({ length: 2_300 }, (_, n) => digestOf(`${n}`))
const hour = 60 * 60_000

interface Of {
  readonly instanceId?: string
  readonly read?: (digest: string) => Promise<OwnReading>
  readonly laterMs?: number
  readonly seal?: string
}

/** A process that has applied revision 10 of epoch e. */
async function subject(t: Test, { instanceId = 'one', laterMs = 0, seal = cacheKey, ...of }: Of = {}) {
  const clock = { nowMs: 1_000_000, confirmedAtMs: 1_000_000 }
  const changes = createChanges()
  changes.restart('e', 10)
  const memory = memoryOn(changes, clock, { maxUnknown: 100, known: createKnownEntries(5_000) })
  const asked: string[] = []
  const answer = (digest: string): OwnReading => ({
    ...{ record: recordOf({ keyId: `key_${digest}` }), revision: changes.applied },
    ...{ confirmedAtMs: wallOf(clock), epoch: 'e' },
  })
  const start = createWarmStart({
    ...{ store: await patientStore(t, redis.url), seal: createSeal(seal), instanceId, changes, memory },
    read(digest) {
      asked.push(digest)
      return of.read?.(digest) ?? Promise.resolve(answer(digest))
    },
    now: () => wallOf(clock) + laterMs,
    monotonicNow: () => performance.now(),
  })
  const fill = (some: readonly string[]) => {
    for (const digest of some) memory.fill(digest, answer(digest))
  }
  return { start, memory, changes, asked, fill, answer }
}

t.test('all that one has in memory another has at its start, asked once each', async (t) => {
  const before = await subject(t)
  before.fill(digests)
  await before.start.note()
  const after = await subject(t, { instanceId: 'two' })
  t.equal(await after.start.warm(), digests.length)
  t.same(after.asked.toSorted(), digests.toSorted())
  t.ok(digests.every((digest) => after.memory.get(digest)?.kind === 'known'))
})

t.test('of two that know the same, each digest is asked for once; the latest word comes first', async (t) => {
  const one = await subject(t)
  one.fill(digests.slice(0, 1_200))
  await one.start.note()
  const two = await subject(t, { instanceId: 'two', laterMs: 1_000 })
  two.fill(digests.slice(1_000))
  await two.start.note()
  const three = await subject(t, { instanceId: 'three', laterMs: 2_000 })
  t.equal(await three.start.warm(), digests.length)
  t.equal(new Set(three.asked).size, three.asked.length)
  t.ok(digests.indexOf(three.asked[0] ?? '') >= 1_000)
})

t.test('what is in Redis tells nothing but digests, and ends after an hour', async (t) => {
  const { start, fill } = await subject(t)
  fill(digests.slice(0, 3))
  await start.note()
  const places = await raw.keys(`${part}warm*`)
  t.equal(places.length, 2)
  for (const place of places) {
    const ms = await raw.pttl(place)
    t.ok(ms > 0 && ms <= hour)
  }
  const later = await subject(t, { instanceId: 'two', laterMs: hour + 1 })
  t.equal(await later.start.warm(), 0)
  t.equal(await raw.hlen(`${part}warm`), 0)
})

t.test('what others have sealed, or nobody has, is not followed', async (t) => {
  const { start, fill } = await subject(t)
  fill(digests.slice(0, 3))
  await start.note()
  const foreign = await subject(t, { seal: 'another-cache-key-of-more-than-32-characters' })
  t.equal(await foreign.start.warm(), 0)
  t.same(foreign.asked, [])
  await raw.hset(`${part}warm`, 'one', 'x.{"atMs":1e15,"chunks":1000}')
  const after = await subject(t)
  t.equal(await after.start.warm(), 0)
})

t.test('what has moved, is gone, or comes from another database is not kept', async (t) => {
  const before = await subject(t)
  before.fill(digests.slice(0, 4))
  await before.start.note()
  const [moved = '', gone = '', foreign = '', kept = ''] = digests
  const after = await subject(t, {
    instanceId: 'two',
    async read(digest) {
      const reading = after.answer(digest)
      if (digest === gone) return { ...reading, record: undefined }
      return digest === foreign ? { ...reading, epoch: 'f' } : reading
    },
  })
  after.changes.hear(changeOf(11, { keyId: `key_${moved}` }))
  t.equal(await after.start.warm(), 1)
  t.same(
    [moved, gone, foreign, kept].map((digest) => after.memory.get(digest)?.kind),
    [undefined, undefined, undefined, 'known'],
  )
})

t.test('while Postgres cannot be asked it begins cold, at once', async (t) => {
  const before = await subject(t)
  before.fill(digests)
  await before.start.note()
  const after = await subject(t, { instanceId: 'two', read: () => Promise.reject(new Error('away')) })
  t.equal(await after.start.warm(), 0)
  t.ok(after.asked.length <= 500)
})

t.test('nothing was noted, nothing is in memory: nothing is read or written', async (t) => {
  const { start, asked } = await subject(t)
  await start.note()
  t.same(await raw.keys(`${part}warm*`), [])
  t.equal(await start.warm(), 0)
  t.same(asked, [])
})

t.test('of many who said something the latest eight are followed', async (t) => {
  for (let n = 0; n < 12; n++) {
    const one = await subject(t, { instanceId: `of-${n}`, laterMs: n })
    one.fill(digests.slice(3 * n, 3 * n + 3))
    await one.start.note()
  }
  const after = await subject(t, { instanceId: 'last', laterMs: 20 })
  t.equal(await after.start.warm(), 24)
  t.same(after.asked.toSorted(), digests.slice(12, 36).toSorted())
})
