// What a document and a table do not both have. A route counts as documented where the document has its shape, whatever
// its parameters are called; an operation is served where the table has its shape, or a rest takes it.

import type { Api, CompiledConfig, Route } from '../../config/compiled.ts'
import type { Fault } from '../../config/fault.ts'
import { fillTemplate, freshValue } from '../../config/fresh-value.ts'
import { suggest } from '../../config/suggest.ts'
import type { OpenApiDocument } from './document.ts'
import { type Operation, type Operations, operationsOf, shapeOf, type Skipped } from './operations.ts'

/** The differences as faults, each at its place in the table or in the document. */
export function findDrift(api: Api, document: OpenApiDocument): Fault[] {
  const { operations, skipped } = operationsOf(document)
  const documented = new Set<Route>()
  const shapes = new Set(operations.map(({ method, shape }) => `${method} ${shape}`))
  for (const route of api.routes)
    if (shapes.has(`${route.method} ${shapeOf(route.template)}`)) documented.add(route)
  const unserved = [
    ...operations.filter((one) => !serves(api, one, documented)),
    ...skipped.filter((one) => !takes(api, one, documented)),
  ]
  const undocumented = api.routes.filter((route) => !documented.has(route))
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
  ]
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
function serves(api: Api, operation: Operation, documented: Set<Route>): boolean {
  const route = routeAt(api, operation.method, operation.template)
  if (route === undefined) return false
  if (route.template.endsWith('...}')) documented.add(route)
  return shapeOf(route.template) === operation.shape || route.template.endsWith('...}')
}

/** What a table cannot say itself, such as `/files/{id}.pdf`, may be within a route that says more. */
function takes(api: Api, { method, template }: Skipped, documented: Set<Route>): boolean {
  const route = method === undefined || template === undefined ? undefined : routeAt(api, method, template)
  if (route !== undefined) documented.add(route)
  return route !== undefined
}

function routeAt(api: Api, method: string, template: string): Route | undefined {
  const match = api.matchRoute(
    method,
    fillTemplate(template, freshValue(api.routes.map((route) => route.template))),
  )
  return match.kind === 'found' ? match.route : undefined
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
