// What a command line is given: the code that it shows (credentials/user-code.ts), and secrets.

import { randomInt } from 'node:crypto'
import { Secret } from '../../../credentials/secret.ts'
import { userCodeLength, userCodeLetters } from '../../../credentials/user-code.ts'

export function newUserCode(): string {
  return Array.from({ length: userCodeLength }, () =>
    userCodeLetters.charAt(randomInt(userCodeLetters.length)),
  ).join('')
}

/** The two forms in which a command line is given a secret: what it asks with, and what it shows then. Each is in one answer. */
export function shownSecret(secret: Secret): string {
  return Secret.reveal(secret)
}
