// What this process knows of changes: which key, merchant or digest moved at which revision. Pure state, no I/O.
//
// Revisions are global, gap-free and in commit order, so "all changes up to `applied` are known" is one number. A
// cached record that was read at revision R is still right if nothing that it rests on has moved since R; below
// `knownFrom` this process cannot tell, and what it cannot tell counts as moved.

import { merchantOfDigest } from '../credentials/merchant-digest.ts'
import { type CredentialRecord, tokenSubjects } from '../credentials/record.ts'
import type { Change } from '../store/change-table.ts'

/** A record (or the lack of one) as read from Postgres at a revision. */
export interface Reading {
  readonly record: CredentialRecord | undefined
  readonly revision: number
  /** Wall clock, milliseconds: when it was asked of Postgres. */
  readonly confirmedAtMs: number
}

export interface Changes {
  /** Revision up to which every change is known; -1 before the first contact with Postgres. */
  readonly applied: number
  /** Stamp of the change at `applied`; undefined: it is not known. */
  readonly stamp: number | undefined
  /** The database's epoch; undefined before the first contact. */
  readonly epoch: string | undefined
  /** Grows with every bit of knowledge gained: while it stands still, nothing needs to be checked again. */
  readonly version: number
  /** Grows when the database turns out to have another past: revisions from before say nothing of this one. */
  readonly history: number
  /** Whether nothing that the record or digest rests on has moved since `revision`, as far as can be told. */
  isCurrent(revision: number, digest: string, record: CredentialRecord | undefined): boolean
  /** Whether this process knows of every change after `revision`. */
  knowsSince(revision: number): boolean
  /** Takes changes in order, from `applied` on or before it; those that are known already are passed over. */
  apply(changes: readonly Change[]): void
  /** Takes note of a change heard of early: what it touches is moved at once, `applied` stays. */
  hear(change: Change, ofEpoch?: string): void
  /** Takes note of the stamp of the change at `applied`, where it is not known yet. */
  pin(stamp: number): void
  /**
   * Starts over at `revision`: a gap, before which nothing can be told any more; or, by another epoch or a head below
   * what was applied, another history.
   */
  restart(epoch: string, revision: number): void
}

/** How many moves are remembered; older ones raise the floor below which nothing can be told. */
const defaultMemory = 200_000

/** An empty state: nothing is known. */
export function createChanges(memory = defaultMemory): Changes {
  // Least recently moved first. Keys: `k:` id of a key, or of a token or what it hangs on, `m:` merchant id, `d:` digest.
  const movedAt = new Map<string, number>()
  const state = { applied: -1, knownFrom: Number.POSITIVE_INFINITY, version: 0, history: 0 }
  let epoch: string | undefined
  let stamp: number | undefined
  /** Epochs of the messages heard. */
  const heardOf = new Set<string>()

  function note(name: string, revision: number): void {
    const before = movedAt.get(name)
    if (before !== undefined && before >= revision) return
    movedAt.delete(name)
    movedAt.set(name, revision)
    if (movedAt.size <= memory) return
    for (const [oldest, at] of movedAt) {
      movedAt.delete(oldest)
      state.knownFrom = Math.max(state.knownFrom, at)
      break
    }
  }

  function noteChange(change: Change): void {
    if (change.keyId === null) note(`m:${change.merchantId}`, change.revision)
    else note(`k:${change.keyId}`, change.revision)
    for (const digest of change.digests) note(`d:${digest}`, change.revision)
    state.version++
  }

  function hasMoved(name: string, since: number): boolean {
    const at = movedAt.get(name)
    return at !== undefined && at > since
  }

  /** A merchant comes into being by a change of its own id alone. */
  function isMadeSince(digest: string, since: number): boolean {
    const merchant = merchantOfDigest(digest)
    return merchant !== undefined && hasMoved(`m:${merchant}`, since)
  }

  return {
    get applied() {
      return state.applied
    },
    get stamp() {
      return stamp
    },
    get epoch() {
      return epoch
    },
    get version() {
      return state.version
    },
    get history() {
      return state.history
    },
    isCurrent(revision, digest, record) {
      if (movedAt.size === 0) return true
      if (hasMoved(`d:${digest}`, revision)) return false
      if (record === undefined) return !isMadeSince(digest, revision)
      if (hasMoved(`k:${record.keyId}`, revision) || hasMoved(`m:${record.merchantId}`, revision))
        return false
      const { token } = record
      return token === null || !tokenSubjects(token).some((id) => hasMoved(`k:${id}`, revision))
    },
    knowsSince(revision) {
      return revision >= state.knownFrom
    },
    apply(changes) {
      for (const change of changes) {
        if (change.revision <= state.applied) continue
        noteChange(change)
        state.applied = change.revision
        stamp = change.stamp
      }
    },
    hear(change, ofEpoch) {
      if (ofEpoch !== undefined) heardOf.add(ofEpoch)
      noteChange(change)
    },
    pin(next) {
      stamp ??= next
    },
    restart(nextEpoch, revision) {
      if (nextEpoch !== epoch || revision < state.applied) {
        state.history++
        // Moves of another history say nothing of this one. What was heard before the first contact counts if it was
        // of the one that is met now.
        heardOf.delete(nextEpoch)
        if (epoch !== undefined || heardOf.size > 0) movedAt.clear()
        heardOf.clear()
      }
      epoch = nextEpoch
      stamp = undefined
      state.applied = revision
      state.knownFrom = revision
      state.version++
    },
  }
}
