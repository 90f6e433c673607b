// How far Redis itself has come. It follows the changes like a process: one record says up to which revision, of which
// epoch, every change is marked in it. Whoever publishes a change moves the record on; every process looks at it before
// each of its polls, and writes what is missing. So what Redis could not take, as it was away, full or went back to an
// older copy of itself, is repeated until it has it, whoever made it.
//
// The record tells histories apart, too: a database whose head is below it, or has another change at its revision, has
// gone back, though no process was there to see it. And it names the scope that all entries and marks stand in: where
// there is no record, or none that can be compared, another scope begins, in which nothing of before is found.

import { randomBytes } from 'node:crypto'
import type { Change } from '../store/change-table.ts'
import type { InstalledStore } from './installation.ts'
import { parseScope, type ScopeRecord } from './redis-format.ts'
import type { Seal } from './seal.ts'

/** What a poll found out about a record that was read before it. */
export type Verdict =
  /** The database has just that change. */
  | 'same'
  /** The change is not kept any more: nothing to compare. */
  | 'unknown'
  /** Of another epoch. */
  | 'other'

export interface RedisScope {
  /** The record as it stands in Redis; undefined: none that can be read. For the feed, before each poll. */
  read(): Promise<ScopeRecord | undefined>
  /** What a poll that began after the reading says of it. Contradictions are the feed's. */
  judged(record: ScopeRecord, verdict: Verdict): void
  /** Writes what Redis lacks. To be called after each poll; never rejects. */
  tend(isConfirmed: boolean): Promise<void>
  /** Where the record stands. */
  place(): string
  /** The scope that may be used; undefined: none yet. */
  current(): ScopeRecord | undefined
  /** Marks a committed change in Redis and drops what rests on it; what fails is repeated by `tend`. */
  mark(epoch: string, change: Change): void
  /** Resolves as soon as Redis has all changes up to `revision`: false; or it is known that it has not: true. */
  isBehind(revision: number, timeoutMs: number): Promise<boolean>
}

export interface RedisScopeDeps {
  readonly store: InstalledStore
  readonly seal: Seal
  readonly changes: {
    readonly applied: number
    readonly stamp: number | undefined
    readonly epoch: string | undefined
  }
  /** Committed changes after a revision, oldest first. Rejects where Postgres is away. */
  readonly changesAfter: (revision: number, limit: number) => Promise<readonly Change[]>
  readonly maxStaleLimitMs: () => number
  readonly monotonicNow: () => number
  /** Told of a record with a wrong seal. */
  readonly rejected: () => void
}

const readDeadlineMs = 100
const writeDeadlineMs = 500
const askEveryMs = 15
/** Changes that are repeated one by one; beyond them another scope begins. */
const mostRepeated = 20_000
/** Of those that Redis could not take, so many are kept for when Postgres is away as well. */
const mostKept = 10_000
const pageSize = 1_000
/** Failures in a row after which nobody waits for Redis. */
const failuresToTell = 2
/** How often a change is offered while one before it is missing. */
const turns = 20

/**
 * Marks a move, forward only, drops entries, and moves the record on if it is the next change. KEYS record, mark,
 * entries …; ARGV scope, revision, milliseconds to live, sealed record. 1: the record has come so far, or was there
 * already, as somebody else has repeated the change; 0: not in order; -1: another scope. Where Redis is full it fails
 * before it has changed anything.
 */
const moveScript = `
if redis.call('HGET', KEYS[1], 'g') ~= ARGV[1] then return -1 end
local before = redis.call('GET', KEYS[2])
if not before or tonumber(before) < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
local missing = tonumber(ARGV[2]) - tonumber(redis.call('HGET', KEYS[1], 'r'))
if missing > 1 then return 0 end
if missing == 1 then redis.call('HSET', KEYS[1], 'r', ARGV[2], 'v', ARGV[4]) end
return 1`

/** Begins another scope, if nobody else has. KEYS record; ARGV scope before, scope, revision, sealed record. */
const beginScript = `
if (redis.call('HGET', KEYS[1], 'g') or '') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'g', ARGV[2], 'r', ARGV[3], 'v', ARGV[4])
return 1`

