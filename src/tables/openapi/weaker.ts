// Which of two requirements lets more callers pass.

import { newlyPassing } from '../../config/requirement-change.ts'
import { meets, type Requirement } from '../../credentials/permission.ts'

/** Whether somebody passes `after` whom `before` refuses. */
export function letsOthersPass(before: Requirement, after: Requirement): boolean {
  return newlyPassing(before, after).length > 0
}

/** Whether all pass who did, and somebody else too. */
export function isWeaker(after: Requirement, before: Requirement): boolean {
  return letsOthersPass(before, after) && !letsOthersPass(after, before)
}

/** Requirements that let the same callers pass. */
export function isSame(a: Requirement, b: Requirement): boolean {
  if (a.kind === 'public' || b.kind === 'public') return a.kind === b.kind
  const smallest = (one: typeof a) =>
    one.kind === 'all' ? [one.permissions] : one.permissions.map((name) => [name])
  return (
    smallest(a).every((held) => meets(b, new Set(held))) &&
    smallest(b).every((held) => meets(a, new Set(held)))
  )
}
