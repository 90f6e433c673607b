// One permission table: its vocabulary and its routes, checked and ready to be built into an API.

import type { Requirement } from '../credentials/permission.ts'
import type { Route } from './compiled.ts'
import type { Environment } from './expand.ts'
import { formatPlace, type Place, type Report } from './fault.ts'
import { fit, type Holed } from './fit.ts'
import { limitsOf } from './route-limits.ts'
import { ruleNumbers } from './same-rule.ts'
import { PermissionFile, type RouteRule } from './permission-schema.ts'
import { compareRoutes, type TableRoute } from './route-conflicts.ts'
import { escapesOf } from './request/escapes.ts'
import type { SourceText } from './source.ts'
import { suggest } from './suggest.ts'
import { methods, parseTemplate, type Segment } from './template.ts'
import { type TrailingSlash, withoutLastSlash } from './trailing-slash.ts'
import { isGiven, type Node, parseTree, placeOfKey, placeOfValue, rawText } from './tree.ts'

export interface PermissionTable {
  readonly permissions: ReadonlyMap<string, string>
  readonly routes: readonly TableRoute[]
}

interface Checking {
  readonly tree: Node
  readonly report: Report
  readonly vocabulary: ReadonlySet<string>
  readonly trailingSlash: TrailingSlash
}

/** What is read, and how. */
export interface TableOrder {
  readonly source: SourceText
  readonly env: Environment
  /** As its API says; `strict` unless said. */
  readonly trailingSlash?: TrailingSlash
}

/** Reads one file, or undefined when its text is no usable YAML; faults go to the report. */
export function readTable(order: TableOrder, report: Report): PermissionTable | undefined {
  const tree = parseTree(order.source, order.env, report)
  return tree && compileTable(tree, report, order.trailingSlash)
}

/** Checks one file's tree. What is faulty is reported and left out, so that the rest can be checked too. */
export function compileTable(
  tree: Node,
  report: Report,
  trailingSlash: TrailingSlash = 'strict',
): PermissionTable {
  const file = fit(PermissionFile, tree, report)
  const permissions = new Map<string, string>()
  for (const [name, text] of Object.entries(file?.permissions ?? {})) permissions.set(name, text ?? '')
  const checking = { tree, report, vocabulary: new Set(permissions.keys()), trailingSlash }
  const compiled: Omit<TableRoute, 'rule'>[] = []
  for (const [key, rule] of Object.entries(file?.routes ?? {})) {
    const route = compileRoute(checking, key, rule)
    if (route) compiled.push(route)
  }
  const rules = ruleNumbers(compiled.map(({ route }) => route))
  const routes = compiled.map((route, index) => ({ ...route, rule: rules[index] ?? -1 }))
  compareRoutes(routes, report, trailingSlash)
  if (file?.permissions && file.routes) warnOfUnused(checking, file.routes)
  return { permissions, routes }
}

type Rule = Holed<PermissionFile['routes'][string]> | undefined

function compileRoute(checking: Checking, key: string, rule: Rule): Omit<TableRoute, 'rule'> | undefined {
  const { tree } = checking
  const place = placeOfKey(tree, ['routes', key])
  const head = parseHead(checking, key, place)
  const settings: Partial<Holed<RouteRule>> = typeof rule === 'object' ? rule : {}
  const requirement = rule === undefined ? undefined : compileRequirement(checking, key, rule)
  if (!head) return undefined
  const route: Route = {
    method: head.method,
    template: head.template,
    // A route with a faulty requirement still takes part in the search for overlaps; the table is refused anyway.
    requirement: requirement ?? { kind: 'all', permissions: [] },
    ...limitsOf(settings),
    upstream: upstreamOf(settings.upstream),
    // The API's to say.
    rateLimits: [],
    disguises: settings.disguises ?? 'strict',
    escapes: escapesOf((settings.escapes ?? []).filter((name) => name !== undefined)),
    source: formatPlace(place),
  }
  if (route.escapes !== 0 && head.segments.every(({ kind }) => kind === 'literal')) {
    checking.report.warn(
      placeOfKey(tree, ['routes', key, 'escapes']),
      `\`escapes\` of \`${key}\` lets nothing in: the path has no parameter`,
    )
  }
  const isShadow = settings.shadow === true
  return { method: head.method, key, segments: head.segments, route, place, isShadow }
}

