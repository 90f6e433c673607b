// The nearest tier: a bounded LRU of readings in this process. It holds what was read and decides, on each use,
// whether that may still be used: nothing is ever pushed out of it by a change, it is the use that is refused.
//
// A positive entry may be used while nothing that it rests on has moved and while its last confirmation against
// Postgres is younger than its API's stale limit. The feed confirms all entries at once: each poll that finds no
// unknown change says that everything not moved is as in the database. "Unknown" is kept for seconds only once
// the feed is cut off, since a key made meanwhile would be turned away.

import { LRUCache } from 'lru-cache'
import type { CredentialRecord } from '../credentials/record.ts'
import type { Found } from './found.ts'
import type { Changes, Reading } from './changes.ts'
import { createCompactor } from './compact.ts'
import type { Entry, KnownEntry } from './entry.ts'
import type { EntryCache } from './known-entries.ts'

export interface MemoryTier {
  /** The answer, if it is in memory and may be used now. */
  get(digest: string): Found | undefined
  /** Keeps what Postgres said, and returns the record as kept. The caller has checked that it was not overtaken. */
  fill(digest: string, reading: Reading): CredentialRecord | undefined
  /** Keeps what Redis holds, if it may be used; returns the record then. */
  adopt(digest: string, reading: CachedReading): CredentialRecord | undefined
  size(): { known: number; unknown: number }
  /** Of keys that are there, `most` of them: those in use first. */
  digests(most: number): Iterable<string>
}

export interface CachedReading extends Reading {
  readonly record: CredentialRecord
}

export interface MemoryTierDeps {
  readonly changes: Changes
  /** Milliseconds, monotonic, of the last confirmation by the feed; -Infinity: none yet. */
  readonly confirmedAt: () => number
  /** Monotonic milliseconds. */
  readonly monotonicNow: () => number
  /** Wall-clock milliseconds. */
  readonly now: () => number
  /** Stale limit of an API in milliseconds; 0 for one that is no longer configured. */
  readonly staleLimitMs: (api: string) => number
  /** Takes an entry that is in use and still right, before the copy of it that others may need has run out. */
  readonly offer?: (digest: string, reading: CachedReading) => void
  /** Where those that are there are kept. */
  readonly known: EntryCache<KnownEntry>
  readonly maxUnknown: number
}

/** How long "unknown" is believed without word from Postgres, in milliseconds. */
export const unknownFreshMs = 5_000

const never = Number.POSITIVE_INFINITY

/** How far other machines' clocks may be ahead of ours. */
const clockSkewMs = 5_000

/** Makes an empty tier. Sizes are entries (bytes of each: docs/operations.md). */
export function createMemoryTier(deps: MemoryTierDeps): MemoryTier {
  const { changes, known } = deps
  const unknown = new LRUCache<string, Entry>({ max: deps.maxUnknown })
  const compact = createCompactor()

  /** Brings an entry up to date with the feed; false: something it rests on has moved. */
  function isCurrent(digest: string, entry: Entry): boolean {
    if (entry.version === changes.version) return true
    if (entry.history !== changes.history) return false
    if (!changes.isCurrent(entry.revision, digest, entry.record)) return false
    if (changes.knowsSince(entry.revision)) entry.revision = Math.max(entry.revision, changes.applied)
    entry.version = changes.version
    return true
  }

  /** Milliseconds since the entry was last confirmed; undefined: the feed cannot tell whether it still holds. */
  function ageOf(entry: Entry, at: number): number | undefined {
    if (changes.knowsSince(entry.revision)) {
      // What Redis says that others have confirmed does not extend what this process may use: from the stale limit
      // after its own last confirmation on it no longer counts as an instance (contract 7).
      return at - (entry.isOwn ? Math.max(entry.confirmedAt, deps.confirmedAt()) : deps.confirmedAt())
    }
    // Before the first contact with Postgres there is only the word of Redis.
    return changes.applied < 0 ? at - entry.confirmedAt : undefined
  }

  function limitOf(record: CredentialRecord | undefined): number {
    if (record === undefined) return unknownFreshMs
    // Revoked is final: no outage makes it less true.
    return record.status === 'revoked' ? Number.POSITIVE_INFINITY : deps.staleLimitMs(record.api)
  }

  function use(cache: Pick<EntryCache<Entry>, 'get' | 'delete'>, digest: string): Found | undefined {
    const entry = cache.get(digest)
    if (entry === undefined) return undefined
    const at = deps.monotonicNow()
    const age = isCurrent(digest, entry) ? ageOf(entry, at) : undefined
    if (age !== undefined && age <= limitOf(entry.record)) {
      if (at >= entry.offerAt) offer(digest, entry, { at, age })
      return foundOf(entry.record)
    }
    cache.delete(digest)
    return undefined
  }

  /** A third of the limit after it was read or last offered; an entry that nobody vouches for now waits. */
  function offer(digest: string, entry: Entry, { at, age }: { at: number; age: number }): void {
    const { record, revision } = entry
    if (record === undefined || age > unknownFreshMs || !changes.knowsSince(revision)) return
    entry.offerAt = nextOffer(at, record)
    deps.offer?.(digest, { record, revision, confirmedAtMs: deps.now() - age })
  }

  /** Milliseconds; "unknown" is never offered. */
  function nextOffer(at: number, record: CredentialRecord | undefined): number {
    return record === undefined ? never : Math.floor(at + deps.staleLimitMs(record.api) / 3)
  }

  function keep(digest: string, reading: Reading, isOwn: boolean): CredentialRecord | undefined {
    const { revision } = reading
    const record = reading.record && compact(reading.record)
    // Rounded to the careful side.
    const confirmedAt = Math.floor(deps.monotonicNow() - ageOfReading(reading, deps.now()))
    const state = {
      revision,
      version: -1,
      history: changes.history,
      confirmedAt,
      offerAt: nextOffer(confirmedAt, record),
      isOwn,
    }
    if (record === undefined) {
      unknown.set(digest, { record, ...state })
      known.delete(digest)
    } else {
      known.set(digest, { record, ...state })
      unknown.delete(digest)
    }
    return record
  }

  return {
    get: (digest) => use(known, digest) ?? use(unknown, digest),
    fill: (digest, reading) => keep(digest, reading, true),
    adopt(digest, reading) {
      const record = keep(digest, reading, false)
      return use(known, digest) === undefined ? undefined : record
    },
    size: () => ({ known: known.size, unknown: unknown.size }),
    digests: (most) => firstOf(known.keys(), most),
  }
}

function foundOf(record: CredentialRecord | undefined): Found {
  return record === undefined
    ? { kind: 'unknown', tier: 'memory' }
    : { kind: 'known', record, tier: 'memory' }
}

/**
 * A reading from the future comes from a machine whose clock is ahead of ours: a little counts as fresh, more cannot
 * be told from a forgery of its age, and counts as too old for anything.
 */
function ageOfReading(reading: Reading, nowMs: number): number {
  const age = nowMs - reading.confirmedAtMs
  if (age < -clockSkewMs) return Number.POSITIVE_INFINITY
  return Math.max(0, age)
}

function* firstOf<Item>(items: Iterable<Item>, most: number): Generator<Item> {
  let left = most
  for (const item of items) {
    if (left-- <= 0) return
    yield item
  }
}
