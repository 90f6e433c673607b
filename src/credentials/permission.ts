// What a route asks for and what a key holds. Pure.

import { type Denial, deny } from '../errors/denial.ts'

/** What a caller must hold to use a route (contract 3). */
export type Requirement =
  | { readonly kind: 'public' }
  | { readonly kind: 'all'; readonly permissions: readonly string[] }
  | { readonly kind: 'any'; readonly permissions: readonly string[] }

/** Stands for every permission of the key's API (flint's "full access"). */
export const fullAccess = '*'

/**
 * The permissions that a key holds, sorted and without repeats, `*` expanded to the API's whole vocabulary.
 * A permission that the vocabulary no longer knows is left out: no route can ask for it.
 */
export function expandPermissions(held: readonly string[], vocabulary: readonly string[]): readonly string[] {
  const known = held.includes(fullAccess) ? vocabulary : vocabulary.filter((name) => held.includes(name))
  return [...new Set(known)].toSorted()
}

/** Whether a holder of `held` meets a requirement. */
export function meets(requirement: Requirement, held: ReadonlySet<string>): boolean {
  switch (requirement.kind) {
    case 'public':
      return true
    case 'all':
      return requirement.permissions.every((name) => held.has(name))
    case 'any':
      return requirement.permissions.some((name) => held.has(name))
  }
}

/** Refuses a holder of `held` that does not meet a requirement; tells what is required, never what is held. */
export function refuseUnmet(requirement: Requirement, held: ReadonlySet<string>): Denial | undefined {
  if (requirement.kind === 'public' || meets(requirement, held)) return undefined
  return deny('INSUFFICIENT_PERMISSIONS', 'insufficient_permissions', {
    required: requirement.permissions,
    ...(requirement.kind === 'any' && { match: 'any' }),
  })
}
