// The texts that clients hold: an access token is made as a key is, so that it is checked and found as one.

import { digestOf, generateSecret, Secret } from '../credentials/secret.ts'

/** A new access token; `prefix` is that of its environment. This is the one time that it is written down. */
export function newTokenText(prefix: string): string {
  return Secret.reveal(generateSecret(prefix))
}

/** Lower-case hex SHA-256, by which a code, a token or a secret of a client is known. */
export function digestOfText(text: string): string {
  return digestOf(new Secret(text))
}
