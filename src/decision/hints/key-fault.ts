// What a key's own text shows to be wrong with it, without asking anybody. What has the form of a key, or may be one that was
// made elsewhere, has nothing to say: whether it is one only a store knows.

import type { HostMatch } from '../../config/compiled.ts'
import {
  isPresentable,
  isSigned,
  isWellFormed,
  keyLength,
  maxSecretLength,
  minImportedLength,
  Secret,
  signedTextOf,
} from '../../credentials/secret.ts'

export interface KeySurroundings {
  readonly host: HostMatch
  /** Of all APIs. */
  readonly prefixes: readonly string[]
}

/** A fixed sentence; undefined: nothing is wrong with its form. The text is not empty. */
export function faultInKey(text: string, { host, prefixes }: KeySurroundings): string | undefined {
  const { api } = host
  const secret = new Secret(text)
  if (api.jwt !== null && isSigned(secret))
    return signedTextOf(secret) === undefined
      ? 'that is no signed token (JWT): three parts with dots between them, of 16 KiB at most'
      : undefined
  const own = api.environments.map(({ prefix }) => prefix)
  if (own.some((prefix) => isWellFormed(secret, prefix))) return undefined
  if (api.legacyKeys && isPresentable(secret)) return undefined
  const written = faultInWriting(text)
  if (written !== undefined) return written
  const prefix = own.find((known) => text.startsWith(known))
  if (prefix !== undefined) return faultInLength(text.length - keyLength(prefix))
  const expected = `keys for this host begin with ${host.environments.map((one) => one.prefix).join(' or ')}`
  const lower = text.toLowerCase()
  if (own.some((known) => lower.startsWith(known.toLowerCase())))
    return `the key is in another case: ${expected}, exactly so`
  return prefixes.some((known) => text.startsWith(known))
    ? `that is a key of another product: ${expected}`
    : `that is no key of this API: ${expected}`
}

/** Of a text that begins with a prefix; undefined: it may be a key. */
export function faultBehindPrefix(text: string, prefix: string, legacyKeys: boolean): string | undefined {
  const secret = new Secret(text)
  if (isWellFormed(secret, prefix)) return undefined
  const isImported = legacyKeys && isPresentable(secret) && text.length >= prefix.length + minImportedLength
  return isImported ? undefined : faultInLength(text.length - keyLength(prefix))
}

function faultInLength(more: number): string {
  if (more < 0) return 'the key is cut: copy all of it'
  return more > 0
    ? 'the key is too long: something stands behind it, or it was put there twice'
    : 'the key is misspelt: its last six characters are not the checksum of the others'
}

/** The marks of quotation, bytes of those of print included. */
const quotes = /^(?:["'`]|\xe2\x80[\x98-\x9f])|(?:["'`]|\xe2\x80[\x98-\x9f])$/
const schemes = /^(?:bearer|basic|token|api-?key|x-api-key|key)(?:[ \t]|[:=])/i
/** What stands in documents and templates, what programs make of a variable that is not set, and keys as lists show them. */
const placeholders =
  /^[<{[$%]|[>}]$|\$\{|\{\{|your[-_ ]?|^(?:undefined|null|none|nil|nan|true|false|test|secret|changeme|\[object object\])$|x{4}|\*{3}|\.{3}|\xe2\x80\xa6/i
const idOfKey = /^key_[0-9A-Z]{26}$/

/** How it was written down, whatever it is. */
function faultInWriting(text: string): string | undefined {
  // Whoever writes as much as that has not made a slip.
  if (text.length > 4 * maxSecretLength) return 'that is far too long for a key'
  if (quotes.test(text)) return 'the key is in quotes: send it without them'
  if (schemes.test(text)) return 'a word such as Bearer stands before the key, where the key alone is taken'
  if (placeholders.test(text)) return 'that is a placeholder: put the key in its place'
  if (idOfKey.test(text))
    return 'that is the id of a key: send its secret, which was shown once, when it was made'
  if (/^[A-Za-z0-9_-]+$/.test(text)) return undefined
  return text.includes(',')
    ? 'the key has a comma in it: send one key, once'
    : 'the key holds what no key does: blanks, or other characters than letters, digits, _ and -'
}
