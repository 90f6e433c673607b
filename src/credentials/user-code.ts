// The code that a program shows and a person types is short, without vowels so that it is no word, read aloud without doubt
// (RFC 8628 §6.1). 20^8 of them, each good for ten minutes, tried by people who are signed in alone, and slowly.

import { hash } from 'node:crypto'

export const userCodeLetters = 'BCDFGHJKLMNPQRSTVWXZ'
export const userCodeLength = 8
const wellTyped = new RegExp(`^[${userCodeLetters}]{${userCodeLength}}$`)

/** `BCDFGHJK` → `BCDF-GHJK`. */
export function shownCode(code: string): string {
  return `${code.slice(0, userCodeLength / 2)}-${code.slice(userCodeLength / 2)}`
}

/** As people type it; undefined: it can be none. */
export function typedCode(text: string): string | undefined {
  const code = text.replace(/[\s-]/g, '').toUpperCase()
  return wellTyped.test(code) ? code : undefined
}

/** Lower-case hex. */
export function digestOfCode(code: string): string {
  return hash('sha256', `latchkey device ${code}`, 'hex')
}
