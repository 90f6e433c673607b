// Tables of a line a route, for the tests of their comparison.

import type { Api, ApiEnvironment, Route, Table } from '../../../src/config/compiled.ts'
import type { Change } from '../../../src/tables/difference/change.ts'
import { compareTables } from '../../../src/tables/difference/compare.ts'
import { createHostMatcher } from '../../../src/config/hosts.ts'
import { createRouteMatcher } from '../../../src/config/matcher.ts'
import { findOverlaps } from '../../../src/config/overlaps.ts'
import { type EscapeName, escapesOf } from '../../../src/config/request/escapes.ts'
import { ruleNumbers } from '../../../src/config/same-rule.ts'
import { parseTemplate, type Segment } from '../../../src/config/template.ts'
import { withoutLastSlash } from '../../../src/config/trailing-slash.ts'
import type { Requirement } from '../../../src/credentials/permission.ts'

export interface Line {
  readonly method: string
  readonly template: string
  readonly requirement: Requirement
  readonly disguises?: 'strict' | 'exact'
  readonly escapes?: readonly EscapeName[]
}

export function apiOf(lines: readonly Line[], change: Partial<Api> = {}): Api {
  const routes = lines.map(({ method, template, requirement, disguises = 'strict', escapes = [] }) => {
    const parsed = parseTemplate(template)
    if (!parsed.ok) throw new Error(parsed.message)
    const source = `${method} ${template} ${JSON.stringify(requirement)} ${disguises} ${escapes.join('+')}`
    const route: Route = {
      method,
      template,
      requirement,
      timeoutMs: null,
      maxBodyBytes: null,
      maxResponseBytes: null,
      responseIdleMs: null,
      rateLimits: [],
      upstream: null,
      disguises,
      escapes: escapesOf(escapes),
      source,
    }
    return { method, route, segments: parsed.segments }
  })
  const accepted = acceptedOf(routes)
  const environment = (name: 'live' | 'sandbox', host: string): ApiEnvironment => ({
    ...{ name, hosts: [host], prefix: name, upstream: name },
  })
  return {
    name: 'api',
    credential: { header: 'X-Api-Key', bearer: false, fields: ['X-Api-Key'], fieldList: 'X-Api-Key' },
    environments: [environment('live', 'live.example'), environment('sandbox', 'sandbox.example')],
    permissions: new Map(['p', 'q', 'r'].map((name) => [name, name])),
    staleLimitMs: 1,
    legacyKeys: false,
    oauth: null,
    jwt: null,
    resourceMetadata: null,
    cors: 'off',
    forwardAuthorization: false,
    timeoutMs: null,
    trailingSlash: 'strict',
    docs: null,
    stripPrefix: '',
    rateLimits: [],
    quotas: [],
    brakes: [],
    routes: accepted.map(({ route }) => route),
    matchRoute: createRouteMatcher(accepted),
    ...change,
  }
}

/** The same routes for an API to which a last slash means nothing. */
export function sameSlashApiOf(lines: readonly Line[]): Api {
  const bare = lines.map((one) => ({ ...one, template: withoutLastSlash(one.template) }))
  const byName = new Map(bare.map((one) => [`${one.method} ${one.template}`, one]))
  const api = apiOf([...byName.values()], { trailingSlash: 'same' })
  return { ...api, matchRoute: (method, path) => api.matchRoute(method, withoutLastSlash(path)) }
}

export function acceptedOf<
  R extends { readonly method: string; readonly route: Route; readonly segments: readonly Segment[] },
>(routes: readonly R[]): (R & { readonly rule: number })[] {
  const numbers = ruleNumbers(routes.map(({ route }) => route))
  let accepted = routes.map((route, index) => ({ ...route, rule: numbers[index] ?? -1 }))
  for (let clashes = findOverlaps(accepted); clashes.length > 0; clashes = findOverlaps(accepted)) {
    const clashing = new Set(clashes.map(([later]) => later))
    accepted = accepted.filter((route) => !clashing.has(route))
  }
  return accepted
}

export function tableOf(...apis: Api[]): Table {
  const byName = new Map(apis.map((api) => [api.name, api]))
  const escapes = apis.flatMap(({ routes }) => routes).reduce((set, route) => set | route.escapes, 0)
  const shared = {
    sha256: '',
    plans: new Set<string>(),
    prefixes: [],
    maxStaleLimitMs: 1,
    merchantStaleLimitMs: 1,
    escapes,
  }
  return { ...shared, apis: byName, matchHost: createHostMatcher(apis) }
}

export function line(text: string): Line {
  const [head = '', required = ''] = text.split(': ')
  const [method = '', template = ''] = head.split(' ')
  if (required === 'public') return { method, template, requirement: { kind: 'public' } }
  const kind = required.includes('|') ? 'any' : 'all'
  return { method, template, requirement: { kind, permissions: required.split(/[|&]/) } }
}

export function compare(before: readonly string[], after: readonly string[]): Change[] {
  return compareTables(tableOf(apiOf(before.map(line))), tableOf(apiOf(after.map(line))))
}

export function show(changes: readonly Change[]): string[] {
  return changes.map(({ kind, method, path, permissions }) => {
    return `${kind} ${method} ${path} ${permissions === null ? 'anyone' : permissions.join('&')}`
  })
}
