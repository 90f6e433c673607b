// By what is counted, where it is counted by key.

import type { CredentialRecord } from '../credentials/record.ts'

/** A key; of an access token its client and merchant: a client has many tokens, and may speak for many merchants, none of which takes what another has. */
export function keySubject({ token, keyId, merchantId }: CredentialRecord): string {
  return token === null ? keyId : `${keyId} ${merchantId}`
}
