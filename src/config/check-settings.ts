// What the schema cannot say about addresses and header names.

import { isAddressOrBlock, isLoopback, whyNoEndpoint } from './address.ts'
import type { Report } from './fault.ts'
import type { Holed } from './fit.ts'
import { isHostName } from './hosts.ts'
import { foldHeaderName, whyReserved } from './header-names.ts'
import type { GatewayFile } from './schema.ts'
import { whyNoPostgresUrl } from './postgres-url.ts'
import { parseRedisUrl } from './redis-url.ts'
import { storeEndpoints } from './store-endpoints.ts'
import { parsePostgresUrl } from './store-url.ts'
import { type Node, placeOfValue, rawText } from './tree.ts'

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
    [['control', 'trusted_proxies'], control?.trusted_proxies],
    [['webhooks', 'allow'], file.webhooks?.allow],
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
  checkPublicUrl({ tree, file, report })
  checkClientCertificates({ tree, file, report })
  if (isTokenInClear(file)) {
    const message =
      'admin tokens travel in clear to this address: set `control.tls`, or `control.trusted_proxies` where a proxy in front has TLS'
    report.warn(placeOfValue(tree, ['control', 'host']), message)
  }
  if (gateway?.port !== undefined && gateway.port !== 0 && gateway.port === control?.port) {
    report.fault(
      placeOfValue(tree, ['control', 'port']),
      'the control plane needs a port other than the gateway’s',
    )
  }
}

function checkPublicUrl({ tree, file, report }: CheckedFile): void {
  const text = file.control?.public_url
  if (text === undefined) return
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  const at = ['control', 'public_url']
  // Of what is written nothing may be left over: neither a path, nor a user, nor a fragment.
  if (url === undefined || !isWeb || !isHostName(url.hostname) || text.replace(/\/$/, '') !== url.origin) {
    report.fault(
      placeOfValue(tree, at),
      `\`${rawText(tree, at)}\` is no https:// or http:// URL without a path`,
    )
    return
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    report.warn(placeOfValue(tree, at), 'admin tokens travel in clear to this URL: it should be https://')
}

function checkClientCertificates({ tree, file, report }: CheckedFile): void {
  for (const plane of ['gateway', 'control'] as const) {
    if (file[plane]?.client_cert_header === true && (file[plane]?.trusted_proxies ?? []).length === 0)
      report.fault(
        placeOfValue(tree, [plane, 'client_cert_header']),
        '`client_cert_header` is believed of `trusted_proxies` alone, and there are none',
      )
  }
  const { control } = file
  const isAsked = control?.tls?.client_certificates === 'optional' || control?.client_cert_header === true
  for (const name of ['client_ca', 'mtls_url'] as const) {
    if (control?.[name] !== undefined && !isAsked)
      report.warn(
        placeOfValue(tree, ['control', name]),
        `\`${name}\` is of no use: no client can show a certificate (\`tls.client_certificates\`, or \`client_cert_header\` behind a proxy)`,
      )
  }
  const text = control?.mtls_url
  if (text === undefined) return
  const at = ['control', 'mtls_url']
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || !isHostName(url.hostname) || text.replace(/\/$/, '') !== url.origin)
    report.fault(placeOfValue(tree, at), `\`${rawText(tree, at)}\` is no https:// URL without a path`)
}

/** Without TLS of its own, and with nobody in front who has it. */
function isTokenInClear({ control }: Holed<GatewayFile>): boolean {
  if (control === undefined || control.tls !== undefined || (control.trusted_proxies ?? []).length > 0)
    return false
  return control.host !== undefined && !isLoopback(control.host)
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
