// What follows on the end of access tokens: as of every change, it is spread, and the caller may wait for all instances.

import type { Change } from '../../store/change-table.ts'
import { type SettledObject, settle, type Waiter } from '../change-answer.ts'
import type { ControlDeps } from '../dependencies.ts'

/** `change`: null where no token was there to end. */
export async function settleEnd(
  deps: ControlDeps,
  change: Change | null,
  waiter: Waiter,
): Promise<SettledObject> {
  if (change === null) return waiter.query.wait === undefined ? {} : { pending: [] }
  return settle(deps, { object: { revision: change.revision }, change }, waiter)
}
