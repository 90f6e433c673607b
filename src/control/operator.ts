// Who may use the admin API: from which address, and with which token. Tokens are kept as digests only.

import { hash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { type Denial, deny } from '../errors/denial.ts'

export interface AdminToken {
  /** Who acts, in the audit. */
  readonly actor: string
  /** SHA-256 of the token. */
  readonly digest: Buffer
}

export type AdminTokens = readonly AdminToken[]

export type ParsedTokens =
  | { readonly kind: 'tokens'; readonly tokens: AdminTokens }
  /** Says what is wrong without repeating any of the text. */
  | { readonly kind: 'fault'; readonly fault: string }

const minTokenLength = 32
const unnamedActor = 'admin'

/**
 * Reads `LATCHKEY_ADMIN_TOKEN`: one token, or several as `name:token` separated by commas. A name may come twice (an
 * old and a new token), a token may not.
 */
export function parseAdminTokens(text: string): ParsedTokens {
  const entries = text.split(',').map((entry) => entry.trim())
  const tokens: AdminToken[] = []
  const seen = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    const place = entries.length === 1 ? 'the token' : `token ${index + 1}`
    const colon = entry.indexOf(':')
    const actor = colon < 0 ? unnamedActor : entry.slice(0, colon)
    const token = entry.slice(colon + 1)
    const fault = faultOf({ actor, token, isOneOfSeveral: entries.length > 1 && colon < 0 })
    if (fault !== undefined) return { kind: 'fault', fault: `LATCHKEY_ADMIN_TOKEN: ${place} ${fault}` }
    const digest = digestOf(token)
    const id = digest.toString('hex')
    if (seen.has(id)) return { kind: 'fault', fault: `LATCHKEY_ADMIN_TOKEN: ${place} is there twice` }
    seen.add(id)
    tokens.push({ actor, digest })
  }
  return { kind: 'tokens', tokens }
}

function faultOf(entry: { actor: string; token: string; isOneOfSeveral: boolean }): string | undefined {
  if (entry.token === '') return 'is empty'
  if (entry.isOneOfSeveral) return 'has no name; of several each is written name:token'
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(entry.actor)) {
    return 'has a name that is not 1 to 64 letters, digits, dots, dashes or underscores'
  }
  if (!/^[\x21-\x7e]+$/.test(entry.token)) return 'has spaces or characters beyond ASCII'
  if (entry.token.length < minTokenLength) return `is shorter than ${minTokenLength} characters`
  return undefined
}

/** Judges a caller by its socket's address and its Authorization header. */
export type OperatorCheck = (caller: {
  readonly address: string | undefined
  readonly authorization: string | undefined
}) => { readonly actor: string } | Denial

/** `tokens` is asked for each caller. Throws RangeError on an `adminFrom` entry that is neither an address nor a CIDR block. */
export function createOperatorCheck(tokens: () => AdminTokens, adminFrom: readonly string[]): OperatorCheck {
  const allowed = blockListOf(adminFrom)
  return ({ address, authorization }) => {
    if (address === undefined || !isAllowed(allowed, address)) return deny('FORBIDDEN', 'admin_address')
    if (authorization === undefined) return deny('UNAUTHORIZED', 'admin_token_missing')
    const actor = actorOf(tokens(), authorization)
    return actor === undefined ? deny('UNAUTHORIZED', 'admin_token_wrong') : { actor }
  }
}

/** The token of an Authorization field; undefined: it has none. */
export function presentedToken(authorization: string): string | undefined {
  return /^bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1]
}

/** Every token is compared, whichever fits, in constant time: only digests of equal length meet. */
function actorOf(tokens: AdminTokens, authorization: string): string | undefined {
  const presented = presentedToken(authorization)
  if (presented === undefined) return undefined
  const digest = digestOf(presented)
  let actor: string | undefined
  for (const token of tokens) {
    if (timingSafeEqual(token.digest, digest)) actor = token.actor
  }
  return actor
}

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    if (isIP(address) === 0) throw new RangeError(`admin_from: ${entry} is no address and no CIDR block`)
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

function isAllowed(list: BlockList, address: string): boolean {
  // A dual-stack socket shows IPv4 peers as ::ffff:192.0.2.1 (RFC 4291 §2.5.5.2); a zone is no part of the address.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (isIPv4(plain)) return list.check(plain, 'ipv4')
  return isIPv6(plain) && list.check(plain, 'ipv6')
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}