function upstreamOf(upstream: Partial<Holed<RouteRule>>['upstream']): Route['upstream'] {
  if (typeof upstream !== 'object') return upstream ?? null
  const entries = Object.entries(upstream).flatMap(([environment, name]): [string, string][] =>
    name === undefined ? [] : [[environment, name]],
  )
  return entries.toSorted(([one], [other]) => (one < other ? -1 : 1))
}

interface Head {
  readonly method: string
  readonly template: string
  readonly segments: readonly Segment[]
}

function parseHead({ report, trailingSlash }: Checking, key: string, place: Place): Head | undefined {
  const [, method = '', template = ''] = /^([^ ]+) +([^ ]+)$/.exec(key) ?? []
  if (method === '') {
    report.fault(place, `\`${key}\` is no route: write \`METHOD /path/{template}\``)
    return undefined
  }
  if (!methods.some((known) => known === method)) {
    report.fault(
      place,
      `\`${method}\` is no method; known are ${methods.join(', ')}`,
      suggest(method, methods),
    )
    return undefined
  }
  const parsed = parseTemplate(template)
  if (!parsed.ok) {
    report.fault(place, parsed.message)
    return undefined
  }
  const { segments } = parsed
  if (trailingSlash === 'strict' || segments.length === 1 || !template.endsWith('/'))
    return { method, template, segments }
  return { method, template: withoutLastSlash(template), segments: segments.slice(0, -1) }
}

function compileRequirement(
  checking: Checking,
  key: string,
  rule: NonNullable<Rule>,
): Requirement | undefined {
  const path = ['routes', key]
  if (typeof rule === 'string') return single(checking, path, rule)
  const { tree, report } = checking
  const ways = requirementKeys.filter((way) => isGiven(tree, [...path, way]))
  if (ways.length !== 1) {
    const problem = ways.length === 0 ? 'no requirement' : 'more than one requirement'
    report.fault(placeOfKey(tree, path), `\`${key}\` has ${problem}: give one of permission, all_of, any_of`)
    return undefined
  }
  if (rule.permission !== undefined) return single(checking, [...path, 'permission'], rule.permission)
  const all = rule.all_of && listed(checking, [...path, 'all_of'], rule.all_of)
  if (all) return { kind: 'all', permissions: all }
  const any = rule.any_of && listed(checking, [...path, 'any_of'], rule.any_of)
  return any && { kind: 'any', permissions: any }
}

const requirementKeys = ['permission', 'all_of', 'any_of'] as const

function single(checking: Checking, path: readonly string[], name: string): Requirement {
  if (name === 'public') return { kind: 'public' }
  requireKnown(checking, path, { name, others: ['public'] })
  return { kind: 'all', permissions: [name] }
}

function listed(
  checking: Checking,
  path: readonly string[],
  names: readonly (string | undefined)[],
): readonly string[] {
  const known: string[] = []
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue
    requireKnown(checking, [...path, index], { name, others: [] })
    known.push(name)
  }
  return known
}

function requireKnown(
  checking: Checking,
  path: readonly (string | number)[],
  { name, others }: { name: string; others: readonly string[] },
): void {
  const { tree, report, vocabulary } = checking
  if (vocabulary.has(name)) return
  const place = placeOfValue(tree, path)
  report.fault(
    place,
    `unknown permission \`${rawText(tree, path)}\``,
    suggest(name, [...vocabulary, ...others]),
  )
}

/** Permissions that no route asks for: people could grant them, and would have granted nothing. */
function warnOfUnused({ tree, report, vocabulary }: Checking, rules: Readonly<Record<string, Rule>>): void {
  const used = new Set<string | undefined>()
  for (const rule of Object.values(rules)) {
    if (typeof rule === 'string') used.add(rule)
    else
      for (const name of [rule?.permission, ...(rule?.all_of ?? []), ...(rule?.any_of ?? [])]) used.add(name)
  }
  for (const name of vocabulary) {
    if (!used.has(name)) report.warn(placeOfKey(tree, ['permissions', name]), `no route asks for \`${name}\``)
  }
}
