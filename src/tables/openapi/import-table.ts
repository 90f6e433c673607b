// A document's operations → a permission table that is there, brought up to date. What people wrote stays: requirements that the
// document does not state itself, settings, comments, order, and routes that it does not have.

import type { Requirement } from '../../credentials/permission.ts'
import type { PermissionTable } from '../../config/table.ts'
import { withTightened } from './between.ts'
import { createIsBetween } from './clashes.ts'
import { namesOf, textsOf } from './new-table.ts'
import { shapeOf, type Skipped } from './operations.ts'
import { type ImportedRoute, keyOf } from './required.ts'
import { withSettled } from './settled.ts'
import { requirementYaml, scalar, type TableText } from './table-text.ts'
import type { Standing } from './takers.ts'
import { type Listed, withoutLoosening, withoutPruned } from './unloosened.ts'
import { isSame, isWeaker } from './weaker.ts'

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

interface Updated extends ImportSummary {
  /** Routes for what two both match. */
  readonly between: readonly string[]
  readonly leftOut: readonly Skipped[]
}

/** Brings a table up to date; the changes go into `text`. */
export function updateTable({ text, table, routes, isPruning, isLoosening }: Update): Updated {
  const listed = listedOf({ table, routes, isLoosening })
  const byShape = new Map(listed.map((one) => [`${one.method} ${shapeOf(one.template)}`, one]))
  const [known, fresh] = [routes.filter(isListed), routes.filter((route) => !isListed(route))]
  const added = isLoosening ? { routes: fresh, notLoosened: [] } : withoutLoosening(fresh, listed, isPruning)
  const standing = added.routes.map(standingOf)
  const remaining = isPruning
    ? withoutPruned({ listed, added: standing, isLoosening })
    : { routes: listed, notLoosened: [] }
  const settled = withSettled(added.routes, tableOf(table, remaining.routes))
  for (const { operation, requirement } of settled.routes) {
    const { method, template } = operation
    const key = `${method.padEnd(methodWidth(listed))} ${template}`
    text.add('routes', { key, value: requirementYaml(requirement) }, nearest(template, remaining.routes))
  }
  const stays = new Set(remaining.routes)
  const removed = listed.filter((one) => !stays.has(one))
  for (const { key } of removed) text.remove(key)
  const changes = changesOf(known, byShape)
  const now = withTightened({ listed: remaining.routes, added: settled.routes.map(standingOf), isLoosening })
  const changed = now.filter((one) => one.after !== one.requirement)
  for (const { key, after } of changed) text.require(key, after)
  const tightened = changed.filter(({ isDocumented }) => !isDocumented)
  const used = [...settled.routes, ...changed.map(({ after }) => ({ requirement: after }))]
  const names = namesOf(used.map(({ requirement }) => requirement))
  const newPermissions = names.filter((name) => !table.permissions.has(name))
  const texts = textsOf(routes)
  for (const name of newPermissions) text.add('permissions', { key: scalar(name), value: texts(name) })
  const isBetween = createIsBetween([...remaining.routes, ...standing])
  return {
    added: settled.routes.map(({ operation }) => nameOf(operation)),
    changed: [...changes.changed, ...tightened.map((one) => changeOf(one, one.after))],
    notLoosened: [...changes.notLoosened, ...added.notLoosened, ...remaining.notLoosened],
    kept: listed.length - changed.length - removed.length,
    onlyInTable: remaining.routes.filter((one) => !one.isDocumented && !isBetween(one)).map(nameOf),
    removed: removed.map(nameOf),
    newPermissions,
    between: settled.between,
    leftOut: settled.leftOut,
  }

  function isListed({ operation }: ImportedRoute): boolean {
    return byShape.has(keyOf(operation))
  }
}

/** The table's routes with what they ask for afterwards. */
function listedOf({
  table,
  routes,
  isLoosening,
}: Pick<Update, 'table' | 'routes' | 'isLoosening'>): Listed[] {
  const byShape = new Map(routes.map((route) => [keyOf(route.operation), route]))
  return table.routes.map(({ route: { method, template, requirement }, key, isShadow }) => {
    const said = byShape.get(`${method} ${shapeOf(template)}`)
    const isTaken =
      said?.isBinding === true &&
      !isSame(requirement, said.requirement) &&
      (isLoosening || !isWeaker(said.requirement, requirement))
    const after = isTaken ? said.requirement : requirement
    return { method, template, requirement, key, after, isDocumented: said !== undefined, isShadow }
  })
}

/** In the order of the document. */
function changesOf(
  routes: readonly ImportedRoute[],
  listed: ReadonlyMap<string, Listed>,
): Pick<ImportSummary, 'changed' | 'notLoosened'> {
  const changed: string[] = []
  const notLoosened: string[] = []
  for (const { operation, requirement, isBinding } of routes) {
    const known = listed.get(keyOf(operation))
    if (known === undefined || !isBinding || isSame(known.requirement, requirement)) continue
    const list = known.after === known.requirement ? notLoosened : changed
    list.push(changeOf({ ...operation, requirement: known.requirement }, requirement))
  }
  return { changed, notLoosened }
}

/** Those of its routes that stay, as they are then. */
function tableOf({ routes }: PermissionTable, remaining: readonly Listed[]) {
  const byKey = new Map(remaining.map((one) => [one.key, one]))
  return {
    routes: routes.flatMap(({ key, route }) => {
      const one = byKey.get(key)
      return one === undefined ? [] : [{ route: { ...route, requirement: one.after } }]
    }),
  }
}

function changeOf(before: Standing, after: Requirement): string {
  return `${nameOf(before)}: ${requirementYaml(before.requirement)} → ${requirementYaml(after)}`
}

function standingOf({ operation: { method, template }, requirement }: ImportedRoute): Standing {
  return { method, template, requirement }
}

function nameOf({ method, template }: { readonly method: string; readonly template: string }): string {
  return `${method} ${template}`
}

function methodWidth(listed: readonly { readonly key: string }[]): number {
  return Math.max(0, ...listed.map(({ key }) => key.lastIndexOf(' ')))
}

/** The route that shares most segments: a new one goes below it. undefined: none shares more than a version. */
function nearest(template: string, listed: readonly Listed[]): string | undefined {
  const parts = shapeOf(template).split('/')
  let best: { key: string; score: number } | undefined
  for (const { key, template: listedTemplate } of listed) {
    const others = shapeOf(listedTemplate).split('/')
    let shared = 0
    while (shared < parts.length && parts[shared] === others[shared]) shared++
    const isVersionOnly = shared <= 1 || (shared === 2 && /^v\d/i.test(parts[1] ?? ''))
    // Of those that share as much, the one that is as long.
    const score = shared - Math.abs(parts.length - others.length) / 1000
    if (!isVersionOnly && score >= (best?.score ?? 0)) best = { key, score }
  }
  return best?.key
}
