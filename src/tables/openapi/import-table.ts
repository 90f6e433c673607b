// A document's operations → a permission table that is there, brought up to date. What people wrote stays: requirements that the
// document does not state itself, settings, comments, order, and routes that it does not have.

import { meets, type Requirement } from '../../credentials/permission.ts'
import { newlyPassing } from '../../config/requirement-change.ts'
import type { PermissionTable } from '../../config/table.ts'
import { createIsBetween } from './clashes.ts'
import { namesOf, textsOf } from './new-table.ts'
import { shapeOf } from './operations.ts'
import { type ImportedRoute, keyOf } from './required.ts'
import { requirementYaml, scalar, type TableText } from './table-text.ts'

export interface ImportSummary {
  readonly added: readonly string[]
  /** `route: before → after` */
  readonly changed: readonly string[]
  /** What the document asks less for than the table, and was not taken over. */
  readonly notLoosened: readonly string[]
  readonly kept: number
  /** In the table, not in the document. */
  readonly onlyInTable: readonly string[]
  readonly removed: readonly string[]
  readonly newPermissions: readonly string[]
}

interface Update {
  readonly text: TableText
  readonly table: PermissionTable
  readonly routes: readonly ImportedRoute[]
  /** Whether routes that the document does not have go. */
  readonly isPruning: boolean
  /** Whether the document may ask for less than the table. */
  readonly isLoosening: boolean
}

/** Brings a table up to date; the changes go into `text`. */
export function updateTable({ text, table, routes, isPruning, isLoosening }: Update): ImportSummary {
  const listed = table.routes.map(({ route, key }) => ({
    route,
    key,
    shape: `${route.method} ${shapeOf(route.template)}`,
  }))
  const byShape = new Map(listed.map((one) => [one.shape, one]))
  const added: string[] = []
  const changed: string[] = []
  const notLoosened: string[] = []
  for (const { operation, requirement, isBinding } of routes) {
    const known = byShape.get(keyOf(operation))
    const name = `${operation.method} ${operation.template}`
    if (known === undefined) {
      const key = `${operation.method.padEnd(methodWidth(listed))} ${operation.template}`
      text.add('routes', { key, value: requirementYaml(requirement) }, nearest(operation.template, listed))
      added.push(name)
    } else if (isBinding && !isSame(known.route.requirement, requirement)) {
      const change = `${name}: ${requirementYaml(known.route.requirement)} → ${requirementYaml(requirement)}`
      if (isWeaker(requirement, known.route.requirement) && !isLoosening) {
        notLoosened.push(change)
        continue
      }
      text.require(known.key, requirement)
      changed.push(change)
    }
  }
  const documented = new Set(routes.map(({ operation }) => keyOf(operation)))
  const isBetween = createIsBetween(table.routes.map(({ route }) => route))
  const rest = listed.filter(({ shape, route }) => !documented.has(shape) && !isBetween(route))
  if (isPruning) for (const { key } of rest) text.remove(key)
  const used = routes.filter(({ operation, requirement, isBinding }) => {
    const known = byShape.get(keyOf(operation))?.route.requirement
    return known === undefined || (isBinding && (isLoosening || !isWeaker(requirement, known)))
  })
  const names = namesOf(used.map(({ requirement }) => requirement)).filter(
    (name) => !table.permissions.has(name),
  )
  const texts = textsOf(routes)
  for (const name of names) text.add('permissions', { key: scalar(name), value: texts(name) })
  const undocumented = rest.map(({ route }) => `${route.method} ${route.template}`)
  return {
    added,
    changed,
    notLoosened,
    kept: listed.length - changed.length - (isPruning ? rest.length : 0),
    onlyInTable: isPruning ? [] : undocumented,
    removed: isPruning ? undocumented : [],
    newPermissions: names,
  }
}

function methodWidth(listed: readonly { readonly key: string }[]): number {
  return Math.max(0, ...listed.map(({ key }) => key.lastIndexOf(' ')))
}

/** The route that shares most segments: a new one goes below it. undefined: none shares more than a version. */
function nearest(
  template: string,
  listed: readonly { readonly key: string; readonly route: { readonly template: string } }[],
): string | undefined {
  const parts = shapeOf(template).split('/')
  let best: { key: string; score: number } | undefined
  for (const { key, route } of listed) {
    const others = shapeOf(route.template).split('/')
    let shared = 0
    while (shared < parts.length && parts[shared] === others[shared]) shared++
    const isVersionOnly = shared <= 1 || (shared === 2 && /^v\d/i.test(parts[1] ?? ''))
    // Of those that share as much, the one that is as long.
    const score = shared - Math.abs(parts.length - others.length) / 1000
    if (!isVersionOnly && score >= (best?.score ?? 0)) best = { key, score }
  }
  return best?.key
}

/** Whether all pass who did, and somebody else too. */
function isWeaker(after: Requirement, before: Requirement): boolean {
  return newlyPassing(before, after).length > 0 && newlyPassing(after, before).length === 0
}

/** Requirements that let the same callers pass. */
function isSame(a: Requirement, b: Requirement): boolean {
  if (a.kind === 'public' || b.kind === 'public') return a.kind === b.kind
  const smallest = (one: typeof a) =>
    one.kind === 'all' ? [one.permissions] : one.permissions.map((name) => [name])
  return (
    smallest(a).every((held) => meets(b, new Set(held))) &&
    smallest(b).every((held) => meets(a, new Set(held)))
  )
}
