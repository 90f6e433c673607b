// The secrets of clients.

import { clientSecretPrefix } from '../../credentials/oauth.ts'
import { digestOf, generateSecret, lastFour, type Secret } from '../../credentials/secret.ts'
import type { NewClientSecret } from '../../store/oauth/oauth-client-change-table.ts'
import type { AdminDeps } from '../dependencies.ts'

/** A new secret, and what is kept of it. */
export function makeClientSecret(deps: AdminDeps): {
  readonly secret: Secret
  readonly stored: NewClientSecret
} {
  const secret = generateSecret(clientSecretPrefix)
  return { secret, stored: { id: deps.newId('cls'), digest: digestOf(secret), last4: lastFour(secret) } }
}
