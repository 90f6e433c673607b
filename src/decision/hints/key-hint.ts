// What a request shows of its key, or of the want of one.

import type { Api, ApiEnvironment } from '../../config/compiled.ts'
import { trimBlanks } from '../../errors/wire-text.ts'
import { bearerToken, dpopToken, headerValues } from '../credential.ts'
import { hintOfProof } from './proof-hint.ts'
import { carriesKeyInQuery } from '../request/key-in-query.ts'
import { faultBehindPrefix, faultInKey } from './key-fault.ts'
import type { Shown } from './shown.ts'

/** No key where the API takes it: it may stand elsewhere. */
export function hintOfMissingKey(shown: Shown): string | undefined {
  const api = shown.host?.api
  if (api === undefined) return undefined
  const places = placesOf(api)
  if (presentedTo(api, shown).length > 0) return `the field for the key is empty: send the key ${places}`
  return holdsKeyElsewhere(shown)
    ? `the request has a key, or a field for one, where this API does not look: send the key ${places}`
    : `send the key ${places}`
}

/** A key that is none as it stands there. */
export function hintOfInvalidKey(shown: Shown): string | undefined {
  const { host, table, target, route, isPreflight } = shown
  if (carriesKeyInQuery(table.prefixes, target)) {
    const places = host === undefined ? 'in a header' : placesOf(host.api)
    return `a key stands in the URL, where logs keep it: send it ${places}, and rotate the one that was sent this way`
  }
  if (host === undefined || isPreflight || route?.requirement.kind === 'public') return undefined
  const { api } = host
  const presented = presentedTo(api, shown)
  if (presented.includes(undefined)) return hintOfScheme(shown)
  if (presented.length > 1) return `the request has more than one key: send one, once, ${placesOf(api)}`
  const [value] = presented
  if (value === undefined || value === '') return undefined
  return faultInKey(value, { host, prefixes: table.prefixes }) ?? hintOfProof(shown, value)
}

/** A key of an environment that the host does not have. */
export function hintOfWrongEnvironment(shown: Shown): string | undefined {
  const { host } = shown
  if (host === undefined) return undefined
  const [value = ''] = presentedTo(host.api, shown)
  const other = host.api.environments.find(({ prefix }) => value.startsWith(prefix))
  if (other === undefined) return undefined
  const own = host.environments.map(({ prefix }) => prefix).join(' or ')
  // Whoever has no key is not told where else there is something to ask.
  const fault = faultBehindPrefix(value, other.prefix, host.api.legacyKeys)
  if (fault !== undefined)
    return `that begins as a key for ${other.name} does: keys for this host begin with ${own}; ${fault}`
  const where = nameOf(other)
  return `that is a key for ${other.name}${where === undefined ? '' : `, whose host is ${where}`}; keys for this host begin with ${own}`
}

function nameOf({ hosts }: ApiEnvironment): string | undefined {
  return hosts.find((host) => host !== '*')
}

/** What stands where the API takes keys, in their order; undefined: in Authorization, under another scheme. */
function presentedTo({ credential, oauth, jwt }: Api, { head, fields }: Shown): (string | undefined)[] {
  const tokenIn = (value: string) =>
    bearerToken(value) ?? (oauth === null && jwt === null ? undefined : dpopToken(value))
  return [
    ...(credential.bearer ? head.authorization.map(tokenIn) : []),
    ...(credential.header === null ? [] : headerValues(fields, credential.header)),
  ]
}

function hintOfScheme({ head, table }: Shown): string {
  const isBare = head.authorization.some((value) => beginsLikeKey(trimBlanks(value), table.prefixes))
  return isBare
    ? 'Authorization has the key without its scheme: send "Authorization: Bearer <key>"'
    : 'Authorization has another scheme than Bearer: send "Authorization: Bearer <key>"'
}

function placesOf({ credential: { header, bearer } }: Api): string {
  const places = [
    ...(header === null ? [] : [`in the header ${header}`]),
    ...(bearer ? ['as "Authorization: Bearer <key>"'] : []),
  ]
  return places.join(' or ')
}

/** Fields that other APIs take keys in. */
const usualFields: ReadonlySet<string> = new Set([
  ...['authorization', 'proxy-authorization', 'x-api-key', 'x-apikey', 'api-key', 'apikey', 'x-api-token'],
  ...[
    'x-auth-token',
    'x-access-token',
    'x-auth-key',
    'x-token',
    'token',
    'api_key',
    'x_api_key',
    'access-token',
  ],
])

function holdsKeyElsewhere({ fields, table }: Shown): boolean {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = trimBlanks(fields[i + 1] ?? '')
    if (value === '') continue
    if (usualFields.has((fields[i] ?? '').toLowerCase())) return true
    if (beginsLikeKey(value.replace(/^[a-z-]{1,20}[ =:]{1,3}/i, ''), table.prefixes)) return true
  }
  return false
}

function beginsLikeKey(value: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => value.startsWith(prefix))
}
