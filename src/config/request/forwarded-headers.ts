// Which request headers reach an upstream (contract 6): the fate of each name, and what is added. Pure: the gateway
// builds by it, `config explain` tells it.

import type { Api, Settings, Table, Upstream } from '../compiled.ts'
import { foldHeaderName } from '../header-names.ts'

/** Never forwarded on any route (contract 6), by folded name. */
const neverNames = new Set([
  // Hop by hop, RFC 9110 §7.6.1; and what only makes sense on this connection.
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'proxy',
  // Written anew by the dispatcher or by `added`.
  'host',
  'content-length',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  // Credentials, also the one that was not used.
  'x-api-key',
  // What would make an upstream serve another method or path than the one that was judged.
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-replaced-path',
  'x-envoy-original-path',
  // What upstreams behind other gateways take for an identity.
  'x-remote-user',
])
const neverPrefixes = ['x-latchkey-', 'proxy-', 'x-original-', 'x-rewrite-', 'x-accel-', 'x-auth-request-']

/** What only a trusted proxy may say. */
const proxyNames = new Set(['forwarded', 'x-forwarded', 'x-real-ip', 'client-ip', 'cf-connecting-ip'])

/** Fate of a header name: forwarded, forwarded from trusted proxies only, never, or as the API says. */
export type Fate = 'pass' | 'trusted' | 'never' | 'authorization'

/** The fate of a folded name; `reserved` as `reservedNames` gives it. */
export function judgeName(folded: string, reserved: ReadonlySet<string>): Fate {
  if (neverNames.has(folded) || reserved.has(folded)) return 'never'
  if (neverPrefixes.some((prefix) => folded.startsWith(prefix))) return 'never'
  if (folded === 'authorization') return 'authorization'
  if (proxyNames.has(folded) || folded.startsWith('x-forwarded-') || folded.endsWith('-client-ip'))
    return 'trusted'
  return 'pass'
}

/** Identity, credential and configured header names, folded. */
export function reservedNames(settings: Settings, table: Table, upstream: Upstream): ReadonlySet<string> {
  const names = Object.values(settings.identity).map(foldHeaderName)
  for (const api of table.apis.values()) {
    const header = api.credential.header === null ? '' : foldHeaderName(api.credential.header)
    if (header !== '' && header !== 'authorization') names.push(header)
  }
  for (const [name] of upstream.headers) names.push(foldHeaderName(name))
  return new Set(names)
}

/** A bearer API never passes Authorization on: it is the key. A header-only one does where it is told to. */
export function forwardsAuthorization(api: Api): boolean {
  if (api.credential.bearer || !api.forwardAuthorization) return false
  return api.credential.header?.toLowerCase() !== 'authorization'
}

export interface HeaderChanges {
  /** Names, in the order in which they are sent. */
  readonly added: readonly string[]
  /** Names and patterns (`X-Latchkey-*`) that a client may write and an upstream does not see. */
  readonly removed: readonly string[]
}

/** What happens to the headers of a request that is forwarded; `hasCaller`: it came with a key. */
export function headerChanges(
  { settings, table, upstream, api }: { settings: Settings; table: Table; upstream: Upstream; api: Api },
  hasCaller: boolean,
): HeaderChanges {
  const { merchant, permissions, key, environment } = settings.identity
  const added = [
    ...addedNames,
    ...upstream.headers.map(([name]) => name),
    ...(hasCaller ? [merchant, permissions, key, environment] : []),
  ]
  const reserved = reservedNames(settings, table, upstream)
  const exact = new Set([
    ...reserved,
    ...(forwardsAuthorization(api) ? [] : ['authorization']),
    ...neverNames,
  ])
  const untrusted =
    settings.gateway.trustedProxies.length === 0 ? [...proxyNames, 'x-forwarded-*', '*-client-ip'] : []
  const patterns = neverPrefixes.map((prefix) => `${prefix}*`)
  const removed = [...exact, ...patterns, ...untrusted]
  return { added, removed: removed.filter((name) => !rewritten.has(name)).map(titled) }
}

const addedNames = ['X-Request-Id', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host']

/** Never passed on as they came, but written anew: nobody misses them. */
const rewritten = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
])

/** `x-api-key` → `X-Api-Key` */
function titled(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())
}
