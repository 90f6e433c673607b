// Who may pass under one requirement and not under another. A set of permissions that passes still passes when it
// grows, so the smallest sets that pass stand for all.

import { meets, type Requirement } from '../credentials/permission.ts'

/** Smallest sets of permissions; `anyone`: also without a key. */
export type Passers = 'anyone' | readonly (readonly string[])[]

/** Who is refused by `before` and passes `after`; undefined: there is no route, nobody passes. Empty: nobody. */
export function newlyPassing(before: Requirement | undefined, after: Requirement | undefined): Passers {
  if (after === undefined || before?.kind === 'public') return []
  if (after.kind === 'public') return 'anyone'
  return leastThatMeets(after).filter((held) => before === undefined || !meets(before, new Set(held)))
}

/** The smallest sets of permissions that meet a requirement; none where no key is asked for, or there is no route. */
export function leastThatMeets(requirement: Requirement | undefined): (readonly string[])[] {
  if (requirement === undefined || requirement.kind === 'public') return []
  const { kind, permissions } = requirement
  return kind === 'all' ? [permissions] : permissions.map((name) => [name])
}
