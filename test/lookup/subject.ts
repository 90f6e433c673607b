// What the tests of the look-up begin with: digests, records, changes, a clock that only the test moves.

import { hash } from 'node:crypto'
import type { CredentialRecord } from '../../src/credentials/record.ts'
import type { Changes } from '../../src/lookup/changes.ts'
import type { KnownEntry } from '../../src/lookup/entry.ts'
import { createKnownEntries, type EntryCache } from '../../src/lookup/known-entries.ts'
import { createMemoryTier, type MemoryTier } from '../../src/lookup/memory-tier.ts'
import { createPostgresTier, type PostgresTier } from '../../src/lookup/postgres-tier.ts'
import type { Change } from '../../src/store/change-table.ts'
import type { Postgres } from '../../src/store/postgres.ts'
import { createLog, type Logger } from '../../src/telemetry/log.ts'

export const staleLimitMs = 15 * 60_000

export function digestOf(text: string): string {
  return hash('sha256', text, 'hex')
}

/** An active key `key_a` of merchant `mer_a`, but for what is said. */
export function recordOf(of: Partial<CredentialRecord> = {}): CredentialRecord {
  return {
    kind: 'api_key',
    keyId: 'key_a',
    secretId: 'sec_a',
    merchantId: 'mer_a',
    api: 'flintn',
    environment: 'live',
    status: 'active',
    merchantStatus: 'active',
    permissions: ['transaction.read'],
    expiresAtMs: null,
    secretExpiresAtMs: null,
    limits: null,
    token: null,
    revision: 1,
    ...of,
  }
}

/** A change of `key_a` of merchant `mer_a`, but for what is said. */
export function changeOf(revision: number, of: Partial<Change> = {}): Change {
  return { revision, keyId: 'key_a', merchantId: 'mer_a', digests: [], ...of }
}

/** A process's two clocks, and when its feed last confirmed. */
export interface Clock {
  nowMs: number
  confirmedAtMs: number
}

interface Kept {
  readonly known?: EntryCache<KnownEntry>
  readonly maxUnknown?: number
}

/** A memory tier on `clock`; the wall clock is a million seconds ahead of the monotonic one. */
export function memoryOn(
  changes: Changes,
  clock: Clock,
  { known = createKnownEntries(100), maxUnknown = 100 }: Kept = {},
): MemoryTier {
  return createMemoryTier({
    changes,
    confirmedAt: () => clock.confirmedAtMs,
    monotonicNow: () => clock.nowMs,
    now: () => wallOf(clock),
    staleLimitMs: (api) => (api === 'flintn' ? staleLimitMs : 0),
    known,
    maxUnknown,
  })
}

/** A tier whose feed has just confirmed, but for what is said. */
export function postgresTierOn(
  db: Postgres,
  of: { now?: () => number; isAway?: () => boolean; confirmedAt?: () => number } = {},
): PostgresTier {
  return createPostgresTier({
    db,
    now: of.now ?? Date.now,
    monotonicNow: () => performance.now(),
    feed: {
      isAway: of.isAway ?? (() => false),
      confirmedAt: of.confirmedAt ?? (() => Number.POSITIVE_INFINITY),
    },
  })
}

export function wallOf(clock: Clock): number {
  return clock.nowMs + 1_000_000_000
}

export const silentLog: Logger = createLog({ level: 'silent', stream: { write() {} } }).logger
