// What the schema cannot say about addresses, header names and upstreams.

import { isIP } from 'node:net'
import { isAddressOrBlock, whyNoEndpoint } from './address.ts'
import type { Report } from './fault.ts'
import type { Holed } from './fit.ts'
import { isHostName } from './hosts.ts'
import { foldHeaderName, isHeaderValue, whyReserved } from './header-names.ts'
import type { GatewayFile } from './schema.ts'
import { whyNoPostgresUrl } from './postgres-url.ts'
import { parseRedisUrl } from './redis-url.ts'
import { storeEndpoints } from './store-endpoints.ts'
import { parsePostgresUrl } from './store-url.ts'
import { type Node, placeOfKey, placeOfValue, rawText } from './tree.ts'

export interface CheckedFile {
  readonly tree: Node
  readonly file: Holed<GatewayFile>
  readonly report: Report
}

/** Reports what is wrong outside of `apis`. */
export function checkSettings(checked: CheckedFile): void {
  checkPlanes(checked)
  checkStores(checked)
  checkIdentity(checked)
  for (const name of Object.keys(checked.file.upstreams ?? {})) checkUpstream(checked, name)
}

function checkPlanes({ tree, file, report }: CheckedFile): void {
  const { gateway, control } = file
  if (gateway?.proxy_protocol === true && gateway.trusted_proxies?.length === 0) {
    const message = '`proxy_protocol` does nothing: there is nobody in `trusted_proxies`'
    report.warn(placeOfValue(tree, ['gateway', 'proxy_protocol']), message)
  }
  const lists = [
    [['gateway', 'trusted_proxies'], gateway?.trusted_proxies],
    [['control', 'admin_from'], control?.admin_from],
  ] as const
  for (const [path, addresses] of lists) {
    for (const [index, address] of (addresses ?? []).entries()) {
      if (address === undefined || isAddressOrBlock(address)) continue
      const at = [...path, index]
      report.fault(
        placeOfValue(tree, at),
        `\`${rawText(tree, at)}\` is neither an IP address nor a CIDR block`,
      )
    }
  }
  for (const [index, host] of (control?.hosts ?? []).entries()) {
    if (host === undefined || isHostName(host.replace(/^\*\./, ''))) continue
    const at = ['control', 'hosts', index]
    report.fault(
      placeOfValue(tree, at),
      `\`${rawText(tree, at)}\` is no host name: give it without scheme, port or path`,
    )
  }
  if (gateway?.port !== undefined && gateway.port !== 0 && gateway.port === control?.port) {
    report.fault(
      placeOfValue(tree, ['control', 'port']),
      'the control plane needs a port other than the gateway’s',
    )
  }
}

/** The values may hold passwords: no message repeats them. */
function checkStores({ tree, file, report }: CheckedFile): void {
  const { postgres, redis } = file
  if (postgres !== undefined && postgres !== 'embedded' && parsePostgresUrl(postgres) === undefined) {
    report.fault(placeOfValue(tree, ['postgres']), '`postgres` must be a postgres:// URL or `embedded`')
  }
  const why = whyNoPostgresUrl(postgres ?? '')
  if (why !== undefined) report.fault(placeOfValue(tree, ['postgres']), `\`postgres\` cannot be used: ${why}`)
  if (redis !== undefined && redis !== 'none' && parseRedisUrl(redis) === undefined) {
    report.fault(
      placeOfValue(tree, ['redis']),
      '`redis` must be a redis://, rediss://, redis+sentinel:// or redis+cluster:// URL or `none`; `ca`, `cert` with `key` go with rediss',
    )
  }
  for (const store of ['postgres', 'redis'] as const) {
    const reason = storeEndpoints(file[store] ?? '')
      .map(whyNoEndpoint)
      .find(Boolean)
    if (reason !== undefined)
      report.fault(placeOfValue(tree, [store]), `\`${store}\` cannot be used: ${reason}`)
  }
}

function checkIdentity({ tree, file, report }: CheckedFile): void {
  const seen = new Map<string, string>()
  for (const [key, name] of Object.entries(file.identity ?? {})) {
    if (name === undefined) continue
    const path = ['identity', key]
    const reason = whyReserved(name)
    if (reason)
      report.fault(placeOfValue(tree, path), `\`${rawText(tree, path)}\` cannot carry identity: ${reason}`)
    const other = seen.get(foldHeaderName(name))
    if (other !== undefined) {
      report.fault(placeOfValue(tree, path), `\`${key}\` and \`${other}\` have one and the same header name`)
    }
    seen.set(foldHeaderName(name), key)
  }
}

function checkUpstream({ tree, file, report }: CheckedFile, name: string): void {
  const upstream = file.upstreams?.[name]
  if (upstream?.url !== undefined && !isOrigin(upstream.url)) {
    const message = '`url` must be http:// or https:// with a host and perhaps a port, and nothing after them'
    report.fault(placeOfValue(tree, ['upstreams', name, 'url']), message)
  } else if (upstream?.url !== undefined) {
    const reason = whyNoEndpoint(upstream.url)
    if (reason !== undefined)
      report.fault(placeOfValue(tree, ['upstreams', name, 'url']), `\`url\` cannot be used: ${reason}`)
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

function isOrigin(url: string): boolean {
  return /^https?:\/\/[^/?#\\@\s]+\/?$/i.test(url) && URL.canParse(url)
}
