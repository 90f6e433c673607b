// What a document and a table do not both have. A route counts as documented where the document has its shape, whatever
// its parameters are called; an operation is served where the table has its shape, or a rest takes it.

import type { Api, CompiledConfig, Route } from '../../config/compiled.ts'
import type { Fault } from '../../config/fault.ts'
import { fillTemplate, freshValue } from '../../config/fresh-value.ts'
import { suggest } from '../../config/suggest.ts'
import { newlyPassing } from '../../config/requirement-change.ts'
import type { Requirement } from '../../credentials/permission.ts'
import { withoutLastSlash } from '../../config/trailing-slash.ts'
import { stricterParent } from './between.ts'
import { createFamilyOf } from './clashes.ts'
import type { OpenApiDocument } from './document.ts'
import {
  expandEnums,
  type Operation,
  type Operations,
  operationsOf,
  shapeOf,
  type Skipped,
} from './operations.ts'
import { requirementYaml } from './table-text.ts'
import { placed, type Standing, takersWithout } from './takers.ts'

/** The differences as faults, each at its place in the table or in the document. */
export function findDrift(api: Api, document: OpenApiDocument): Fault[] {
  const bare = api.trailingSlash === 'same' ? withoutLastSlash : (text: string) => text
  const { operations: described, skipped } = operationsOf(document)
  // A table may have a route for each value that a document lists.
  const listed = new Set(api.routes.map(({ method, template }) => `${method} ${shapeOf(template)}`))
  const operations = expandEnums(
    described,
    ({ method, shape, expansions = [] }) =>
      !listed.has(`${method} ${bare(shape)}`) &&
      expansions.some(({ template }) => listed.has(`${method} ${bare(shapeOf(template))}`)),
  ).map((one) => ({ ...one, shape: bare(one.shape) }))
  const documented = new Set<Route>()
  const shapes = new Set(operations.map(({ method, shape }) => `${method} ${shape}`))
  for (const route of api.routes)
    if (shapes.has(`${route.method} ${shapeOf(route.template)}`)) documented.add(route)
  const served = createRouteAt(api)
  const unserved = [
    ...operations.filter((one) => !serves(served, one, documented)),
    ...skipped.filter((one) => !takes(served, one, documented)),
  ]
  // What two routes both match is of no operation of its own.
  const familyOf = createFamilyOf(api.routes)
  const alone = api.routes.filter((route) => !documented.has(route))
  const families = alone.map((route) => ({ route, parents: familyOf(route).parents }))
  const undocumented = families.flatMap(({ route, parents }) => (parents.length > 0 ? [] : [route]))
  // What is on one side only was probably meant to be what is on the other side only.
  const missing = unserved.map((one) => `${one.method ?? ''} ${one.template ?? ''}`)
  const extra = undocumented.map(({ method, template }) => `${method} ${template}`)
  const placeOf = createPlaces(document)
  return [
    ...undocumented.map((route, index) => {
      const name = extra[index] ?? ''
      return faultAt(route, `\`${name}\` is not in ${document.file}`, suggest(name, missing))
    }),
    ...unserved.map((one, index) => {
      const name = 'why' in one ? one.name : (missing[index] ?? '')
      const why = 'why' in one ? ` (${one.why})` : ''
      const message = `\`${name}\` has no route in the table of \`${api.name}\`${why}`
      return fault(placeOf(one.path), message, suggest(name, extra))
    }),
    ...families.flatMap(({ route, parents }) => faultsBetween(route, parents)),
    ...takenForLess({ routeAt: served }, skipped).map(({ path, message }) =>
      fault(placeOf(path), message, undefined),
    ),
  ]
}

/** A route for what two both match lets nobody pass whom one of the two refuses. */
function faultsBetween(route: Route, parents: readonly Route[]): Fault[] {
  const strict = stricterParent(parents, route)
  if (strict === undefined) return []
  const [name, other] = [route, strict].map(({ method, template }) => `\`${method} ${template}\``)
  const asked = `it asks for ${requirementYaml(route.requirement)}, not for all of ${requirementYaml(strict.requirement)}`
  const message = `${name ?? ''} is of no operation, and takes requests of ${other ?? ''} for less: ${asked}`
  return [faultAt(route, message, undefined)]
}

