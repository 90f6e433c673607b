// How an import keeps out of others' way: while a batch is made no other change can be, a revocation neither.

import { setTimeout as sleep } from 'node:timers/promises'
import { isHeadAwaited } from '../../../store/keys/key-import-table.ts'
import type { Queryable } from '../../../store/postgres.ts'

/** Keys in one transaction. */
export const mostAtOnce = 100
const fewestAtOnce = 5
/** For so long others may have to wait for a batch. */
const heldAimMs = 40
const longestPauseMs = 200
/** Under changes without an end an import comes forward all the same. */
const longestYieldMs = 2_000
const lookEveryMs = 20

/** How many keys to make next, where so many took `heldMs`. */
export function sizeAfter(size: number, heldMs: number): number {
  const fitting = Math.floor((size * heldAimMs) / Math.max(heldMs, 1))
  // A few are made at a time for one slow batch, and many again only by and by.
  return Math.min(mostAtOnce, 2 * Math.max(size, fewestAtOnce), Math.max(fewestAtOnce, fitting))
}

/**
 * Lets others have their turn: for as long as they were kept waiting, those who apply changes too; then all who still wait
 * for the lock, `withinMs` at most. Throws StoreUnavailableError.
 */
export async function giveWay(db: Queryable, heldMs: number, withinMs = longestYieldMs): Promise<void> {
  await sleep(Math.min(heldMs, longestPauseMs))
  const endsAt = performance.now() + withinMs
  while (performance.now() < endsAt && (await isHeadAwaited(db))) await sleep(lookEveryMs)
}
