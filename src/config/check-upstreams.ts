// What the schema cannot say about upstreams.

import { isIP } from 'node:net'
import { whyNoEndpoint } from './address.ts'
import type { CheckedFile } from './check-settings.ts'
import { foldHeaderName, isHeaderValue, whyReserved } from './header-names.ts'
import { isHostName } from './hosts.ts'
import { placeOfKey, placeOfValue, rawText } from './tree.ts'
import { pathInUrl, whyNoPath } from './upstream-url.ts'

/** Reports what is wrong in `upstreams`. */
export function checkUpstreams(checked: CheckedFile): void {
  for (const name of Object.keys(checked.file.upstreams ?? {})) checkUpstream(checked, name)
}

function checkUpstream({ tree, file, report }: CheckedFile, name: string): void {
  const upstream = file.upstreams?.[name]
  if (upstream?.url !== undefined) {
    const why = whyNoUrl(upstream.url)
    if (why !== undefined) report.fault(placeOfValue(tree, ['upstreams', name, 'url']), why)
  }
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

/** RFC 6066 §3: no address stands in SNI. */
function checkServerName({ tree, file, report }: CheckedFile, name: string): void {
  const { url, server_name: serverName } = file.upstreams?.[name] ?? {}
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
