// A document's operations → a permission table, new or brought up to date. What people wrote stays: requirements that the
// document does not state itself, settings, comments, order, and routes that it does not have.

import { meets, type Requirement } from '../../credentials/permission.ts'
import { printable } from '../../errors/printable.ts'
import type { Route } from '../../config/compiled.ts'
import { newlyPassing } from '../../config/requirement-change.ts'
import type { PermissionTable } from '../../config/table.ts'
import { allOfBoth, type Claim, createIsBetween, settle } from './clashes.ts'
import { type Operation, shapeOf, type Skipped } from './operations.ts'
import { permissionByRule } from './rule.ts'
import { requirementYaml, scalar, type TableText } from './table-text.ts'

/** An operation with what is required of its callers. */
export interface ImportedRoute {
  readonly operation: Operation
  readonly requirement: Requirement
  /** Whether a route that says otherwise is changed. */
  readonly isBinding: boolean
}

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

export interface Required {
  readonly routes: readonly ImportedRoute[]
  /** Operations of one shape: `GET /a/{b} and GET /a/{c}`. */
  readonly joined: readonly string[]
}

/** What each operation requires: as the document states, else by the rule. Of several of one shape all that each requires. */
export function withRequirements(operations: readonly Operation[], rule: string): Required {
  const byKey = new Map<string, ImportedRoute>()
  const joined: string[] = []
  for (const operation of operations) {
    const key = keyOf(operation)
    const known = byKey.get(key)
    const one = {
      operation,
      requirement: requirementOf(operation, rule),
      isBinding: operation.stated?.isBinding === true,
    }
    if (known === undefined) byKey.set(key, one)
    else {
      const requirement = allOfBoth(known.requirement, one.requirement)
      byKey.set(key, { ...known, requirement, isBinding: known.isBinding || one.isBinding })
      joined.push([known.operation, operation].map(({ method, path }) => `${method} ${path}`).join(' and '))
    }
  }
  return { routes: [...byKey.values()], joined }
}

/** What an operation requires: as the document states, else by the rule. */
export function requirementOf(operation: Operation, rule: string): Requirement {
  return operation.stated?.requirement ?? { kind: 'all', permissions: [permissionByRule(rule, operation)] }
}

/** With routes for what two of them both match, and without those that cannot be told apart from another. */
export function withSettled(
  routes: readonly ImportedRoute[],
  table: PermissionTable | undefined,
): {
  readonly routes: readonly ImportedRoute[]
  readonly between: readonly string[]
  readonly leftOut: readonly Skipped[]
} {
  const listed = (table?.routes ?? []).map(({ route }) => ({
    method: route.method,
    template: route.template,
    shape: `${route.method} ${shapeOf(route.template)}`,
    requirement: route.requirement,
    isListed: true,
    settings: settingsOf(route),
  }))
  const shapes = new Set(listed.map(({ shape }) => shape))
  const origins = new Map<Claim, ImportedRoute>()
  for (const route of routes) {
    const { method, template } = route.operation
    if (shapes.has(keyOf(route.operation))) continue
    origins.set({ method, template, requirement: route.requirement, isListed: false, settings: '' }, route)
  }
  const { between, leftOut } = settle([...listed, ...origins.keys()])
  const lost = new Set(leftOut.map(({ claim }) => origins.get(claim)))
  return {
    routes: [
      ...routes.filter((route) => !lost.has(route)),
      ...between.map(({ route }) => routeBetween(route)),
    ],
    between: between.map(({ route, of }) => {
      const [one, other] = of.map(({ method, template }) => `${method} ${template}`)
      return `${route.method} ${route.template}: ${requirementYaml(route.requirement)} (both ${one} and ${other} match it)`
    }),
    leftOut: leftOut.flatMap(({ claim, other }) => {
      const operation = origins.get(claim)?.operation
      if (operation === undefined) return []
      const { method, template, path } = operation
      const why = `overlaps with ${other.method} ${other.template}, and no route can be written for what both match`
      return [{ name: `${method} ${template}`, why, path, method, template, operation }]
    }),
  }
}

function routeBetween({ method, template, requirement }: Claim): ImportedRoute {
  const unknown = { stated: undefined, tag: undefined, operationId: undefined }
  const operation = { method, template, shape: shapeOf(template), path: template, ...unknown }
  return { operation, requirement, isBinding: false }
}

/** What a listed route says besides its requirement, where that is not what a new one says. */
function settingsOf(route: Route): string {
  const own = Object.entries(route).filter(
    ([key, value]) =>
      !places.has(key) && value !== null && value !== undefined && value !== plainSettings.get(key),
  )
  return own.length === 0 ? '' : JSON.stringify(own)
}

const places = new Set(['method', 'template', 'source', 'requirement'])
const plainSettings = new Map<string, unknown>([
  ['disguises', 'strict'],
  ['escapes', 0],
])

/** The text of a table that was not there before. `title`: the document's. */
export function newTable(routes: readonly ImportedRoute[], title: string): string {
  const names = namesOf(routes.map(({ requirement }) => requirement))
  const texts = textsOf(routes)
  const permissions = names.map((name) => `  ${scalar(name)}: ${texts(name)}\n`)
  const keys = routes.map(({ operation: { method, template } }) => `${method.padEnd(6)} ${template}:`)
  const width = Math.min(72, Math.max(0, ...keys.map((key) => key.length)))
  let group = ''
  const lines = routes.map(({ operation, requirement }, index) => {
    const resource = permissionByRule('{resource}', operation)
    const head = resource === group ? '' : `${group === '' ? '' : '\n'}  # ${resource}\n`
    group = resource
    return `${head}  ${(keys[index] ?? '').padEnd(width)} ${requirementYaml(requirement)}\n`
  })
  const about = `# Imported from ${printable(title.replace(/\s+/g, ' '))}. What is changed here stays at the next import.\n`
  return `${about}permissions:\n${permissions.join('')}\nroutes:\n${lines.join('')}`
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

function keyOf({ method, shape }: Operation): string {
  return `${method} ${shape}`
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

function namesOf(requirements: readonly Requirement[]): string[] {
  const names = requirements.flatMap((one) => (one.kind === 'public' ? [] : one.permissions))
  return [...new Set(names)].toSorted()
}

/** What people see of a permission: the document's text, else one made of the name. */
function textsOf(routes: readonly ImportedRoute[]): (name: string) => string {
  const texts = new Map(routes.flatMap(({ operation }) => [...(operation.stated?.texts ?? [])]))
  return (name) => scalar(texts.get(name) ?? sentence(name))
}

/** `payment_links.read` → `Read payment links` */
function sentence(name: string): string {
  const [, subject = name, access = ''] = /^(.*)[.:](read|write)$/.exec(name) ?? []
  const verb = { read: 'Read', write: 'Change' }[access] ?? 'Use'
  return `${verb} ${subject.replace(/[_.:-]+/g, ' ').trim()}`
}
