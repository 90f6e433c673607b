// Two tables → every decision that differs: who could not and now can, who could and now cannot. A request is a host, a
// method, a path and a key (its API, its environment, what it holds) or none.

import type { Api, HostMatch, Route, RouteMatch, Table } from '../../config/compiled.ts'
import { type Escapes, namesOf } from '../../config/request/escapes.ts'
import { methods } from '../../config/template.ts'
import { type Change, remember, type Side, tidy } from './change.ts'
import { type HostGroup, hostGroups, type Lane, lanesOf } from './host-groups.ts'
import { comparePreflights, corsOf } from './preflights.ts'
import { representativePaths } from './representative-paths.ts'
import { newlyPassing, type Passers } from '../../config/requirement-change.ts'

/** All differing decisions, newly opened first, then by route and permission. Throws RangeError where it is too much. */
export function compareTables(before: Table, after: Table): Change[] {
  const changes = hostGroups(before, after).flatMap((group) => compareGroup(group))
  return tidy(changes)
}

function compareGroup(group: HostGroup): Change[] {
  if (isUnchanged(group)) return []
  const before = group.before?.api
  const after = group.after?.api
  const found = new Map<string, Change>()
  const lanes = lanesOf(group)
  const paths = representativePaths({
    oldTemplates: templatesOf(before),
    newTemplates: templatesOf(after),
    escapes: namesOf(escapesIn(before) | escapesIn(after)),
    hasExact: [before, after].some((api) => api?.routes.some(({ disguises }) => disguises === 'exact')),
  })
  for (const path of paths) {
    const asked = askAll(before, after, path)
    for (const [method, [old, now]] of asked) {
      if (method === 'HEAD' && followsGet(asked, old, now)) continue
      for (const change of compareSides({ group, lanes, method, path, old, now })) remember(found, change)
    }
    for (const change of comparePreflights(group, path)) remember(found, change)
  }
  return [...found.values()]
}

/** Then there is no need to look at paths, of which a table may have too many kinds. */
function isUnchanged({ before, after }: HostGroup): boolean {
  const seen = [before, after].map((match) =>
    JSON.stringify([
      ...[match?.api.name, match?.environments.map(({ name }) => name), corsOf(match?.api)],
      match?.api.routes.map(({ method, template, requirement, disguises, escapes }) => {
        return [method, template, requirement, disguises, escapes]
      }),
    ]),
  )
  return seen[0] === seen[1]
}

function escapesIn(api: Api | undefined): Escapes {
  return (api?.routes ?? []).reduce((set, { escapes }) => set | escapes, 0)
}

function templatesOf(api: Api | undefined): string[] {
  return [...new Set(api?.routes.map(({ template }) => template))]
}

type Asked = ReadonlyMap<string, readonly [old: RouteMatch, now: RouteMatch]>

const notFound: RouteMatch = { kind: 'not_found' }

function askAll(before: Api | undefined, after: Api | undefined, path: string): Asked {
  const [old, now] = [askEach(before, path), askEach(after, path)]
  return new Map(
    methods.map((method) => [method, [old.get(method) ?? notFound, now.get(method) ?? notFound]]),
  )
}

/** Asks for one method after the other, and for none of which an earlier answer has told already. */
function askEach(api: Api | undefined, path: string): Map<string, RouteMatch> {
  const matches = new Map<string, RouteMatch>()
  for (const method of methods) {
    if (api === undefined || matches.has(method)) continue
    const match = api.matchRoute(method, path)
    if (match.kind === 'not_found') return matches
    matches.set(method, match)
    if (match.kind !== 'wrong_method') continue
    for (const other of methods) if (!match.allow.includes(other)) matches.set(other, match)
  }
  return matches
}

/** Then the change is told for GET already. */
function followsGet(asked: Asked, old: RouteMatch, now: RouteMatch): boolean {
  const [oldGet, nowGet] = asked.get('GET') ?? []
  return routeOf(old) === routeOf(oldGet) && routeOf(now) === routeOf(nowGet)
}

function routeOf(match: RouteMatch | undefined): Route | undefined {
  return match?.kind === 'found' ? match.route : undefined
}

interface Sides {
  readonly group: HostGroup
  readonly lanes: readonly Lane[]
  readonly method: string
  readonly path: string
  readonly old: RouteMatch
  readonly now: RouteMatch
}

function compareSides({ group, lanes, method, path, old, now }: Sides): Change[] {
  const shared = { method, path, hosts: group.hosts }
  const [before, after] = [routeOf(old), routeOf(now)]
  if (before === undefined && after === undefined) return []
  const sides = { before: sideOf(group.before, old), after: sideOf(group.after, now) }
  const api = (group.after ?? group.before)?.api.name ?? ''
  const open = { ...shared, ...sides, api, environments: null }
  const changes = changesOf(open, publicOnly(before), publicOnly(after))
  for (const lane of lanes) {
    const [oldLane, newLane] = [
      lane.isAdmittedBefore ? before : publicOnly(before),
      lane.isAdmittedAfter ? after : publicOnly(after),
    ]
    const keyed = {
      ...{ ...shared, api: lane.api, environments: lane.environments },
      before: oldLane === before ? sides.before : notAdmitted(group.before, lane),
      after: newLane === after ? sides.after : notAdmitted(group.after, lane),
    }
    // Who needs no key is told already.
    changes.push(...changesOf(keyed, oldLane, newLane).filter(({ permissions }) => permissions !== null))
  }
  return changes
}

function notAdmitted(host: HostMatch | undefined, lane: Lane): Side {
  if (host === undefined) return { route: undefined, refusal: 'UNKNOWN_HOST' }
  return { route: undefined, refusal: host.api.name === lane.api ? 'WRONG_ENVIRONMENT' : 'INVALID_API_KEY' }
}

function publicOnly(route: Route | undefined): Route | undefined {
  return route?.requirement.kind === 'public' ? route : undefined
}

function changesOf(
  change: Omit<Change, 'kind' | 'permissions'>,
  before: Route | undefined,
  after: Route | undefined,
): Change[] {
  const opened = newlyPassing(before?.requirement, after?.requirement)
  const closed = newlyPassing(after?.requirement, before?.requirement)
  return [
    ...listed(opened).map((permissions) => ({ ...change, kind: 'opened' as const, permissions })),
    ...listed(closed).map((permissions) => ({ ...change, kind: 'closed' as const, permissions })),
  ]
}

function listed(passers: Passers): (readonly string[] | null)[] {
  return passers === 'anyone' ? [null] : [...passers]
}

function sideOf(host: HostMatch | undefined, match: RouteMatch): Side {
  if (host === undefined) return { route: undefined, refusal: 'UNKNOWN_HOST' }
  if (match.kind === 'found') return { route: match.route, refusal: null }
  return { route: undefined, refusal: refusals[match.kind] }
}

const refusals = {
  not_found: 'ROUTE_NOT_FOUND',
  wrong_method: 'METHOD_NOT_ALLOWED',
  hidden_literal: 'INVALID_PATH',
  refused_escape: 'INVALID_PATH',
} as const
