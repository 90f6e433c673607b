// What the schema cannot say about upstreams.

import { isIP } from 'node:net'
import { whyNoEndpoint } from './address.ts'
import type { CheckedFile } from './check-settings.ts'
import { foldHeaderName, isHeaderValue, whyReserved } from './header-names.ts'
import { isHostName } from './hosts.ts'
import { isGiven, placeOfKey, placeOfValue, rawText } from './tree.ts'
import { basePathIn, pathInUrl, whyNoPath } from './upstream-url.ts'

/** Reports what is wrong in `upstreams`. */
export function checkUpstreams(checked: CheckedFile): void {
  for (const name of Object.keys(checked.file.upstreams ?? {})) checkUpstream(checked, name)
}

function checkUpstream({ tree, file, report }: CheckedFile, name: string): void {
  const upstream = file.upstreams?.[name]
  checkPlaces({ tree, file, report }, name)
  const health = upstream?.health?.path
  const whyNot = health === undefined ? undefined : whyNoPath(health)
  if (whyNot !== undefined)
    report.fault(
      placeOfValue(tree, ['upstreams', name, 'health', 'path']),
      `\`path\` cannot be asked for: ${whyNot}`,
    )
  if ((upstream?.cert === undefined) !== (upstream?.key === undefined)) {
    const given = upstream?.cert === undefined ? 'key' : 'cert'
    report.fault(placeOfKey(tree, ['upstreams', name, given]), '`cert` and `key` go together: name both')
  }
  if (upstream?.server_name !== undefined) checkServerName({ tree, file, report }, name)
  const identity = new Set(Object.values(file.identity ?? {}).map((header) => foldHeaderName(header ?? '')))
  const seen = new Set<string>()
  for (const [header, value] of Object.entries(upstream?.headers ?? {})) {
    const path = ['upstreams', name, 'headers', header]
    const reason = identity.has(foldHeaderName(header)) ? 'it carries identity' : whyReserved(header)
    if (reason) report.fault(placeOfKey(tree, path), `the header \`${header}\` cannot be set here: ${reason}`)
    if (seen.has(header.toLowerCase()))
      report.fault(placeOfKey(tree, path), `the header \`${header}\` is set twice`)
    if (value !== undefined && !isHeaderValue(value)) {
      report.fault(placeOfValue(tree, path), `the value of \`${header}\` is no valid HTTP header value`)
    }
    seen.add(header.toLowerCase())
  }
}

type Path = (string | number)[]

/** Where an upstream is: by one URL, or by targets. */
function checkPlaces({ tree, file, report }: CheckedFile, name: string): void {
  const upstream = file.upstreams?.[name]
  if (upstream === undefined) return
  const at: Path = ['upstreams', name]
  const isGivenTwice = isGiven(tree, [...at, 'url']) && isGiven(tree, [...at, 'targets'])
  if (isGivenTwice)
    report.fault(placeOfKey(tree, [...at, 'targets']), '`targets` stands in place of `url`: name one of them')
  if (!isGiven(tree, [...at, 'url']) && !isGiven(tree, [...at, 'targets']))
    report.fault(placeOfKey(tree, at), 'missing key `url` or `targets`')
  const places: { readonly url: string; readonly path: Path }[] = []
  if (upstream.url !== undefined) places.push({ url: upstream.url, path: [...at, 'url'] })
  for (const [index, target] of (upstream.targets ?? []).entries())
    if (target?.url !== undefined) places.push({ url: target.url, path: [...at, 'targets', index, 'url'] })
  for (const { url, path } of places) {
    const why = whyNoUrl(url)
    if (why !== undefined) report.fault(placeOfValue(tree, path), why)
  }
  const sound = places.filter(({ url }) => whyNoUrl(url) === undefined)
  for (const [index, { url, path }] of sound.entries()) {
    const why = whyNotBeside(
      url,
      sound.slice(0, index).map((one) => one.url),
    )
    if (why !== undefined && !isGivenTwice) report.fault(placeOfValue(tree, path), why)
  }
  const weights = (upstream.targets ?? []).map((target) => target?.weight)
  if (weights.length > 0 && weights.every((weight) => weight === 0))
    report.fault(placeOfKey(tree, [...at, 'targets']), 'one of `targets` at least needs a weight')
}

/** Whichever target a request goes to, it is sent the same, by the same means. */
function whyNotBeside(url: string, others: readonly string[]): string | undefined {
  const [first] = others
  if (first === undefined) return undefined
  const { protocol, origin } = new URL(url)
  if (others.some((other) => new URL(other).origin === origin)) return 'this target is listed twice'
  if (new URL(first).protocol !== protocol) return 'targets of one upstream are all http:// or all https://'
  return basePathIn(first) === basePathIn(url) ? undefined : 'targets of one upstream have one base path'
}

/** RFC 6066 §3: no address stands in SNI. */
function checkServerName({ tree, file, report }: CheckedFile, name: string): void {
  const { url: own, targets, server_name: serverName } = file.upstreams?.[name] ?? {}
  const url = own ?? targets?.[0]?.url
  const path = ['upstreams', name, 'server_name']
  if (serverName !== undefined && (serverName === '*' || !isHostName(serverName) || isIP(serverName) !== 0)) {
    report.fault(placeOfValue(tree, path), `\`${rawText(tree, path)}\` is no host name`)
  }
  if (url !== undefined && !/^https:/i.test(url)) {
    report.warn(
      placeOfKey(tree, path),
      '`server_name` counts with https:// only: nobody else shows a certificate',
    )
  }
}

/** What is wrong with the URL of an upstream; undefined: nothing. */
function whyNoUrl(url: string): string | undefined {
  const path = pathInUrl(url)
  if (path === undefined)
    return '`url` must be http:// or https:// with a host, perhaps a port and a path, and nothing after them'
  const reason = whyNoEndpoint(url) ?? (path === '' ? undefined : whyNoPath(path))
  return reason === undefined ? undefined : `\`url\` cannot be used: ${reason}`
}
