// Seals what goes through Redis. Redis holds credentials' records and carries the news of changes; whoever can write
// to it must not be able to make a key valid. HMAC-SHA-256 under LATCHKEY_CACHE_KEY, over the place and the text, so
// that an entry cannot be moved to another place either.

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export interface Seal {
  /** Tells keys apart without telling anything of them: for names in a Redis that several deployments share. */
  readonly scope: string
  /** The text with its seal in front. */
  close(place: string, text: string): string
  /** The text, if the seal is right for this place; undefined: forged, foreign or damaged. */
  open(place: string, sealed: string): string | undefined
}

/** Makes a seal from the configured key (any text of 32 characters or more). */
export function createSeal(cacheKey: string): Seal {
  // A key of its own for this use, of fixed length, whatever was configured (RFC 5869).
  const key = Buffer.from(hkdfSync('sha256', cacheKey, '', 'latchkey cache v1', 32))
  const mac = (place: string, text: string) =>
    createHmac('sha256', key).update(place).update('\0').update(text).digest()

  const scope = Buffer.from(hkdfSync('sha256', cacheKey, '', 'latchkey scope v1', 6)).toString('hex')

  return {
    scope,
    close: (place, text) => `${mac(place, text).toString('base64url')}.${text}`,
    open(place, sealed) {
      const dot = sealed.indexOf('.')
      if (dot === -1) return undefined
      const given = Buffer.from(sealed.slice(0, dot), 'base64url')
      const text = sealed.slice(dot + 1)
      const right = mac(place, text)
      return given.length === right.length && timingSafeEqual(given, right) ? text : undefined
    },
  }
}
