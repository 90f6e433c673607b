// A case file → cases that can be run, every fault of it at its place. What names the table (permissions, routes,
// hosts) is checked against the table, so that a case cannot pass because of a typing mistake.

import { METHODS } from 'node:http'
import { catalogue, type ErrorCode } from '../../errors/catalogue.ts'
import type { Api, CompiledConfig } from '../../config/compiled.ts'
import {
  createReport,
  type Fault,
  formatPlace,
  type Place,
  type Report,
  sortFaults,
} from '../../config/fault.ts'
import { fit, type Holed } from '../../config/fit.ts'
import type { Caller } from '../../decision/question.ts'
import { type AskedFor, readUrl } from '../../decision/request/url.ts'
import { readSource } from '../../config/source.ts'
import { suggest } from '../../config/suggest.ts'
import { isGiven, type Node, parseTree, placeOfKey, placeOfValue } from '../../config/tree.ts'
import { CaseFile, CaseList } from '../../config/case-schema.ts'

export interface Expectation {
  readonly decision?: 'allow' | 'deny' | undefined
  readonly code?: ErrorCode | undefined
  /** `METHOD /path/{template}` */
  readonly route?: string | undefined
  readonly environment?: string | undefined
  readonly upstream?: string | undefined
  /** Name of the rate limit or quota that is used up. */
  readonly limit?: string | undefined
}

export interface TableCase extends AskedFor {
  /** As given, or the request and who sends it. */
  readonly name: string
  readonly method: string
  /** undefined: no key. */
  readonly caller: Caller | undefined
  /** How often it is sent at once; undefined: nothing is counted. */
  readonly times: number | undefined
  readonly expected: Expectation
  /** `file:line:col` */
  readonly source: string
}

export type CasesResult =
  | { readonly ok: true; readonly cases: readonly TableCase[] }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** Reads a file of cases for a configuration. */
export async function readCases(file: string, config: CompiledConfig): Promise<CasesResult> {
  const report = createReport()
  const read = await readSource(file)
  if (!read.ok) {
    report.fault({ file, line: 1, column: 1 }, `the file ${read.message}`)
    return { ok: false, faults: report.faults }
  }
  const tree = parseTree(read.source, {}, report)
  const cases = tree === undefined ? [] : casesOf(tree, config, report)
  return report.faults.length === 0
    ? { ok: true, cases }
    : { ok: false, faults: sortFaults(report.faults, [file]) }
}

type HoledCase = NonNullable<Holed<CaseList>[number]>

interface Reading {
  readonly tree: Node
  readonly config: CompiledConfig
  readonly report: Report
  readonly path: readonly (string | number)[]
  readonly entry: HoledCase
}

function casesOf(tree: Node, config: CompiledConfig, report: Report): TableCase[] {
  const isList = tree.kind === 'list'
  const list = isList ? fit(CaseList, tree, report) : undefined
  const file = isList ? undefined : fit(CaseFile, tree, report)
  return (list ?? file?.cases ?? []).flatMap((entry, index) => {
    if (entry === undefined) return []
    const path = isList ? [index] : ['cases', index]
    const one = caseOf({ tree, config, report, path, entry }, entry.host ?? file?.host)
    return one === undefined ? [] : [one]
  })
}

function caseOf(reading: Reading, host: string | undefined): TableCase | undefined {
  const { tree, report, path, entry } = reading
  const { request, expect, name, times } = entry
  if (request === undefined || expect === undefined) return undefined
  const asked = readRequest(reading, request, host)
  if (asked === undefined) return undefined
  const api = reading.config.table.matchHost(asked.host)?.api
  const caller = callerOf(reading, api)
  const expected = typeof expect === 'string' ? word(reading, expect) : detailed(reading, expect, api)
  if (report.faults.length > 0) return undefined
  const source = formatPlace(placeOfValue(tree, path))
  const often = times === undefined ? '' : `, ${times} times`
  return { ...asked, name: name ?? `${request} ${who(caller)}${often}`, caller, times, expected, source }
}

function readRequest(
  { tree, config, report, path }: Reading,
  request: string,
  host: string | undefined,
): (AskedFor & { method: string }) | undefined {
  const place = placeOfValue(tree, [...path, 'request'])
  const [, method = '', url = ''] = /^(\S+) +(\S+)$/.exec(request) ?? []
  if (!METHODS.includes(method)) {
    const near = suggest(method, METHODS) ?? suggest(method.toUpperCase(), METHODS)
    report.fault(
      place,
      `\`${request}\` is no request: write \`METHOD /path\` or \`METHOD https://host/path\``,
      near,
    )
    return undefined
  }
  const read = readUrl(url, /^https?:/i.test(url) ? undefined : host, config)
  if (read.ok) return { method, host: read.host, target: read.target, isSecure: read.isSecure }
  report.fault(place, read.message)
  return undefined
}

