// Where two operations match one request and neither is more specific: a route for what both match, or one is left out.

import type { Route } from '../../config/compiled.ts'
import { allOfBoth, type Claim, settle } from './clashes.ts'
import { shapeOf, type Skipped } from './operations.ts'
import { type ImportedRoute, keyOf } from './required.ts'
import { requirementYaml } from './table-text.ts'
import { losersTo, type Placed, placed } from './takers.ts'
import { letsOthersPass } from './weaker.ts'

/** With routes for what two of them both match, and without those that cannot be told apart from another. */
export function withSettled(
  routes: readonly ImportedRoute[],
  table: { readonly routes: readonly { readonly route: Route }[] } | undefined,
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
  const claims = [...listed, ...origins.keys()]
  const { between: made, leftOut } = settle(claims)
  const others = placed(claims)
  const between = made.map(({ route, of }) => ({ of, route: withLosers(route, others) }))
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

/** It asks for what those ask for, too, whose requests it takes though their method is another: HEAD is answered by what there is for GET. */
function withLosers(route: Claim, others: readonly Placed[]): Claim {
  const [own] = placed([route])
  const losers = own === undefined ? [] : losersTo(own, others)
  const strict = losers.filter((one) => letsOthersPass(one.requirement, route.requirement))
  return {
    ...route,
    requirement: strict.reduce((all, one) => allOfBoth(all, one.requirement), route.requirement),
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
