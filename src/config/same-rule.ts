// Which routes say the same: whichever of them a request is matched by, the gateway does the same with it.

import { isDeepStrictEqual } from 'node:util'
import type { Requirement } from '../credentials/permission.ts'
import type { Route } from './compiled.ts'

/** A number for each route, the same of those that differ in method, path and place alone. */
export function ruleNumbers(routes: readonly Route[]): number[] {
  const known = new Map<string, { readonly route: Route; readonly number: number }[]>()
  let count = 0
  return routes.map((route) => {
    const required = requirementText(route.requirement)
    const alike = known.get(required)
    const same = alike?.find((one) => isSameBesides(one.route, route))
    if (same !== undefined) return same.number
    const one = { route, number: count++ }
    if (alike === undefined) known.set(required, [one])
    else alike.push(one)
    return one.number
  })
}

/** Whether the same callers may use both. */
export function asksTheSame(one: Route, other: Route): boolean {
  return one === other || requirementText(one.requirement) === requirementText(other.requirement)
}

function requirementText(requirement: Requirement): string {
  if (requirement.kind === 'public') return requirement.kind
  const { kind, permissions } = requirement
  if (permissions.length === 1) return `all ${permissions[0]}`
  const names = [...new Set(permissions)].toSorted()
  return `${names.length === 1 ? 'all' : kind} ${names.join(' ')}`
}

const compared = new Set(['method', 'template', 'source', 'requirement'])

/** All other keys, so that what routes will say one day is compared too. */
function isSameBesides(one: Route, other: Route): boolean {
  const entries = Object.entries(one).filter(([key]) => !compared.has(key))
  const others = new Map(Object.entries(other))
  return (
    entries.length === Object.keys(other).filter((key) => !compared.has(key)).length &&
    entries.every(([key, value]) => {
      const held: unknown = others.get(key)
      return Object.is(value, held) || isDeepStrictEqual(value, held)
    })
  )
}
