import t from 'tap'
import { type Changes, createChanges } from '../../src/lookup/changes.ts'
import { createKnownEntries } from '../../src/lookup/known-entries.ts'
import { createMemoryTier, type MemoryTier, unknownFreshMs } from '../../src/lookup/memory-tier.ts'
import { changeOf, type Clock, digestOf, memoryOn, recordOf, staleLimitMs, wallOf } from './subject.ts'

const digest = digestOf('a')

interface Subject {
  readonly changes: Changes
  readonly clock: Clock
  readonly memory: MemoryTier
  /** Keeps what Postgres said now, at the revision that is applied. */
  fill(record?: ReturnType<typeof recordOf>, digest?: string): void
  confirm(): void
}

/** A process whose feed has applied revision 10 of epoch e and confirmed it just now. */
function subjectAt(
  sizes: { maxKnown: number; maxUnknown: number } = { maxKnown: 100, maxUnknown: 100 },
): Subject {
  const clock = { nowMs: 1_000_000, confirmedAtMs: 1_000_000 }
  const changes = createChanges()
  changes.restart('e', 10)
  const memory = memoryOn(changes, clock, {
    known: createKnownEntries(sizes.maxKnown),
    maxUnknown: sizes.maxUnknown,
  })
  return {
    changes,
    clock,
    memory,
    fill: (record, of = digest) =>
      memory.fill(of, { record, revision: changes.applied, confirmedAtMs: wallOf(clock) }),
    confirm: () => void (clock.confirmedAtMs = clock.nowMs),
  }
}

t.test('a known key is answered from memory for as long as the feed confirms', (t) => {
  const { memory, clock, fill, confirm } = subjectAt()
  fill(recordOf())
  for (let i = 0; i < 5; i++) {
    clock.nowMs += staleLimitMs
    confirm()
    t.match(memory.get(digest), { kind: 'known', tier: 'memory', record: { keyId: 'key_a' } })
  }
  t.end()
})

t.test('each use gives the very same record, so that what hangs on it is worked out once', (t) => {
  const { memory, fill } = subjectAt()
  fill(recordOf())
  const [first, second] = [memory.get(digest), memory.get(digest)]
  if (first?.kind !== 'known' || second?.kind !== 'known') throw new Error('not found')
  t.equal(first.record, second.record)
  t.end()
})

t.test('the stale limit counts from the last confirmation, to the millisecond', (t) => {
  const { memory, clock, fill, confirm } = subjectAt()
  fill(recordOf())
  clock.nowMs += 100_000
  confirm()
  clock.nowMs += staleLimitMs
  t.ok(memory.get(digest))
  clock.nowMs += 1
  t.equal(memory.get(digest), undefined)
  t.end()
})

t.test('the stale limit is that of the API of the key; none is left for an API that is gone', (t) => {
  const { memory, clock, fill } = subjectAt()
  fill(recordOf({ api: 'gone' }))
  clock.nowMs += 1
  t.equal(memory.get(digest), undefined)
  t.end()
})

t.test('a revoked key stays refused beyond the stale limit', (t) => {
  const { memory, clock, fill } = subjectAt()
  fill(recordOf({ status: 'revoked' }))
  clock.nowMs += 100 * staleLimitMs
  t.match(memory.get(digest), { kind: 'known', record: { status: 'revoked' } })
  t.end()
})

t.test('"unknown" is kept while the feed confirms, and only briefly once it does not', (t) => {
  const { memory, clock, fill, confirm } = subjectAt()
  fill(undefined)
  clock.nowMs += 60_000
  confirm()
  t.match(memory.get(digest), { kind: 'unknown' })
  clock.nowMs += unknownFreshMs
  t.match(memory.get(digest), { kind: 'unknown' })
  clock.nowMs += 1
  t.equal(memory.get(digest), undefined)
  t.end()
})

t.test('"unknown" ends with the change that makes the key', (t) => {
  const { memory, changes, fill } = subjectAt()
  fill(undefined)
  changes.apply([changeOf(11, { digests: [digest] })])
  t.equal(memory.get(digest), undefined)
  t.end()
})

t.test('what a change touches is not used any more; all else is', (t) => {
  const { memory, changes, fill } = subjectAt()
  const other = digestOf('b')
  fill(recordOf())
  fill(recordOf({ keyId: 'key_b' }), other)
  changes.apply([changeOf(11)])
  t.equal(memory.get(digest), undefined)
  t.ok(memory.get(other))
  t.end()
})

t.test('a suspended merchant takes all of its keys along', (t) => {
  const { memory, changes, fill } = subjectAt()
  const other = digestOf('b')
  fill(recordOf())
  fill(recordOf({ keyId: 'key_b' }), other)
  changes.apply([changeOf(11, { keyId: null })])
  t.equal(memory.get(digest), undefined)
  t.equal(memory.get(other), undefined)
  t.end()
})

t.test('a change heard early ends the use of what it touches', (t) => {
  const { memory, changes, fill } = subjectAt()
  fill(recordOf())
  changes.hear(changeOf(15))
  t.equal(memory.get(digest), undefined)
  t.end()
})

t.test('after a gap positives are not used, also not in an outage that follows', (t) => {
  const { memory, changes, clock, fill } = subjectAt()
  fill(recordOf())
  changes.restart('e', 50)
  t.equal(memory.get(digest), undefined)
  fill(recordOf({ keyId: 'key_b' }), digestOf('b'))
  clock.nowMs += 60_000
  t.equal(memory.get(digest), undefined)
  t.ok(memory.get(digestOf('b')), 'what was read after it is')
  t.end()
})

