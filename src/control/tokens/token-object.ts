// A token of the admin API as the admin API shows it.

import { type Static, Type } from 'typebox'
import { tokenRoles } from '../../credentials/role.ts'
import { Secret } from '../../credentials/secret.ts'
import type { StoredToken } from '../../store/people/token-table.ts'
import { shownBy } from '../audit/routes.ts'
import { instant, instantOrNull } from '../instant.ts'
import { nullableTime, timeSchema } from '../openapi/route-doc.ts'

export const tokenSchema = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'Who acts, in the audit' }),
  role: Type.Enum([...tokenRoles]),
  merchant_id: Type.Union([Type.String(), Type.Null()], { description: 'null: all merchants' }),
  api: Type.Union([Type.String(), Type.Null()], { description: 'null: all APIs' }),
  last4: Type.String(),
  created_at: timeSchema,
  created_by: Type.String(),
  created_by_token_id: Type.Union([Type.String(), Type.Null()], {
    description:
      'Of the token that made it; null: one of LATCHKEY_ADMIN_TOKEN, or somebody who was signed in',
  }),
  expires_at: nullableTime,
  revoked_at: nullableTime,
  last_used_at: Type.Union([timeSchema, Type.Null()], { description: 'By the minute' }),
})

export function tokenObject(token: StoredToken): Static<typeof tokenSchema> {
  return {
    id: token.id,
    name: token.name,
    role: token.role,
    merchant_id: token.merchantId,
    api: token.api,
    last4: token.last4,
    created_at: instant(token.createdAtMs),
    created_by: token.createdBy,
    created_by_token_id: shownBy(token.createdByToken).tokenId,
    expires_at: instantOrNull(token.expiresAtMs),
    revoked_at: instantOrNull(token.revokedAtMs),
    last_used_at: instantOrNull(token.lastUsedAtMs),
  }
}

/** The one form in which a token leaves the program: the answer to create; null: the answer to a repeat. */
export function tokenObjectWithSecret(token: StoredToken, secret: Secret | null) {
  return { ...tokenObject(token), secret: secret && Secret.reveal(secret) }
}
