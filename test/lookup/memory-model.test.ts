// Any interleaving of what can happen to a process's memory: the one thing that must never happen does not.

import * as fc from 'fast-check'
import t from 'tap'
import { type Changes, createChanges } from '../../src/lookup/changes.ts'
import { createDenseStore } from '../../src/lookup/dense/dense-store.ts'
import type { KnownEntry } from '../../src/lookup/entry.ts'
import { createKnownEntries, type EntryCache } from '../../src/lookup/known-entries.ts'
import type { MemoryTier } from '../../src/lookup/memory-tier.ts'
import { changeOf, type Clock, digestOf, memoryOn, recordOf, staleLimitMs, wallOf } from './subject.ts'

const keys = [0, 1, 2]

/** The database: per key, the revision from which on it is revoked or renewed; and what this process knows. */
interface World {
  head: number
  epoch: number
  readonly changedAt: number[]
  /** Per key, the last change that the process has applied or heard of, in this history. */
  readonly toldAt: number[]
  readonly clock: Clock
  readonly changes: Changes
  readonly memory: MemoryTier
}

/** A fill can be in flight for a while: it is read at one time and arrives at another. */
interface Reading {
  readonly key: number
  readonly revision: number
  readonly history: number
  readonly confirmedAtMs: number
}

const step = fc.oneof(
  fc.record({ do: fc.constant('change' as const), key: fc.constantFrom(...keys) }),
  fc.record({ do: fc.constant('hear' as const), key: fc.constantFrom(...keys) }),
  fc.record({ do: fc.constant('poll' as const), pages: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('gap' as const) }),
  fc.record({
    do: fc.constant('rewind' as const),
    by: fc.integer({ min: 0, max: 5 }),
    sameEpoch: fc.boolean(),
  }),
  fc.record({ do: fc.constant('read' as const), key: fc.constantFrom(...keys) }),
  fc.record({ do: fc.constant('arrive' as const), which: fc.nat(5) }),
  fc.record({ do: fc.constant('adopt' as const), which: fc.nat(5) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 400, 2_900, 3_100, staleLimitMs) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function newWorld(known: EntryCache<KnownEntry>): World {
  const clock = { nowMs: 10_000_000, confirmedAtMs: 10_000_000 }
  // Few moves are remembered, so that forgetting is part of the play.
  const changes = createChanges(4)
  changes.restart('0', 0)
  return {
    head: 0,
    epoch: 0,
    changedAt: keys.map(() => 0),
    toldAt: keys.map(() => 0),
    clock,
    changes,
    memory: memoryOn(changes, clock, { known, maxUnknown: 10 }),
  }
}

/** What was read of a key; its expiry only says when that was, for the check. */
function recordAt({ key, revision, confirmedAtMs }: Reading) {
  return recordOf({ keyId: `key_${key}`, merchantId: `mer_${key}`, revision, expiresAtMs: confirmedAtMs })
}

function play(world: World, steps: readonly Step[], check: () => void): void {
  const readings: Reading[] = []
  const log: { key: number; revision: number }[] = []
  const told = ({ key, revision }: { key: number; revision: number }) => {
    world.toldAt[key] = Math.max(world.toldAt[key] ?? 0, revision)
    return changeOf(revision, {
      keyId: `key_${key}`,
      merchantId: `mer_${key}`,
      digests: [digestOf(`${key}`)],
    })
  }
  const take = (which: number) => readings[readings.length === 0 ? 0 : which % readings.length]

  const acts: { [Name in Step['do']]: (step: Extract<Step, { do: Name }>) => void } = {
    change({ key }) {
      world.head++
      world.changedAt[key] = world.head
      log.push({ key, revision: world.head })
    },
    hear({ key }) {
      const last = log.findLast((entry) => entry.key === key && entry.revision > world.changes.applied)
      if (last === undefined || String(world.epoch) !== world.changes.epoch) return
      if (last.revision === world.changes.applied + 1) world.changes.apply([told(last)])
      else world.changes.hear(told(last))
    },
    poll({ pages }) {
      const { changes } = world
      if (changes.epoch !== String(world.epoch) || world.head < changes.applied) {
        changes.restart(String(world.epoch), world.head)
      }
      const news = log.filter(({ revision }) => revision > changes.applied).slice(0, pages * 2)
      changes.apply(news.map(told))
      if (changes.applied === world.head) world.clock.confirmedAtMs = world.clock.nowMs
    },
    gap() {
      if (world.changes.epoch !== String(world.epoch) || world.head < world.changes.applied) return
      world.changes.restart(String(world.epoch), world.head)
      for (const key of keys) world.toldAt[key] = world.changedAt[key] ?? 0
      world.clock.confirmedAtMs = world.clock.nowMs
    },
    rewind({ by, sameEpoch }) {
      const lost = Math.min(by, world.head)
      // In the same epoch nobody could tell a history of equal length from the old one.
      if (sameEpoch && (lost === 0 || world.head - lost >= world.changes.applied)) return
      world.head -= lost
      if (!sameEpoch) world.epoch++
      while ((log.at(-1)?.revision ?? 0) > world.head) log.pop()
      for (const key of keys) {
        world.changedAt[key] = log.findLast((entry) => entry.key === key)?.revision ?? 0
      }
      // The process hears of it with its next poll, which is at once here.
      acts.poll({ do: 'poll', pages: 1 })
      for (const key of keys) world.toldAt[key] = world.changedAt[key] ?? 0
    },
    read({ key }) {
      const { history } = world.changes
      readings.push({ key, revision: world.head, history, confirmedAtMs: wallOf(world.clock) })
    },
    arrive({ which }) {
      const reading = take(which)
      if (reading === undefined || reading.history !== world.changes.history) return
      const { key, revision, confirmedAtMs } = reading
      const record = recordAt(reading)
      if (!world.changes.isCurrent(revision, digestOf(`${key}`), record)) return
      world.memory.fill(digestOf(`${key}`), { record, revision, confirmedAtMs })
    },
    adopt({ which }) {
      const reading = take(which)
      if (reading === undefined || reading.history !== world.changes.history) return
      const { key, revision, confirmedAtMs } = reading
      // What another process has confirmed extends nothing here.
      const record = recordAt({ ...reading, confirmedAtMs: 0 })
      world.memory.adopt(digestOf(`${key}`), { record, revision, confirmedAtMs })
    },
    wait({ ms }) {
      world.clock.nowMs += ms
    },
  }
  for (const one of steps) {
    // One entry of the table fits each step by its name.
    ;(acts[one.do] as (step: Step) => void)(one)
    check()
  }
}

function faultIn({ memory, toldAt, clock }: World, key: number): string | undefined {
  const found = memory.get(digestOf(`${key}`))
  if (found?.kind !== 'known') return undefined
  const { record } = found
  if (record.revision < (toldAt[key] ?? 0)) return `key ${key} is out of date`
  const confirmedAtMs = Math.max(record.expiresAtMs ?? 0, clock.confirmedAtMs + wallOf(clock) - clock.nowMs)
  return wallOf(clock) - confirmedAtMs > staleLimitMs ? `key ${key} is stale` : undefined
}

const caches = {
  objects: () => createKnownEntries(10),
  // Each look-up of another key makes an object of a row.
  rows: () => createDenseStore(10, 1),
}

for (const [kind, cacheOf] of Object.entries(caches)) {
  t.test(
    `never a positive answer for a record whose change this process has applied or heard, or beyond the stale limit (${kind})`,
    (t) => {
      let answers = 0
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
          const world = newWorld(cacheOf())
          play(world, steps, () => {
            for (const key of keys) {
              const fault = faultIn(world, key)
              if (fault !== undefined) throw new Error(fault)
            }
            answers += world.memory.size().known
          })
        }),
        { numRuns: 2_000 },
      )
      t.ok(answers > 1_000, 'the memory did answer')
      t.end()
    },
  )
}
