// Who may pass under one requirement and not under another. A set of permissions that passes still passes when it
// grows, so the smallest sets that pass stand for all.

import { meets, type Requirement } from '../credentials/permission.ts'

/** Smallest sets of permissions; `anyone`: also without a key. */
export type Passers = 'anyone' | readonly (readonly string[])[]

/** Who is refused by `before` and passes `after`; undefined: there is no route, nobody passes. Empty: nobody. */
export function newlyPassing(before: Requirement | undefined, after: Requirement | undefined): Passers {
  if (after === undefined || before?.kind === 'public') return []
  if (after.kind === 'public') return 'anyone'
  const smallest = after.kind === 'all' ? [after.permissions] : after.permissions.map((name) => [name])
  return smallest.filter((held) => before === undefined || !meets(before, new Set(held)))
}
