// Where the requests of an API go: to the upstream of their environment, or to that of their route. What the schema cannot
// say of it: who is there, and what would go to two places at once.

import type { ApiEnvironment } from './compiled.ts'
import type { CheckedFile } from './check-settings.ts'
import { normalizeHost } from './hosts.ts'
import type { TableRoute } from './route-conflicts.ts'
import { suggest } from './suggest.ts'
import type { PermissionTable } from './table.ts'
import { placeOfValue, rawText } from './tree.ts'
import { basePathIn, pathInUrl } from './upstream-url.ts'

/** Reports what is wrong with the upstreams that an API and its routes name. */
export function checkWays(checked: CheckedFile, api: string, table?: PermissionTable): void {
  const asked = { api, environments: environmentsOf(checked, api), routes: table?.routes ?? [] }
  checkEnvironments(checked, asked)
  for (const route of asked.routes) checkRoute(checked, asked, route)
  warnOfOneUpstream(checked, asked)
  checkSharedHosts(checked, asked)
}

interface Asked {
  readonly api: string
  /** Those that name an upstream. */
  readonly environments: readonly Named[]
  readonly routes: readonly TableRoute[]
}

type Named = Pick<ApiEnvironment, 'upstream' | 'hosts'> & { readonly name: string }

function environmentsOf({ file }: CheckedFile, api: string): Named[] {
  return Object.entries(file.apis?.[api]?.environments ?? {}).flatMap(([name, environment]) => {
    if (environment?.upstream === undefined) return []
    const hosts = (environment.hosts ?? []).filter((host) => host !== undefined).map(normalizeHost)
    return [{ name, upstream: environment.upstream, hosts }]
  })
}

function checkEnvironments({ tree, file, report }: CheckedFile, { api, environments }: Asked): void {
  for (const { name, upstream } of environments) {
    if (isKnown(file, upstream)) continue
    const path = ['apis', api, 'environments', name, 'upstream']
    const message = `there is no upstream \`${rawText(tree, path)}\``
    report.fault(placeOfValue(tree, path), message, suggest(upstream, Object.keys(file.upstreams ?? {})))
  }
}

function isKnown({ upstreams }: CheckedFile['file'], name: string): boolean {
  return upstreams === undefined || Object.hasOwn(upstreams, name)
}

function checkRoute(
  { file, report }: CheckedFile,
  { api, environments }: Asked,
  { key, place, route: { upstream } }: TableRoute,
): void {
  if (upstream === null) return
  for (const name of new Set(typeof upstream === 'string' ? [upstream] : upstream.map(([, name]) => name))) {
    if (isKnown(file, name)) continue
    const near = suggest(name, Object.keys(file.upstreams ?? {}))
    report.fault(place, `\`${key}\`: there is no upstream \`${name}\``, near)
  }
  if (typeof upstream === 'string' || environments.length === 0) return
  const known = environments.map(({ name }) => name)
  for (const [name] of upstream) {
    if (known.includes(name)) continue
    const message = `\`${key}\`: \`${api}\` has no environment \`${name}\``
    report.fault(place, message, suggest(name, known))
  }
  for (const name of known) {
    if (upstream.some(([other]) => other === name)) continue
    report.fault(place, `\`${key}\`: \`upstream\` names none for \`${name}\` of \`${api}\``)
  }
}

/** As `upstreamOf` has it, of a table that may have faults: those are told elsewhere. */
function wayOf({ route: { upstream } }: TableRoute, environment: Named): string {
  if (typeof upstream === 'string') return upstream
  const own = upstream?.find(([name]) => name === environment.name)
  return own?.[1] ?? environment.upstream
}

function pairsOf(environments: readonly Named[]): [earlier: Named, later: Named][] {
  return environments.flatMap((later, index) =>
    environments.slice(0, index).map((earlier): [Named, Named] => [earlier, later]),
  )
}

/** What is tried out should not move money. */
function warnOfOneUpstream({ tree, file, report }: CheckedFile, { api, environments, routes }: Asked): void {
  for (const [one, other] of pairsOf(environments)) {
    const both = `${one.name} and ${other.name} of \`${api}\` use one upstream`
    if (isOnePlace(file, one.upstream, other.upstream))
      report.warn(placeOfValue(tree, ['apis', api, 'environments', other.name, 'upstream']), both)
    const told = new Set<string>()
    for (const route of routes) {
      const way = wayOf(route, one)
      if (route.route.upstream === null || told.has(way) || !isOnePlace(file, way, wayOf(route, other)))
        continue
      told.add(way)
      report.warn(route.place, `\`${route.key}\`: ${both}, \`${way}\``)
    }
  }
}

function isOnePlace({ upstreams }: CheckedFile['file'], one: string, other: string): boolean {
  if (one === other) return true
  const urlsOf = (name: string) => {
    const { url, targets = [] } = upstreams?.[name] ?? {}
    const all = [url, ...targets.map((target) => target?.url)].filter((text) => text !== undefined)
    return new Set(all.map(placeIn))
  }
  const others = urlsOf(other)
  return [...urlsOf(one)].some((url) => others.has(url))
}

/** However it is written: the host's case, a port that is the scheme's own, a slash at its end. */
function placeIn(url: string): string {
  return pathInUrl(url) === undefined ? url : new URL(url).origin + basePathIn(url)
}

/** Where the host leaves the environment open only a key can choose the upstream: nothing may pass without one. */
function checkSharedHosts({ tree, file, report }: CheckedFile, { api, environments, routes }: Asked): void {
  for (const [one, other] of pairsOf(environments)) {
    if (!other.hosts.some((host) => one.hosts.includes(host))) continue
    const share = `${one.name} and ${other.name} of \`${api}\` share a host and differ in theirs`
    const differing = routes.filter((route) => wayOf(route, one) !== wayOf(route, other))
    for (const { route, place } of differing) {
      if (route.requirement.kind === 'public')
        report.fault(place, `a public route needs one upstream, but ${share}`)
    }
    const isOpen = file.apis?.[api]?.cors === 'upstream'
    if (!isOpen || (one.upstream === other.upstream && differing.length === 0)) continue
    report.fault(
      placeOfValue(tree, ['apis', api, 'cors']),
      `\`cors: upstream\` needs one upstream, but ${share}`,
    )
  }
}
