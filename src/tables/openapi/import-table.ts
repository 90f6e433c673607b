// A document's operations → a permission table, new or brought up to date. What people wrote stays: requirements that the
// document does not state itself, settings, comments, order, and routes that it does not have.

import { meets, type Requirement } from '../../credentials/permission.ts'
import { printable } from '../../errors/printable.ts'
import type { PermissionTable } from '../../config/table.ts'
import { type Operation, shapeOf } from './operations.ts'
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
  readonly kept: number
  /** In the table, not in the document. */
  readonly onlyInTable: readonly string[]
  readonly removed: readonly string[]
  readonly newPermissions: readonly string[]
}

/** What each operation requires: as the document states, else by the rule. Operations of one shape once. */
export function withRequirements(operations: readonly Operation[], rule: string): ImportedRoute[] {
  const seen = new Set<string>()
  return operations.flatMap((operation) => {
    const key = keyOf(operation)
    if (seen.has(key)) return []
    seen.add(key)
    const { stated } = operation
    if (stated !== undefined)
      return [{ operation, requirement: stated.requirement, isBinding: stated.isBinding }]
    const permissions = [permissionByRule(rule, operation)]
    return [{ operation, requirement: { kind: 'all' as const, permissions }, isBinding: false }]
  })
}

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
}

/** Brings a table up to date; the changes go into `text`. */
export function updateTable({ text, table, routes, isPruning }: Update): ImportSummary {
  const listed = table.routes.map(({ route, key }) => ({
    route,
    key,
    shape: `${route.method} ${shapeOf(route.template)}`,
  }))
  const byShape = new Map(listed.map((one) => [one.shape, one]))
  const added: string[] = []
  const changed: string[] = []
  for (const { operation, requirement, isBinding } of routes) {
    const known = byShape.get(keyOf(operation))
    const name = `${operation.method} ${operation.template}`
    if (known === undefined) {
      const key = `${operation.method.padEnd(methodWidth(listed))} ${operation.template}`
      text.add('routes', { key, value: requirementYaml(requirement) }, nearest(operation.template, listed))
      added.push(name)
    } else if (isBinding && !isSame(known.route.requirement, requirement)) {
      text.require(known.key, requirement)
      changed.push(`${name}: ${requirementYaml(known.route.requirement)} → ${requirementYaml(requirement)}`)
    }
  }
  const documented = new Set(routes.map(({ operation }) => keyOf(operation)))
  const rest = listed.filter(({ shape }) => !documented.has(shape))
  if (isPruning) for (const { key } of rest) text.remove(key)
  const used = routes.filter(({ operation, isBinding }) => isBinding || !byShape.has(keyOf(operation)))
  const names = namesOf(used.map(({ requirement }) => requirement)).filter(
    (name) => !table.permissions.has(name),
  )
  const texts = textsOf(routes)
  for (const name of names) text.add('permissions', { key: scalar(name), value: texts(name) })
  const undocumented = rest.map(({ route }) => `${route.method} ${route.template}`)
  return {
    added,
    changed,
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
