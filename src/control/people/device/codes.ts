// What a command line is given. The code that it shows and a person types is short, without vowels so that it is no word, read aloud without
// doubt (RFC 8628 §6.1). 20^8 of them, each good for ten minutes, tried by people who are signed in alone, and slowly.

import { hash, randomInt } from 'node:crypto'
import { Secret } from '../../../credentials/secret.ts'

const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const length = 8
const wellTyped = new RegExp(`^[${letters}]{${length}}$`)

export function newUserCode(): string {
  return Array.from({ length }, () => letters.charAt(randomInt(letters.length))).join('')
}

/** `BCDFGHJK` → `BCDF-GHJK`. */
export function shownCode(code: string): string {
  return `${code.slice(0, length / 2)}-${code.slice(length / 2)}`
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

/** The two forms in which a command line is given a secret: what it asks with, and what it shows then. Each is in one answer. */
export function shownSecret(secret: Secret): string {
  return Secret.reveal(secret)
}
