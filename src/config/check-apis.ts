// What the schema cannot say about APIs: who has a host, a prefix; where requests go is another's (check-ways.ts).

import { checkBrakes } from './check-brakes.ts'
import { checkCors } from './check-cors.ts'
import { checkPlanQuotas, checkQuotas } from './check-quotas.ts'
import { checkPlans, checkRateLimits } from './check-rate-limits.ts'
import type { CheckedFile } from './check-settings.ts'
import { checkPrefixToStrip } from './check-strip-prefix.ts'
import { checkWays } from './check-ways.ts'
import { formatPlace, type Place } from './fault.ts'
import { foldHeaderName, whyReserved } from './header-names.ts'
import { isHostName, normalizeHost } from './hosts.ts'
import { literalLength } from './pattern.ts'
import type { PermissionTable } from './table.ts'
import type { Segment } from './template.ts'
import { isGiven, placeOfKey, placeOfValue, rawText } from './tree.ts'
import { parseSize } from './units.ts'

/** Reports what is wrong in `apis`; `tables` by API name, as far as they could be read. */
export function checkApis(checked: CheckedFile, tables: ReadonlyMap<string, PermissionTable>): void {
  checkPlans(checked)
  checkPlanQuotas(checked)
  const hosts = new Map<string, Claim>()
  const prefixes: { readonly prefix: string; readonly place: Place }[] = []
  for (const name of Object.keys(checked.file.apis ?? {})) {
    checkCredential(checked, name)
    for (const environment of Object.keys(checked.file.apis?.[name]?.environments ?? {})) {
      checkHosts(checked, { api: name, environment, hosts })
      checkPrefix(checked, { api: name, environment, prefixes })
    }
    checkCors(checked, name)
    checkWays(checked, name, tables.get(name))
    checkPrefixToStrip(checked, name, tables.get(name))
    checkLengths(checked, tables.get(name))
    checkHealth(checked, name, tables.get(name))
    checkRateLimits(checked, name, tables.get(name))
    checkQuotas(checked, name)
    checkBrakes(checked, name, tables.get(name))
  }
}

function checkCredential({ tree, file, report }: CheckedFile, api: string): void {
  const credential = file.apis?.[api]?.credential
  if (!credential || credential.bearer === undefined) return
  const path = ['apis', api, 'credential']
  const { header } = credential
  if (!credential.bearer && !isGiven(tree, [...path, 'header'])) {
    report.fault(placeOfKey(tree, path), '`credential` needs `header`, `bearer: true`, or both')
  }
  if (header === undefined) return
  const folded = foldHeaderName(header)
  const identity = Object.values(file.identity ?? {}).map((name) => foldHeaderName(name ?? ''))
  const reason =
    folded === 'authorization'
      ? 'take it with `bearer: true`'
      : identity.includes(folded)
        ? 'it carries identity'
        : whyReserved(header)
  if (reason) {
    report.fault(placeOfValue(tree, [...path, 'header']), `\`${header}\` cannot carry the key: ${reason}`)
  }
}

interface Claim {
  readonly api: string
  readonly environment: string
  readonly place: Place
}

function checkHosts(
  { tree, file, report }: CheckedFile,
  { api, environment, hosts }: { api: string; environment: string; hosts: Map<string, Claim> },
): void {
  const listed = file.apis?.[api]?.environments?.[environment]?.hosts ?? []
  for (const [index, host] of listed.entries()) {
    if (host === undefined) continue
    const path = ['apis', api, 'environments', environment, 'hosts', index]
    const place = placeOfValue(tree, path)
    const text = rawText(tree, path)
    if (!isHostName(host)) {
      report.fault(place, `\`${text}\` is no host name: give it without scheme, port or path, or \`*\``)
      continue
    }
    const key = normalizeHost(host)
    const claim = hosts.get(key)
    if (!claim) hosts.set(key, { api, environment, place })
    else if (claim.api !== api) {
      report.fault(
        place,
        `the host \`${text}\` belongs to the API \`${claim.api}\` (${formatPlace(claim.place)})`,
      )
    } else if (claim.environment === environment) {
      report.fault(place, `the host \`${text}\` is listed twice (${formatPlace(claim.place)})`)
    }
  }
}

function checkPrefix(
  { tree, file, report }: CheckedFile,
  {
    api,
    environment,
    prefixes,
  }: { api: string; environment: string; prefixes: { prefix: string; place: Place }[] },
): void {
  const prefix = file.apis?.[api]?.environments?.[environment]?.prefix
  if (prefix === undefined) return
  const path = ['apis', api, 'environments', environment, 'prefix']
  const place = placeOfValue(tree, path)
  for (const other of prefixes) {
    const where = formatPlace(other.place)
    if (other.prefix === prefix) report.fault(place, `this prefix is used twice (${where})`)
    else if (prefix.startsWith(other.prefix)) report.fault(place, `another prefix begins this one (${where})`)
    else if (other.prefix.startsWith(prefix)) report.fault(place, `this prefix begins another one (${where})`)
  }
  prefixes.push({ prefix, place })
}

/** What balancers ask is answered on every host, before there are routes. */
function checkHealth({ file, report }: CheckedFile, api: string, table?: PermissionTable): void {
  const health = file.gateway?.health
  if (health === undefined) return
  for (const { route, place } of table?.routes ?? []) {
    const isAnswered = route.method === 'GET' || route.method === 'HEAD'
    if (!isAnswered || route.template !== health) continue
    const message = `\`${route.method} ${health}\` of \`${api}\` can never match: \`gateway.health\` has this path`
    report.fault(place, message)
  }
}

/** A route whose shortest path is over the limit can never match. */
function checkLengths({ file, report }: CheckedFile, table?: PermissionTable): void {
  const limit = file.gateway?.limits?.url_bytes
  if (limit === undefined) return
  for (const { route, segments, place } of table?.routes ?? []) {
    const lengths = segments.map(shortestLength)
    const shortest = lengths.reduce((sum, length) => sum + 1 + length, 0)
    if (shortest <= parseSize(limit)) continue
    const message = `\`${route.method} ${route.template.slice(0, 40)}…\` can never match: it is longer than \`limits.url_bytes\``
    report.fault(place, message)
  }
}

function shortestLength(segment: Segment): number {
  if (segment.kind === 'literal') return segment.text.length
  return segment.kind === 'pattern' ? literalLength(segment) + (segment.between === undefined ? 1 : 2) : 1
}
