// What each operation of a document asks of its callers: as it states, else by the rule.

import type { Requirement } from '../../credentials/permission.ts'
import { allOfBoth } from './clashes.ts'
import type { Operation, Skipped } from './operations.ts'
import { permissionNames } from './permission-names.ts'
import { textByRule } from './rule.ts'

/** An operation with what is required of its callers. */
export interface ImportedRoute {
  readonly operation: Operation
  readonly requirement: Requirement
  /** Whether a route that says otherwise is changed. */
  readonly isBinding: boolean
}

export interface Required {
  readonly routes: readonly ImportedRoute[]
  /** Operations of one shape: `GET /a/{b} and GET /a/{c}`. */
  readonly joined: readonly string[]
  /** What an operation requires, one that was left out too. */
  readonly requirementOf: (operation: Operation) => Requirement
}

/** What each operation requires: as the document states, else by the rule. Of several of one shape all that each requires. */
export function withRequirements(
  operations: readonly Operation[],
  rule: string,
  skipped: readonly Skipped[] = [],
): Required {
  const others = skipped.flatMap(({ operation }) => (operation === undefined ? [] : [operation]))
  const requirementOf = createRequirementOf([...operations, ...others], rule)
  const byKey = new Map<string, ImportedRoute>()
  const joined: string[] = []
  for (const operation of operations) {
    const key = keyOf(operation)
    const known = byKey.get(key)
    const one = {
      operation,
      requirement: requirementOf(operation),
      isBinding: operation.stated?.isBinding === true,
    }
    if (known === undefined) byKey.set(key, one)
    else {
      const requirement = allOfBoth(known.requirement, one.requirement)
      byKey.set(key, { ...known, requirement, isBinding: known.isBinding || one.isBinding })
      joined.push([known.operation, operation].map(({ method, path }) => `${method} ${path}`).join(' and '))
    }
  }
  return { routes: [...byKey.values()], joined, requirementOf }
}

/** What an operation requires: as the document states, else by the rule; no two texts have one name. */
function createRequirementOf(
  operations: readonly Operation[],
  rule: string,
): (operation: Operation) => Requirement {
  const texts = operations.flatMap((operation) => {
    const stated = operation.stated?.requirement
    if (stated === undefined) return [textByRule(rule, operation)]
    return stated.kind === 'public' ? [] : stated.permissions
  })
  const nameOf = permissionNames(texts)
  return (operation) =>
    operation.stated?.requirement ?? { kind: 'all', permissions: [nameOf(textByRule(rule, operation))] }
}

/** What tells operations of a table apart: the method, and the template without the names of its parameters. */
export function keyOf({ method, shape }: Operation): string {
  return `${method} ${shape}`
}
