// Permissions that open many routes, and the rule that would make several of one: told with what would come of it here.

import type { ImportedRoute } from './required.ts'
import { permissionByRule } from './rule.ts'

export const mostRoutesOfOne = 20

/** The coarsest first. */
const finerRules = ['{resource}.{part}.{access}', '{tag}.{access}', '{resource}.{method}', '{operation}']
const mostNamed = 3

interface Split {
  readonly rule: string
  /** How many routes each of its permissions would open. */
  readonly sizes: ReadonlyMap<string, number>
  readonly largest: number
}

/** In words, of the routes that one permission opens now. */
export function finerRule(name: string, routes: readonly ImportedRoute[]): string {
  const own = routes.filter(({ requirement }) =>
    requirement.kind === 'public' ? false : requirement.permissions.includes(name),
  )
  const named = own.filter(({ operation }) => operation.stated === undefined)
  if (named.length === 0)
    return 'the document itself says so for each of them; `x-permission` at some of them says it finer'
  const splits = finerRules.map((rule) => splitBy(rule, named)).filter(({ sizes }) => sizes.size > 1)
  const best =
    splits.find(({ largest }) => largest <= mostRoutesOfOne) ??
    splits.toSorted((a, b) => a.largest - b.largest)[0]
  if (best === undefined) return 'no rule tells its routes apart; `x-permission` does'
  const { rule, sizes, largest } = best
  const names = [...sizes].toSorted((a, b) => b[1] - a[1]).map(([one]) => one)
  const more = names.length > mostNamed ? ', …' : ''
  return `with --rule "${rule}" it would be ${sizes.size}, of ${largest} at most: ${names.slice(0, mostNamed).join(', ')}${more}`
}

function splitBy(rule: string, routes: readonly ImportedRoute[]): Split {
  const sizes = new Map<string, number>()
  for (const { operation } of routes) {
    const name = permissionByRule(rule, operation)
    sizes.set(name, (sizes.get(name) ?? 0) + 1)
  }
  return { rule, sizes, largest: Math.max(0, ...sizes.values()) }
}
