// Which request headers reach an upstream (contract 6): the fate of each name, and what is added. Pure: the gateway
// builds by it, `config explain` tells it.

import type { Api, Settings, Table, Upstream } from '../../config/compiled.ts'
import { clientHeader, foldHeaderName, userHeader } from '../../config/header-names.ts'
import { nameMatcher, neverForwarded, ofProxies, otherIdentity, otherRequest } from './never-forwarded.ts'

const never = [...neverForwarded, ...otherRequest, ...otherIdentity]
const isNever = nameMatcher(never)
const isOfProxies = nameMatcher(ofProxies)

/** Fate of a header name: forwarded, forwarded from trusted proxies only, never, or as the API says. */
export type Fate = 'pass' | 'trusted' | 'never' | 'authorization' | 'proof'

/** The fate of a folded name; `reserved` as `reservedNames` gives it. */
export function judgeName(folded: string, reserved: ReadonlySet<string>): Fate {
  if (reserved.has(folded) || isNever(folded)) return 'never'
  if (folded === 'authorization') return 'authorization'
  if (folded === 'dpop') return 'proof'
  if (isOfProxies(folded)) return 'trusted'
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

/** A proof of possession goes with a token, and ends where that ends. */
export function forwardsProof({ oauth }: Api): boolean {
  return oauth === null
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
    // Of an access token, and the latter where it was given on somebody's behalf.
    ...(hasCaller && api.oauth !== null ? [clientHeader, userHeader] : []),
  ]
  const reserved = reservedNames(settings, table, upstream)
  const removed = new Set([
    ...reserved,
    ...(forwardsAuthorization(api) ? [] : ['authorization']),
    ...(forwardsProof(api) ? [] : ['dpop']),
    ...never,
    ...(settings.gateway.trustedProxies.length === 0 ? ofProxies : []),
  ])
  return { added, removed: [...removed].filter((name) => !rewritten.has(name)).map(titled) }
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