/** No scope is known, nothing is asked. */
export function createRedisScope(deps: RedisScopeDeps): RedisScope {
  const { store, seal, changes } = deps
  const [fingerprint] = seal.fingerprints
  // Who has another cache key can neither read nor write these entries, and so has a record of its own.
  const place = () => store.at(`scope:${fingerprint}`)
  let record: ScopeRecord | undefined
  /** What the hash says, sealed or not, so that it can be replaced. */
  let named = ''
  let isDue = false
  let judgedEpoch: string | undefined
  /** In a row. */
  let failures = 0
  let tending: Promise<void> | undefined
  /** Moves under way. */
  let running = 0
  /** What was applied at the last confirmed look: Redis has had time for it. */
  let appliedBefore = -1
  /** By revision, those made here of which it is not known that Redis has them; all of one epoch. */
  const kept = new Map<number, Change>()
  let keptEpoch: string | undefined

  function take(next: ScopeRecord | undefined): void {
    record = next
    for (const revision of kept.keys()) {
      if (next !== undefined && next.epoch === keptEpoch && revision <= next.revision) kept.delete(revision)
    }
  }

  async function read(): Promise<ScopeRecord | undefined> {
    isDue = false
    const found = await store.tell((client) => client.hgetall(place()), readDeadlineMs)
    if (found === undefined) return undefined
    named = found['g'] ?? ''
    const text = found['v'] === undefined ? undefined : seal.open(place(), found['v'])
    if (found['v'] !== undefined && text === undefined) deps.rejected()
    const next = parseScope(text)
    if (next === undefined || next.id !== named || String(next.revision) !== found['r']) {
      isDue = true
      take(undefined)
      return undefined
    }
    // Without a poll to compare it with, it is believed by who has never met Postgres, and goes on being believed where
    // it has been found to be of the history that is followed.
    if (changes.epoch === undefined || (judgedEpoch === changes.epoch && next.epoch === judgedEpoch))
      take(next)
    else take(undefined)
    return next
  }

  async function begin(epoch: string): Promise<void> {
    const { applied, stamp = null } = changes
    const next = { epoch, id: randomBytes(9).toString('base64url'), base: applied, revision: applied, stamp }
    const sealed = seal.close(place(), JSON.stringify(next))
    const answer = await store.tell(
      (client) => client.eval(beginScript, 1, place(), named, next.id, next.revision, sealed),
      writeDeadlineMs,
    )
    failures = answer === undefined ? failures + 1 : 0
    if (answer !== 1 || changes.epoch !== epoch) return
    isDue = false
    named = next.id
    judgedEpoch = epoch
    take(next)
  }

  /** 1: Redis has all up to this one; 0: one before it is missing; undefined: not done. */
  async function move(scope: ScopeRecord, change: Change): Promise<0 | 1 | undefined> {
    const { revision, stamp = null } = change
    const at = (kind: 'c' | 'k' | 'm', id: string) => placeOf(store, scope, kind, id)
    const mark = change.keyId === null ? at('m', change.merchantId) : at('k', change.keyId)
    const entries = change.digests.map((digest) => at('c', digest))
    const sealed = seal.close(place(), JSON.stringify({ ...scope, revision, stamp }))
    // A mark outlives every entry that it could have to stop.
    const args = [place(), mark, ...entries, scope.id, revision, deps.maxStaleLimitMs() * 2, sealed]
    running++
    const answer = await store.tell(async (client) => {
      // A full Redis takes no marks, but lets go of entries.
      const gone = entries.length === 0 ? undefined : client.unlink(...entries)
      // Both are heard from the beginning: in a cluster one may fail long before the other.
      const moving = client.eval(moveScript, 2 + entries.length, ...args)
      const [moved] = await Promise.all([moving, Promise.allSettled([gone])])
      return moved
    }, writeDeadlineMs)
    running--
    failures = answer === undefined ? failures + 1 : 0
    if (answer === -1 && record?.id === scope.id) take(undefined)
    if (answer !== 0 && answer !== 1) return undefined
    if (answer === 1) kept.delete(revision)
    if (answer === 1 && record?.id === scope.id && record.revision < revision)
      record = { ...record, revision, stamp }
    return answer
  }

  /** Others that commit at the same time may be a moment later in Redis. */
  async function moveInTurn(scope: ScopeRecord, change: Change): Promise<void> {
    for (let left = turns; left > 0; left--) {
      const moved = await move(scope, change)
      if (moved === 1 || record?.id !== scope.id || record.revision >= change.revision) return
      // Late once is no refusal; the rest is repeated with the polls.
      if (moved === undefined && (failures >= failuresToTell || !store.isUp())) return
      await sleep(askEveryMs)
    }
  }

  function keep(epoch: string, change: Change): void {
    if (keptEpoch !== epoch) kept.clear()
    keptEpoch = epoch
    kept.set(change.revision, change)
    if (kept.size <= mostKept) return
    for (const oldest of kept.keys()) return void kept.delete(oldest)
  }

  /** Repeats what is missing in order, from Postgres where that can be asked, else what this process itself has kept. */
  async function catchUp(scope: ScopeRecord, isConfirmed: boolean): Promise<void> {
    if (!isConfirmed) {
      if (keptEpoch !== scope.epoch) return
      for (const change of [...kept.values()].toSorted((a, b) => a.revision - b.revision)) {
        if ((await move(scope, change)) === undefined) return
      }
      return
    }
    const { applied } = changes
    if (applied - scope.revision > mostRepeated) return begin(scope.epoch)
    for (let after = scope.revision; after < applied; ) {
      const page = await deps.changesAfter(after, pageSize)
      if (page[0]?.revision !== after + 1) return begin(scope.epoch)
      for (const change of page) if ((await move(scope, change)) === undefined) return
      after += page.length
    }
  }

  async function tendOnce(isConfirmed: boolean): Promise<void> {
    const { epoch } = changes
    if (isDue && isConfirmed && epoch !== undefined) return begin(epoch)
    if (isConfirmed && keptEpoch !== epoch) kept.clear()
    const hadTimeFor = appliedBefore
    if (isConfirmed) appliedBefore = changes.applied
    if (record === undefined || record.epoch !== epoch) return
    // What is under way may still arrive; but where change follows change something always is, and what one of them has
    // lost is in the way of all after it.
    const isLate = record.revision < Math.min(hadTimeFor, changes.applied)
    if (isLate || (kept.size > 0 && running === 0)) {
      await catchUp(record, isConfirmed)
    }
  }

  return {
    read,
    place,
    judged(read, verdict) {
      // Who has followed this history all along need not be shown it again.
      if (verdict === 'same' || (verdict === 'unknown' && judgedEpoch === read.epoch)) {
        judgedEpoch = read.epoch
        take(read)
      } else {
        take(undefined)
        isDue = true
      }
    },
    tend(isConfirmed) {
      tending ??= tendOnce(isConfirmed)
        // Postgres went away in between: the next poll tells.
        .catch(() => {})
        .finally(() => (tending = undefined))
      return tending
    },
    current: () => (changes.epoch === undefined || record?.epoch === changes.epoch ? record : undefined),
    mark(epoch, change) {
      keep(epoch, change)
      if (record !== undefined && record.epoch === epoch) void moveInTurn(record, change)
    },
    async isBehind(revision, timeoutMs) {
      const endsAt = deps.monotonicNow() + timeoutMs
      const has = () => record !== undefined && record.epoch === changes.epoch && record.revision >= revision
      while (!has()) {
        if (!store.isUp() || failures >= failuresToTell || deps.monotonicNow() >= endsAt) return true
        await sleep(askEveryMs)
      }
      return false
    },
  }
}

/** Whole name of an entry (`c`) or of a mark (`k`, `m`). */
export function placeOf(
  store: InstalledStore,
  scope: ScopeRecord,
  kind: 'c' | 'k' | 'm',
  id: string,
): string {
  return store.at(`${scope.id}:${kind}:${id}`)
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
