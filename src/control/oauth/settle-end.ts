// What follows on the end of access tokens: as of every change, it is spread, and the caller may wait for all instances.

import { type Change, readHead } from '../../store/change-table.ts'
import { type SettledObject, settle, type Waiter } from '../change-answer.ts'
import type { AdminDeps } from '../dependencies.ts'

/** `change`: null where no token was there to end, as of a repeat, which waits for all changes so far. Throws StoreUnavailableError. */
export async function settleEnd(
  deps: AdminDeps,
  change: Change | null,
  waiter: Waiter,
): Promise<SettledObject> {
  if (waiter.query.wait === undefined && change === null) return {}
  const revision = change?.revision ?? (await readHead(deps.db)).head
  return settle(deps, { object: { revision }, change }, waiter)
}
