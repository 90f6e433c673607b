// What the cases have shown of a table. Each route asks for checks: that what it requires opens it, and that without
// it stays shut. A check counts as made where a case isolates it: a change of that one permission would change it.

import type { Api, CompiledConfig, Route } from '../../config/compiled.ts'
import type { CaseOutcome } from './run-cases.ts'

export interface Check {
  /** undefined: of the route as a whole. */
  readonly permission: string | undefined
  readonly kind: 'granted' | 'refused' | 'public'
}

export interface Gap extends Check {
  readonly api: string
  /** `METHOD /path/{template}` */
  readonly route: string
  /** `file:line:col` of the route. */
  readonly source: string
}

export interface Coverage {
  /** APIs that no case asks for. Their routes are not counted. */
  readonly untouched: readonly string[]
  readonly routes: { readonly covered: number; readonly total: number }
  readonly checks: { readonly covered: number; readonly total: number }
  readonly gaps: readonly Gap[]
}

/** Route × permission: which checks the cases have made, and which none has. */
export function coverageOf({ table }: CompiledConfig, outcomes: readonly CaseOutcome[]): Coverage {
  const byRoute = new Map<Route, CaseOutcome[]>()
  const asked = new Set<Api>()
  for (const outcome of outcomes) {
    const { host, route } = outcome.decision
    if (host !== undefined) asked.add(host.api)
    if (route !== undefined) byRoute.set(route, [...(byRoute.get(route) ?? []), outcome])
  }
  const coverage = { routes: { covered: 0, total: 0 }, checks: { covered: 0, total: 0 } }
  const gaps: Gap[] = []
  for (const api of asked) {
    for (const route of api.routes) {
      const seen = byRoute.get(route) ?? []
      const checks = checksOf(route)
      const open = checks.filter((check) => !seen.some((outcome) => makes(outcome, route, check)))
      coverage.routes.total++
      if (seen.length > 0) coverage.routes.covered++
      coverage.checks.total += checks.length
      coverage.checks.covered += checks.length - open.length
      const name = `${route.method} ${route.template}`
      gaps.push(...open.map((check) => ({ ...check, api: api.name, route: name, source: route.source })))
    }
  }
  const untouched = [...table.apis.values()].filter((api) => !asked.has(api)).map((api) => api.name)
  return { ...coverage, untouched, gaps }
}

function checksOf({ requirement }: Route): Check[] {
  if (requirement.kind === 'public') return [{ permission: undefined, kind: 'public' }]
  const granted = requirement.permissions.map((permission) => ({ permission, kind: 'granted' as const }))
  if (requirement.kind === 'any') return [...granted, { permission: undefined, kind: 'refused' }]
  return [
    ...granted,
    ...requirement.permissions.map((permission) => ({ permission, kind: 'refused' as const })),
  ]
}

function makes({ decision: { denial, held } }: CaseOutcome, { requirement }: Route, check: Check): boolean {
  if (check.kind === 'public') return denial === undefined && held === undefined
  if (requirement.kind === 'public' || held === undefined) return false
  const has = requirement.permissions.filter((name) => held.includes(name))
  if (check.kind === 'granted') {
    if (denial !== undefined) return false
    return requirement.kind === 'all' || (has.length === 1 && has[0] === check.permission)
  }
  if (denial?.code !== 'INSUFFICIENT_PERMISSIONS') return false
  if (requirement.kind === 'any') return has.length === 0
  return !has.includes(check.permission ?? '') && has.length === requirement.permissions.length - 1
}
