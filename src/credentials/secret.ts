// API-key secrets: made, checked, digested. The only file that unwraps a Secret.
//
// Format (contract 4): <prefix><32 base62 random><6 base62 checksum>. The checksum is CRC-32 (IEEE, unsigned) of
// prefix + random, most significant digit first, padded with `0`. It lets a mistyped key be refused without I/O,
// and secret scanners recognise a leaked one; it proves nothing else.

import { hash, randomInt } from 'node:crypto'
import { inspect } from 'node:util'
import { crc32 } from 'node:zlib'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const randomLength = 32
const checksumLength = 6
/** What stands behind the prefix of a key that was made here, in characters of base62; the last ones are the checksum. */
export const secretShape = { digits: randomLength + checksumLength, checksum: checksumLength } as const
/** Longest secret that is looked at (contract 4); a longer one is malformed. */
export const maxSecretLength = 256
/** Shortest imported secret, after its prefix, that is not called weak (contract 4). */
export const minImportedLength = 24

/** A secret in memory. Printing, logging or serialising it gives `[secret]`. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The text itself: for the one answer to create and rotate. Nothing else may call it outside this file. */
  static reveal(secret: Secret): string {
    return secret.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

/** Makes a new secret with a prefix such as `pk_live_`; 32 × log2(62) ≈ 190 bits of randomness. */
export function generateSecret(prefix: string): Secret {
  let body = prefix
  for (let i = 0; i < randomLength; i++) body += base62.charAt(randomInt(base62.length))
  return new Secret(body + checksum(body))
}

/**
 * The text of a key with this prefix: well formed, and nobody's. For questions about keys whose texts are not known
 * (decision/question.ts); the same each time.
 */
export function sampleKey(prefix: string): string {
  const body = prefix + '0'.repeat(randomLength)
  return body + checksum(body)
}

/**
 * Whether `secret` has the shape and the checksum of a generated key with this prefix.
 * Pure computation, no I/O: what fails here is refused before any look-up.
 */
export function isWellFormed(secret: Secret, prefix: string): boolean {
  const text = Secret.reveal(secret)
  if (text.length !== keyLength(prefix) || !text.startsWith(prefix)) return false
  const bodyEnd = text.length - checksumLength
  for (let i = prefix.length; i < bodyEnd; i++) {
    if (base62Value(text.charCodeAt(i)) < 0) return false
  }
  let announced = 0
  for (let i = bodyEnd; i < text.length; i++) {
    const value = base62Value(text.charCodeAt(i))
    if (value < 0) return false
    announced = announced * base62.length + value
  }
  return announced === crc32OfAscii(text, bodyEnd)
}

/** Longest signed token that is looked at; identity providers put groups and the like into them. */
export const maxSignedLength = 16_384
const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** Whether it has the form of a signed token (RFC 7515 §3.1) instead of a key's: that has no dots. */
export function isSigned(secret: Secret): boolean {
  return Secret.reveal(secret).includes('.')
}

/** The text of a signed token, for who checks its signature, and nobody else; undefined: it is none. */
export function signedTextOf(secret: Secret): string | undefined {
  const text = Secret.reveal(secret)
  return text.length <= maxSignedLength && compactForm.test(text) ? text : undefined
}

/** Characters of a generated key with this prefix. */
export function keyLength(prefix: string): number {
  return prefix.length + randomLength + checksumLength
}

/** Whether a presented secret can be looked up at all: at most 256 characters of `[A-Za-z0-9_-]` (contract 4). */
export function isPresentable(secret: Secret): boolean {
  const text = Secret.reveal(secret)
  return text.length <= maxSecretLength && /^[A-Za-z0-9_-]+$/.test(text)
}

/** Characters of a secret after `prefix`; of all of it where it does not begin with it. */
export function lengthAfter(secret: Secret, prefix: string): number {
  const text = Secret.reveal(secret)
  return text.startsWith(prefix) ? text.length - prefix.length : text.length
}

/** Whether the secret begins with `prefix`. */
export function hasPrefix(secret: Secret, prefix: string): boolean {
  return Secret.reveal(secret).startsWith(prefix)
}

/** How much of the beginning of a secret may be shown, logged and kept: a long one could be all of it. */
const shownStart = 12

/**
 * The form in which the beginning of a secret is kept: as it is up to 12 characters, else
 * `<first 12>~<length>~<base64url SHA-256>`. What has that form already is left as it is.
 */
export function canonicalPrefix(start: string): string {
  if (start.length <= shownStart || start.includes('~')) return start
  return `${start.slice(0, shownStart)}~${start.length}~${hash('sha256', start, 'base64url')}`
}

/** Whether a secret begins with one of these canonical prefixes; costs by their different lengths, not their number. */
export function prefixMatcher(prefixes: Iterable<string>): (secret: Secret) => boolean {
  const byLength = new Map<number, Set<string>>()
  for (const prefix of prefixes) {
    const length = Number(prefix.split('~')[1] ?? prefix.length)
    const known = byLength.get(length)
    if (known === undefined) byLength.set(length, new Set([prefix]))
    else known.add(prefix)
  }
  return (secret) => {
    const text = Secret.reveal(secret)
    for (const [length, known] of byLength) {
      if (text.length >= length && known.has(canonicalPrefix(text.slice(0, length)))) return true
    }
    return false
  }
}

/** SHA-256 of the whole secret, as 64 lower-case hex digits: the only form in which it is stored or cached. */
export function digestOf(secret: Secret): string {
  return hash('sha256', Secret.reveal(secret), 'hex')
}

/** What a proof of possession names a token by (`ath`, RFC 9449 §4.2): its SHA-256 in base64url. */
export function tokenHashOf(secret: Secret): string {
  return hash('sha256', Secret.reveal(secret), 'base64url')
}

/** What the log and the emergency stop call something that a secret, or somebody else's text, names: 32 hex digits of its SHA-256. */
export function shortDigestOf(text: string | Secret): string {
  return hash('sha256', typeof text === 'string' ? text : Secret.reveal(text), 'hex').slice(0, 32)
}

/** Another secret that follows from this one and a word for what it is for: whoever has it does not have this one. */
export function derivedFrom(secret: Secret, purpose: string): Secret {
  return new Secret(hash('sha256', `${purpose} ${Secret.reveal(secret)}`, 'base64url'))
}

/** The last four characters: what the dashboard shows of a key. */
export function lastFour(secret: Secret): string {
  return Secret.reveal(secret).slice(-4)
}

/**
 * How a key begins and ends, for those who look for it: `pk_live_...Wx4f`; undefined: it has not the form of one, and what it
 * is nobody knows. `prefixes`: of all keys that there are.
 */
export function hintOfKey(secret: Secret, prefixes: readonly string[]): string | undefined {
  const prefix = prefixes.find((known) => isWellFormed(secret, known))
  return prefix === undefined ? undefined : `${prefix}...${lastFour(secret)}`
}

/** A text with every whole key that stands in it as `pk_live_***`: what has the form and the checksum of one of `prefixes`. */
export function withoutKeys(text: string, prefixes: readonly string[]): string {
  let shown = text
  for (const prefix of prefixes) {
    for (let at = shown.indexOf(prefix); at !== -1; at = shown.indexOf(prefix, at + prefix.length)) {
      const end = at + keyLength(prefix)
      if (isWellFormed(new Secret(shown.slice(at, end)), prefix))
        shown = `${shown.slice(0, at)}${prefix}***${shown.slice(end)}`
    }
  }
  return shown
}

function checksum(body: string): string {
  let rest = crc32(body)
  let digits = ''
  for (let i = 0; i < checksumLength; i++) {
    digits = base62.charAt(rest % 62) + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

/** The value of a base62 digit by its character code; negative: it is none. */
function base62Value(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 65 && code <= 90) return code - 55
  return code >= 97 && code <= 122 ? code - 61 : -1
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  return rest
})

/** What zlib's `crc32` gives for the first `end` characters of ASCII text. Every request asks: a call out costs five times this. */
function crc32OfAscii(text: string, end: number): number {
  let rest = 0xffffffff
  for (let i = 0; i < end; i++) {
    rest = (rest >>> 8) ^ (crcTable[(rest ^ text.charCodeAt(i)) & 0xff] ?? 0)
  }
  return (rest ^ 0xffffffff) >>> 0
}
