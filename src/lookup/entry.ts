// What a process's memory keeps of one digest: what was read, and what says whether that may still be used.

import type { CredentialRecord } from '../credentials/record.ts'

export interface Entry {
  readonly record: CredentialRecord | undefined
  /** The revision up to which it is known to be right. */
  revision: number
  /** `changes.version` when that was last checked. */
  version: number
  /** `changes.history` that the revision belongs to. */
  readonly history: number
  /** Monotonic milliseconds of its own last confirmation; whole ones, which take no memory of their own in V8. */
  readonly confirmedAt: number
  /** Monotonic milliseconds from which it is offered again; whole ones. */
  offerAt: number
  /** Whether that was this process's own question. */
  readonly isOwn: boolean
}

/** An entry of a key or token that is there. */
export interface KnownEntry extends Entry {
  readonly record: CredentialRecord
}
