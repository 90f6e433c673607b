// What a look-up is to those who ask: a digest in, a record out, whichever tier had it.

import type { CredentialRecord } from '../credentials/record.ts'
import type { Reason } from '../errors/reasons.ts'

export type Tier = 'memory' | 'redis' | 'postgres'

export type Found =
  | { readonly kind: 'known'; readonly record: CredentialRecord; readonly tier: Tier }
  | { readonly kind: 'unknown'; readonly tier: Tier }
  /** The stores could not be asked; `reason` for log and metric. */
  | { readonly kind: 'unavailable'; readonly reason: Reason<'AUTH_UNAVAILABLE'> }

export interface Lookup {
  /**
   * Looks a digest (64 hex digits) up. Answers at once from memory; else a promise, which never rejects.
   * Look-ups of one digest that are under way at the same time share one answer.
   */
  find(digest: string): Found | Promise<Found>
  /** What memory alone has to say. */
  findInMemory(digest: string): Found | undefined
}
