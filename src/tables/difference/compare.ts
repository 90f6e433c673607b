// Two tables → every decision that differs: who could not and now can, who could and now cannot. A request is a host, a
// method, a path and a key (its API, its environment, what it holds) or none.
//
// The stages themselves are asked (decision/decide.ts), of each kind of request once: paths that both tables match alike,
// and keys that hold the least that opens a route.

import type { Api, Route, RouteMatch, Table } from '../../config/compiled.ts'
import { hostValueOf } from '../../config/hosts.ts'
import { type Escapes, namesOf } from '../../config/request/escapes.ts'
import { leastThatMeets } from '../../config/requirement-change.ts'
import { methods } from '../../config/template.ts'
import { createTableDecide, type Decide, type Decision } from '../../decision/decide.ts'
import { type Change, remember, type Side, tidy } from './change.ts'
import { type HostGroup, hostGroups, type Lane, lanesOf } from './host-groups.ts'
import { createKinds } from './path-kind.ts'
import { comparePreflights, corsOf } from './preflights.ts'
import { representativePaths } from './representative-paths.ts'

/** Who is asked: both tables. */
export interface Deciders {
  readonly before: Decide
  readonly after: Decide
}

/**
 * All differing decisions, newly opened first, then by route and permission; `looked` is told how many paths of a host have
 * been looked at, and of how many. Throws RangeError where it is too much.
 */
export function compareTables(before: Table, after: Table, looked: Looked = () => {}): Change[] {
  const deciders = { before: createTableDecide(before), after: createTableDecide(after) }
  const tools = { deciders, kindOf: createKinds(before, after), looked }
  const changes = hostGroups(before, after).flatMap((group) => compareGroup(group, tools))
  return tidy(changes)
}

type Looked = (done: number, of: number) => void

interface Tools {
  readonly deciders: Deciders
  readonly kindOf: (path: string, matches: Iterable<readonly RouteMatch[]>) => string
  readonly looked: Looked
}

function compareGroup(group: HostGroup, { deciders, kindOf, looked }: Tools): Change[] {
  if (isUnchanged(group)) return []
  const found = new Map<string, Change>()
  const known = new Map<string, readonly Change[]>()
  const lanes = lanesOf(group)
  const paths = pathsOf(group)
  for (const [done, path] of paths.entries()) {
    looked(done, paths.length)
    const asked = askAll(group, path)
    const kind = kindOf(path, asked.values())
    const changes = known.get(kind) ?? changesOn({ group, lanes, deciders, path }, asked)
    known.set(kind, changes)
    for (const change of changes) remember(found, { ...change, path })
  }
  return [...found.values()]
}

function pathsOf({ before, after }: HostGroup): string[] {
  const apis = [before?.api, after?.api]
  return representativePaths({
    oldTemplates: templatesOf(before?.api),
    newTemplates: templatesOf(after?.api),
    escapes: namesOf(escapesIn(before?.api) | escapesIn(after?.api)),
    hasExact: apis.some((api) => api?.routes.some(({ disguises }) => disguises === 'exact')),
  })
}

/** Of an API, its environments and its routes: what no decision on a request looks at. */
const undeciding = new Set([
  'source',
  'timeoutMs',
  'maxResponseBytes',
  'responseIdleMs',
  'upstream',
  'hosts',
  'staleLimitMs',
  'forwardAuthorization',
  // limits.ts compares these.
  'rateLimits',
  'quotas',
  'brakes',
])

/** Then there is no need to look at paths, of which a table may have too many kinds. */
function isUnchanged({ before, after }: HostGroup): boolean {
  const [old, now] = [before, after].map((match) =>
    JSON.stringify(
      match && { ...match, api: { ...match.api, cors: corsOf(match.api) } },
      (name, value: unknown) => (undeciding.has(name) ? undefined : value),
    ),
  )
  return old === now
}

function escapesIn(api: Api | undefined): Escapes {
  return (api?.routes ?? []).reduce((set, { escapes }) => set | escapes, 0)
}

