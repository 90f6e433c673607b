// Seals what goes through Redis. Redis holds credentials' records and carries the news of changes; whoever can write
// to it must not be able to make a key valid. HMAC-SHA-256 under LATCHKEY_CACHE_KEY, over the place and the text, so
// that an entry cannot be moved to another place either. A place's name begins with its installation.

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export interface Seal {
  /** Tells keys apart without telling anything of them: the first one's is what others have to know to read us. */
  readonly fingerprints: readonly [string, ...string[]]
  /** The text with its seal in front. */
  close(place: string, text: string): string
  /** The text, if the seal is right for this place; undefined: forged, foreign or damaged. */
  open(place: string, sealed: string): string | undefined
  /** Whether it was sealed as `close` would; false also by a key that is only read any more. */
  isByFirst(place: string, sealed: string): boolean
  /** A name for what nobody is to read or guess, one by each key. */
  namesOf(text: string): readonly [string, ...string[]]
  /** For scripts of Redis that seal what they write (limits/sealed-script.ts), by each key: two of 64 characters, of no other use. */
  readonly scriptKeys: readonly [readonly [string, string], ...(readonly (readonly [string, string])[])]
}

/** Makes a seal from the configured keys (any text of 32 characters or more each): closes with the first, opens with all. */
export function createSeal(first: string, ...others: readonly string[]): Seal {
  const own = createKey(first)
  const rest = others.map(createKey)
  return {
    fingerprints: [own.fingerprint, ...rest.map(({ fingerprint }) => fingerprint)],
    close: (place, text) => `${own.mac(place, text).toString('base64url')}.${text}`,
    open(place, sealed) {
      const text = own.open(place, sealed)
      if (text !== undefined || rest.length === 0) return text
      return rest.map((key) => key.open(place, sealed)).find((opened) => opened !== undefined)
    },
    isByFirst: (place, sealed) => own.open(place, sealed) !== undefined,
    namesOf: (text) => [own.nameOf(text), ...rest.map((key) => key.nameOf(text))],
    scriptKeys: [own.scriptKeys, ...rest.map(({ scriptKeys }) => scriptKeys)],
  }
}

/** `LATCHKEY_CACHE_KEY`: one key, or several with commas between, of which the first one writes. */
export function cacheKeysOf(text: string): [string, ...string[]] {
  const [first = '', ...others] = text.split(',')
  return [first, ...others]
}

function createKey(cacheKey: string) {
  // Keys of their own for each use, of fixed length, whatever was configured (RFC 5869).
  const derived = (use: string, bytes: number) => Buffer.from(hkdfSync('sha256', cacheKey, '', use, bytes))
  const key = derived('latchkey cache v1', 32)
  const nameKey = derived('latchkey name v1', 32)
  const counting = derived('latchkey count v1', 64).toString('hex')
  const mac = (place: string, text: string) =>
    createHmac('sha256', key).update(place).update('\0').update(text).digest()

  return {
    mac,
    scriptKeys: [counting.slice(0, 64), counting.slice(64)] as const,
    fingerprint: derived('latchkey scope v1', 6).toString('hex'),
    nameOf: (text: string) => createHmac('sha256', nameKey).update(text).digest('base64url').slice(0, 22),
    open(place: string, sealed: string): string | undefined {
      const dot = sealed.indexOf('.')
      if (dot === -1) return undefined
      const given = Buffer.from(sealed.slice(0, dot), 'base64url')
      const text = sealed.slice(dot + 1)
      const right = mac(place, text)
      return given.length === right.length && timingSafeEqual(given, right) ? text : undefined
    },
  }
}