t.test('another epoch: nothing older is used, though its head may be lower or higher', (t) => {
  for (const head of [5, 10, 20]) {
    const { memory, changes, fill } = subjectAt()
    fill(recordOf())
    changes.restart('f', head)
    t.equal(memory.get(digest), undefined, `head ${head}`)
  }
  t.end()
})

t.test('a head that went back in the same epoch: nothing older is used', (t) => {
  const { memory, changes, fill } = subjectAt()
  fill(recordOf())
  changes.restart('e', 5)
  t.equal(memory.get(digest), undefined)
  t.end()
})

t.test('another epoch is not made good by an outage that follows', (t) => {
  const { memory, changes, clock, fill } = subjectAt()
  fill(recordOf())
  changes.restart('f', 5)
  clock.nowMs += 60_000
  t.equal(memory.get(digest), undefined)
  t.end()
})

t.test('an entry of Redis is as old as its own confirmation while Postgres was never reached', (t) => {
  const clock = { nowMs: 5_000_000, confirmedAtMs: Number.NEGATIVE_INFINITY }
  const memory = memoryOn(createChanges(), clock)
  const readAt = (ageMs: number) => ({
    record: recordOf(),
    revision: 3,
    confirmedAtMs: wallOf(clock) - ageMs,
  })
  t.equal(memory.adopt(digest, readAt(staleLimitMs + 1)), undefined)
  t.ok(memory.adopt(digest, readAt(staleLimitMs - 1_000)))
  clock.nowMs += 1_000
  t.ok(memory.get(digest))
  clock.nowMs += 1
  t.equal(memory.get(digest), undefined)
  t.end()
})

t.test(
  'what others have confirmed extends nothing: an entry of Redis ends with the own confirmation',
  (t) => {
    const { memory, clock } = subjectAt()
    clock.nowMs += staleLimitMs - 1_000
    const reading = { record: recordOf(), revision: 10, confirmedAtMs: wallOf(clock) }
    t.ok(memory.adopt(digest, reading))
    clock.nowMs += 1_000
    t.ok(memory.get(digest))
    clock.nowMs += 1
    t.equal(memory.get(digest), undefined)
    t.equal(memory.adopt(digest, reading), undefined)
    t.end()
  },
)

t.test('an entry of Redis that the feed cannot vouch for is not used', (t) => {
  const { memory, clock } = subjectAt()
  const reading = { record: recordOf(), revision: 9, confirmedAtMs: wallOf(clock) }
  t.equal(memory.adopt(digest, reading), undefined)
  t.ok(memory.adopt(digest, { ...reading, revision: 10 }))
  t.end()
})

t.test('an entry from a clock a little ahead is fresh, not fresher than fresh', (t) => {
  const clock = { nowMs: 5_000_000, confirmedAtMs: Number.NEGATIVE_INFINITY }
  const memory = memoryOn(createChanges(), clock)
  const reading = { record: recordOf(), revision: 3, confirmedAtMs: wallOf(clock) + 4_000 }
  t.ok(memory.adopt(digest, reading))
  clock.nowMs += staleLimitMs + 1
  t.equal(memory.get(digest), undefined)
  t.end()
})

t.test('an entry from far in the future is not believed: its age cannot be told', (t) => {
  const clock = { nowMs: 5_000_000, confirmedAtMs: Number.NEGATIVE_INFINITY }
  const memory = memoryOn(createChanges(), clock)
  const reading = { record: recordOf(), revision: 3, confirmedAtMs: wallOf(clock) + 60_000 }
  t.equal(memory.adopt(digest, reading), undefined)
  t.end()
})

t.test('memory is bounded, unknown apart from known: a flood of wrong keys drives out no right one', (t) => {
  const { memory, fill } = subjectAt({ maxKnown: 2, maxUnknown: 3 })
  fill(recordOf())
  for (let i = 0; i < 100; i++) fill(undefined, digestOf(`wrong ${i}`))
  t.same(memory.size(), { known: 1, unknown: 3 })
  t.ok(memory.get(digest))
  t.end()
})

t.test(
  'an entry in use is offered again before the copies of it run out, and only while it is vouched for',
  (t) => {
    const offered: number[] = []
    const clock = { nowMs: 0, confirmedAtMs: 0 }
    const changes = createChanges()
    changes.restart('e', 7)
    const memory = createMemoryTier({
      known: createKnownEntries(100),
      maxUnknown: 100,
      changes,
      confirmedAt: () => clock.confirmedAtMs,
      monotonicNow: () => clock.nowMs,
      now: () => 1_000_000 + clock.nowMs,
      staleLimitMs: () => 900,
      offer: (_digest, reading) => offered.push(reading.confirmedAtMs),
    })
    memory.fill(digest, { record: recordOf(), revision: 7, confirmedAtMs: 1_000_000 })
    const useAt = (nowMs: number, confirmedAtMs: number) => {
      Object.assign(clock, { nowMs, confirmedAtMs })
      return memory.get(digest)
    }
    t.ok(useAt(299, 290))
    t.same(offered, [])
    t.ok(useAt(301, 300))
    t.same(offered, [1_000_300], 'with the time of its last confirmation')
    t.ok(useAt(500, 500))
    t.equal(offered.length, 1)
    t.ok(useAt(602, 600))
    t.equal(offered.length, 2)
    t.end()
  },
)