function templatesOf(api: Api | undefined): string[] {
  return [...new Set(api?.routes.map(({ template }) => template))]
}

type Asked = ReadonlyMap<string, readonly [old: RouteMatch, now: RouteMatch]>

const notFound: RouteMatch = { kind: 'not_found' }

function askAll({ before, after }: HostGroup, path: string): Asked {
  const [old, now] = [askEach(before?.api, path), askEach(after?.api, path)]
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

interface Place {
  readonly group: HostGroup
  readonly lanes: readonly Lane[]
  readonly deciders: Deciders
  readonly path: string
}

function changesOn(place: Place, asked: Asked): Change[] {
  const { group, deciders, path } = place
  const changes = comparePreflights(group, deciders, path)
  for (const [method, [old, now]] of asked) {
    if (method === 'HEAD' && followsGet(asked, old, now)) continue
    const [before, after] = [routeOf(old), routeOf(now)]
    // Without a route nobody passes.
    if (before !== undefined || after !== undefined)
      changes.push(...changesOf(place, method, { before, after }))
  }
  return changes
}

/** Then the change is told for GET already. */
function followsGet(asked: Asked, old: RouteMatch, now: RouteMatch): boolean {
  const [oldGet, nowGet] = asked.get('GET') ?? []
  return routeOf(old) === routeOf(oldGet) && routeOf(now) === routeOf(nowGet)
}

function routeOf(match: RouteMatch | undefined): Route | undefined {
  return match?.kind === 'found' ? match.route : undefined
}

interface Routes {
  readonly before: Route | undefined
  readonly after: Route | undefined
}

function changesOf({ group, lanes, deciders, path }: Place, method: string, routes: Routes): Change[] {
  const [host = ''] = group.hosts
  const request = { method, target: path, host: hostValueOf(host), isSecure: true, preflightFor: undefined }
  const shared = { method, path, hosts: group.hosts }
  const ask = (lane: Lane | undefined, permissions: readonly string[] | null): Answers => {
    const caller =
      lane === undefined || permissions === null
        ? undefined
        : { api: lane.api, environment: lane.environments[0], permissions, unusable: undefined }
    return { before: deciders.before({ ...request, caller }), after: deciders.after({ ...request, caller }) }
  }
  const open = ask(undefined, null)
  const api = (group.after ?? group.before)?.api.name ?? ''
  const changes = changeOf(open, { ...shared, api, environments: null, permissions: null })
  for (const lane of lanes) {
    const { api: name, environments } = lane
    for (const permissions of leastOf(routes)) {
      const answers = ask(lane, permissions)
      // Who needs no key is told already.
      for (const change of changeOf(answers, { ...shared, api: name, environments, permissions }))
        if (open[change.kind === 'opened' ? 'after' : 'before'].denial !== undefined) changes.push(change)
    }
  }
  return changes
}

/** What keys have to hold, each as little as opens one of the routes. */
function leastOf({ before, after }: Routes): (readonly string[])[] {
  const all = [after, before].flatMap((route) => leastThatMeets(route?.requirement))
  return [...new Map(all.map((permissions) => [permissions.join(), permissions])).values()]
}

interface Answers {
  readonly before: Decision
  readonly after: Decision
}

function changeOf({ before, after }: Answers, asked: Omit<Change, 'kind' | 'before' | 'after'>): Change[] {
  const [could, can] = [before.denial === undefined, after.denial === undefined]
  if (could === can) return []
  return [{ ...asked, kind: can ? 'opened' : 'closed', before: sideOf(before), after: sideOf(after) }]
}

/** What a route requires tells why it refuses; all else is told by its code. */
function sideOf({ denial, route }: Decision): Side {
  const isOfRoute = denial === undefined || ofRequirement.has(denial.code)
  return isOfRoute ? { route, refusal: null } : { route: undefined, refusal: denial.code }
}

const ofRequirement: ReadonlySet<string> = new Set(['MISSING_API_KEY', 'INSUFFICIENT_PERMISSIONS'])
