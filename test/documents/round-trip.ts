// One document's way: import → check → test → explain → import again, and what must hold at its end.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Api, Route } from '../../src/config/compiled.ts'
import { fillTemplate, freshValue } from '../../src/config/fresh-value.ts'
import { loadConfig } from '../../src/config/load.ts'
import { newlyPassing } from '../../src/config/requirement-change.ts'
import { readDocument } from '../../src/tables/openapi/document.ts'
import { type Operation, operationsOf } from '../../src/tables/openapi/operations.ts'
import { withRequirements } from '../../src/tables/openapi/required.ts'
import { defaultRule } from '../../src/tables/openapi/rule.ts'
import { typed } from '../cli/config/typed.ts'
import { gatewayYaml } from '../config/files.ts'
import { type PlainOperation, readPlainly } from './plain-reading.ts'

export interface Trip {
  readonly operations: number
  readonly routes: number
  /** Routes for what two operations both match. */
  readonly between: number
  readonly publicRoutes: number
  /** Operations that a route lets somebody pass to whom the document refuses. */
  readonly weaker: number
  /** Why there is no table. */
  readonly noTable?: string
  /** What must not be. */
  readonly faults: readonly string[]
}

const host = 'api.flintn.com'
const none = { operations: 0, routes: 0, between: 0, publicRoutes: 0, weaker: 0 }

/** Takes a document all the way, in a folder that is gone afterwards. `meddle` changes the table before it is looked at. */
export async function roundTrip(document: string, meddle?: (table: string) => string): Promise<Trip> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-document-'))
  try {
    writeFileSync(join(folder, 'gateway.yaml'), gatewayYaml)
    const table = join(folder, 'table.yaml')
    const imported = await typed(['import-openapi', document, '--into', table])
    const plain = readPlainly(document)
    if (imported.exitCode !== 0) return withoutTable(imported.stderr, plain)
    if (meddle !== undefined) writeFileSync(table, meddle(readFileSync(table, 'utf8')))
    return await judged(document, folder, plain)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A document of public operations alone, or of none, has no table. */
function withoutTable(said: string, plain: readonly PlainOperation[]): Trip {
  const isDue = plain.every(({ isPublic }) => isPublic)
  return { ...none, noTable: said, faults: isDue ? [] : [`the import was refused: ${said}`] }
}

async function judged(document: string, folder: string, plain: readonly PlainOperation[]): Promise<Trip> {
  const [gateway, table] = [join(folder, 'gateway.yaml'), join(folder, 'table.yaml')]
  const loaded = await loadConfig(gateway, {})
  const read = await readDocument(document)
  const api = loaded.ok ? loaded.config.table.apis.get('flintn') : undefined
  if (api === undefined || !read.ok) return { ...none, faults: ['the table cannot be loaded'] }
  const { operations, skipped } = operationsOf(read.document)
  const { routes } = withRequirements(operations, defaultRule)
  const wanted = new Map(routes.map((one) => [`${one.operation.method} ${one.operation.shape}`, one]))
  const found = operations.map((operation) => {
    const want = wanted.get(`${operation.method} ${operation.shape}`)?.requirement
    return { operation, want, path: pathOf(api, operation), route: routeOf(api, operation) }
  })
  const weaker = found.filter(
    ({ want, route }) => route && (want === undefined || newlyPassing(want, route.requirement).length > 0),
  )
  const bytes = readFileSync(table)
  const check = await typed(['check', gateway, '--openapi', document])
  const faults = [
    ...skipped.map(({ name, why }) => `left out: ${name}: ${why}`),
    ...found.flatMap(({ operation, route }) =>
      route === undefined ? [`not served: ${nameOf(operation)}`] : [],
    ),
    ...weaker.map(({ operation }) => `weaker: ${nameOf(operation)}`),
    ...plain.flatMap((one) => faultsOfPlain(one, found)),
    ...(check.exitCode === 0 ? [] : [`check: ${check.stderr}`]),
    ...(await faultsOfCases(folder, found)),
  ]
  const again = await typed(['import-openapi', document, '--into', table])
  if (again.exitCode !== 0 || !readFileSync(table).equals(bytes))
    faults.push('a second import changed the table')
  const isPublic = ({ requirement }: Route) => requirement.kind === 'public'
  return {
    operations: operations.length,
    routes: api.routes.length,
    between: api.routes.length - routes.length,
    publicRoutes: api.routes.filter(isPublic).length,
    weaker: weaker.length,
    faults,
  }
}

interface Found {
  readonly operation: Operation
  readonly path: string
  readonly route: Route | undefined
}

/** The document read by itself against what the table has. */
function faultsOfPlain(plain: PlainOperation, found: readonly Found[]): string[] {
  const own = found.find(
    ({ operation }) => operation.method === plain.method && operation.path === plain.path,
  )
  const name = `${plain.method} ${plain.path}`
  if (own === undefined) return [`not read: ${name}`]
  const requirement = own.route?.requirement
  if (requirement === undefined) return []
  if (requirement.kind === 'public')
    return plain.isPublic ? [] : [`public, and not so in the document: ${name}`]
  const isLess = requirement.kind === 'all' && requirement.permissions.length < (plain.scopes ?? 0)
  return isLess ? [`asks for fewer permissions than the document has scopes: ${name}`] : []
}

interface Case {
  readonly request: string
  readonly who: 'none' | readonly string[] | { readonly all_but: readonly string[] }
  readonly expect: 'allow' | 'deny'
}

/** What the rule or the document asks for opens each operation, and all but that does not; the same by `explain` for the first. */
async function faultsOfCases(folder: string, found: readonly Found[]): Promise<string[]> {
  const [gateway, file] = [join(folder, 'gateway.yaml'), join(folder, 'cases.yaml')]
  const cases = found.flatMap(({ operation, path, route }): Case[] => {
    if (route === undefined) return []
    const request = `${operation.method} ${path}`
    const { requirement } = route
    if (requirement.kind === 'public') return [{ request, who: 'none', expect: 'allow' }]
    const { kind, permissions } = requirement
    return [
      { request, who: kind === 'any' ? permissions.slice(0, 1) : permissions, expect: 'allow' },
      { request, who: { all_but: permissions }, expect: 'deny' },
    ]
  })
  writeFileSync(file, JSON.stringify({ host, cases }))
  const tested = await typed(['test', gateway, file])
  const faults = tested.exitCode === 0 ? [] : [`test: ${tested.stdout}${tested.stderr}`]
  const first = cases.find(({ who }) => who !== 'none')
  if (first === undefined) return faults
  const held = first.who instanceof Array ? first.who.join(',') : ''
  const words = [...first.request.split(' '), '--host', host, '--permissions', held]
  const explained = await typed(['explain', gateway, ...words, '--json'])
  const isAllowed = /"decision": "allow"/.test(explained.stdout)
  return isAllowed ? faults : [...faults, `explain: ${first.request} is refused: ${explained.stderr}`]
}

function pathOf({ routes }: Api, { template }: Operation): string {
  return fillTemplate(template, freshValue(routes.map((route) => route.template)))
}

function routeOf(api: Api, operation: Operation): Route | undefined {
  const match = api.matchRoute(operation.method, pathOf(api, operation))
  return match.kind === 'found' ? match.route : undefined
}

function nameOf({ method, template }: Operation): string {
  return `${method} ${template}`
}