/** Operations that no route is written for, and that one takes which lets others pass than the document says. */
export function takenForLess(
  { routeAt, routes = [] }: Taking,
  skipped: readonly Skipped[],
  requirementOf: (operation: Operation) => Requirement | undefined = ({ stated }) => stated?.requirement,
): { readonly path: string; readonly message: string }[] {
  const all = placed(routes)
  return skipped.flatMap(({ name, why, path, operation }) => {
    const requirement = operation && requirementOf(operation)
    if (operation === undefined || requirement === undefined) return []
    const { method, template } = operation
    const takers = [
      routeAt(method, template),
      ...placed([{ method, template, requirement }]).flatMap((own) => takersWithout(own, all)),
    ]
    const route = takers.find((one) => one && newlyPassing(requirement, one.requirement).length > 0)
    if (route === undefined) return []
    const taker = `${route.method} ${route.template}`
    const message = `\`${name}\` is left out (${why}), and \`${taker}\` takes its requests: it asks for ${requirementYaml(route.requirement)}, not ${requirementYaml(requirement)}`
    return [{ path, message }]
  })
}

interface Taking {
  readonly routeAt: RouteAt
  /** Those of the table, where what is left out may have a template that a table could have. */
  readonly routes?: readonly Standing[]
}

/** RFC 3986 §3.3, without `;`. */
const pathCharacters = /^[A-Za-z0-9._~!$&'()*+,=:@%/-]*$/

export type RouteAt = (method: string, template: string) => Route | undefined

/** The route that takes a template's requests, whatever is in its parameters. */
export function createRouteAt({ routes, matchRoute }: Pick<Api, 'routes' | 'matchRoute'>): RouteAt {
  const value = freshValue(routes.map(({ template }) => template))
  return (method, template) => {
    const path = fillTemplate(template, value)
    // No request has such a path: the gateway refuses it before it looks for a route.
    if (!pathCharacters.test(path)) return undefined
    const match = matchRoute(method, path)
    return match.kind === 'found' ? match.route : undefined
  }
}

/** The API that a document is about: by its servers' hosts, as the only one, or by most routes in common. */
export function apiOfDocument({ table }: CompiledConfig, document: OpenApiDocument): Api | undefined {
  const all = [...table.apis.values()]
  const described = operationsOf(document)
  const named = all.filter((api) =>
    api.environments.some(({ hosts }) => hosts.some((host) => described.hosts.includes(host))),
  )
  if (named.length === 1) return named[0]
  if (all.length === 1) return all[0]
  const counted = all
    .map((api) => ({ api, shared: sharedRoutes(api, described) }))
    .toSorted((a, b) => b.shared - a.shared)
  const [first, second] = counted
  return first !== undefined && first.shared > (second?.shared ?? 0) ? first.api : undefined
}

function sharedRoutes(api: Api, { operations }: Operations): number {
  const shapes = new Set(operations.map(({ method, shape }) => `${method} ${shape}`))
  return api.routes.filter(({ method, template }) => shapes.has(`${method} ${shapeOf(template)}`)).length
}

/** OpenAPI has no rest: an operation that a rest takes is served, and documents it. */
function serves(routeAt: RouteAt, operation: Operation, documented: Set<Route>): boolean {
  const route = routeAt(operation.method, operation.template)
  if (route === undefined) return false
  if (route.template.endsWith('...}')) documented.add(route)
  return shapeOf(route.template) === operation.shape || route.template.endsWith('...}')
}

/** What a table cannot say itself, such as `/files/{id}.pdf`, may be within a route that says more. */
function takes(routeAt: RouteAt, { method, template }: Skipped, documented: Set<Route>): boolean {
  const route = method === undefined || template === undefined ? undefined : routeAt(method, template)
  if (route !== undefined) documented.add(route)
  return route !== undefined
}

interface FilePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

function fault(place: FilePlace, message: string, suggestion: string | undefined): Fault {
  return { ...place, message, ...(suggestion !== undefined && { suggestion }) }
}

function faultAt({ source }: Route, message: string, suggestion: string | undefined): Fault {
  const [, file = source, line = '1', column = '1'] = /^(.*):(\d+):(\d+)$/.exec(source) ?? []
  return fault({ file, line: Number(line), column: Number(column) }, message, suggestion)
}

/** Tells where a path stands as a key, as far as the text alone tells. */
function createPlaces({ file, text }: OpenApiDocument): (path: string) => FilePlace {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (path) => {
    const forms = [`${JSON.stringify(path)}:`, `\n  ${path}:`, `'${path}':`, `${JSON.stringify(path)} :`]
    const form = forms.find((one) => text.includes(one))
    if (form === undefined) return { file, line: 1, column: 1 }
    const found = text.indexOf(form)
    const at = form.startsWith('\n') ? found + 3 : found
    const next = starts.findIndex((start) => start > at)
    const line = next === -1 ? starts.length : next
    return { file, line, column: at - (starts[line - 1] ?? 0) + 1 }
  }
}