function callerOf(reading: Reading, requestApi: Api | undefined): Caller | undefined {
  const { config, path, tree, report, entry } = reading
  const who = entry.who
  if (who === undefined || who === 'none') return undefined
  const blank = { api: undefined, environment: undefined, unusable: undefined }
  if (who === 'all') return { ...blank, permissions: ['*'] }
  const at = [...path, 'who']
  if (isList(who)) return { ...blank, permissions: known(reading, { names: who, at, api: requestApi }) }
  const api = who.api === undefined ? requestApi : config.table.apis.get(who.api)
  if (who.api !== undefined && api === undefined) {
    const place = placeOfValue(tree, [...at, 'api'])
    report.fault(place, `there is no API \`${who.api}\``, suggest(who.api, config.table.apis.keys()))
  }
  if (isGiven(tree, [...at, 'permissions']) === isGiven(tree, [...at, 'all_but'])) {
    report.fault(placeOfKey(tree, at), '`who` needs one of `permissions` and `all_but`')
  }
  checkEnvironment(reading, { name: who.environment, at: [...at, 'environment'], api })
  const caller = { ...blank, api: who.api, environment: who.environment }
  const names = known(reading, { names: who.permissions ?? [], at: [...at, 'permissions'], api })
  if (who.all_but === undefined) return { ...caller, permissions: names }
  const without = known(reading, { names: who.all_but, at: [...at, 'all_but'], api })
  return {
    ...caller,
    permissions: [...(api?.permissions.keys() ?? [])].filter((name) => !without.includes(name)),
  }
}

type Names = readonly (string | undefined)[]

function isList(value: object): value is Names {
  return Array.isArray(value)
}

function known(
  { tree, report }: Reading,
  { names, at, api }: { names: Names; at: readonly (string | number)[]; api: Api | undefined },
): string[] {
  return names.flatMap((name, index) => {
    if (name === undefined) return []
    if (api !== undefined && name !== '*' && !api.permissions.has(name)) {
      const place = placeOfValue(tree, [...at, index])
      report.fault(place, `unknown permission \`${name}\``, suggest(name, api.permissions.keys()))
    }
    return [name]
  })
}

function word({ tree, report, path }: Reading, text: string): Expectation {
  if (text === 'allow' || text === 'deny') return { decision: text }
  const code = codeOf(text)
  if (code === undefined) reportCode(report, placeOfValue(tree, [...path, 'expect']), text)
  return { code }
}

function checkEnvironment(
  { tree, report }: Reading,
  { name, at, api }: { name: string | undefined; at: readonly (string | number)[]; api: Api | undefined },
): void {
  const names = api?.environments.map((environment) => environment.name)
  if (name === undefined || names === undefined || names.includes(name)) return
  report.fault(placeOfValue(tree, at), `there is no environment \`${name}\``, suggest(name, names))
}

function detailed(
  reading: Reading,
  expect: Exclude<HoledCase['expect'], string | undefined>,
  api: Api | undefined,
): Expectation {
  const { tree, config, report, path } = reading
  const at = [...path, 'expect']
  const code = expect.code === undefined ? undefined : codeOf(expect.code)
  if (expect.code !== undefined && code === undefined)
    reportCode(report, placeOfValue(tree, [...at, 'code']), expect.code)
  if (code !== undefined && expect.decision === 'allow')
    report.fault(placeOfKey(tree, [...at, 'code']), 'a request that is allowed has no code')
  const route = expect.route?.replace(/ +/, ' ')
  const routes = api?.routes.map((one) => `${one.method} ${one.template}`) ?? []
  if (route !== undefined && !routes.includes(route))
    report.fault(
      placeOfValue(tree, [...at, 'route']),
      `there is no route \`${route}\``,
      suggest(route, routes),
    )
  const { decision, environment, upstream } = expect
  checkEnvironment(reading, { name: environment, at: [...at, 'environment'], api })
  const upstreams = config.settings.upstreams
  if (upstream !== undefined && !upstreams.has(upstream)) {
    const place = placeOfValue(tree, [...at, 'upstream'])
    report.fault(place, `there is no upstream \`${upstream}\``, suggest(upstream, upstreams.keys()))
  }
  const limits = [...(api?.rateLimits ?? []), ...(api?.quotas ?? [])].map((one) => one.name)
  const { limit } = expect
  if (limit !== undefined && !limits.includes(limit)) {
    const place = placeOfValue(tree, [...at, 'limit'])
    report.fault(place, `there is no rate limit or quota \`${limit}\``, suggest(limit, limits))
  }
  if (limit !== undefined && reading.entry.times === undefined)
    report.fault(
      placeOfKey(tree, [...at, 'limit']),
      'a limit is used up where `times` says how often it is asked',
    )
  return { decision, code, route, environment, upstream, limit }
}

function codeOf(text: string): ErrorCode | undefined {
  return isCode(text) ? text : undefined
}

function isCode(text: string): text is ErrorCode {
  return Object.hasOwn(catalogue, text)
}

function reportCode(report: Report, place: Place, text: string): void {
  const near = suggest(text, ['allow', 'deny', ...Object.keys(catalogue)])
  report.fault(place, `\`${text}\` is neither allow nor deny nor the code of an error`, near)
}

function who(caller: Caller | undefined): string {
  if (caller === undefined) return 'without a key'
  const environment = caller.environment === undefined ? '' : `${caller.environment} `
  if (caller.permissions.includes('*')) return `with a ${environment}key for everything`
  if (caller.permissions.length === 0) return `with a ${environment}key for nothing`
  if (caller.permissions.length > 4)
    return `with a ${environment}key for ${caller.permissions.length} permissions`
  return `with a ${environment}key for ${caller.permissions.join(', ')}`
}
