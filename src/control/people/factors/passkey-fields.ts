// Passkeys as the API shows them, and what browsers send of them (WebAuthn in JSON).

import { type Static, Type } from 'typebox'
import type { StoredPasskey } from '../../../store/people/passkey-table.ts'
import { nameField } from '../../fields.ts'
import { instant, instantOrNull } from '../../instant.ts'
import { nullableTime, timeSchema } from '../../openapi/route-doc.ts'

export const optionsSchema = Type.Object({
  options: Type.Unsafe<object>({ type: 'object', description: 'As WebAuthn has them in JSON' }),
})
export const passkeySchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  created_at: timeSchema,
  last_used_at: nullableTime,
})

export function passkeyObject(passkey: StoredPasskey): Static<typeof passkeySchema> {
  const { id, name, createdAtMs, lastUsedAtMs } = passkey
  return { id, name, created_at: instant(createdAtMs), last_used_at: instantOrNull(lastUsedAtMs) }
}

const text = (most: number) => Type.String({ maxLength: most })
const base64url = (most: number) => Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: most })

/** What browsers send beside it is not looked at. */
const common = {
  id: base64url(1_400),
  rawId: base64url(1_400),
  type: Type.Literal('public-key'),
  authenticatorAttachment: Type.Optional(Type.Union([text(40), Type.Null()])),
  clientExtensionResults: Type.Optional(Type.Unsafe<object>({ type: 'object' })),
}
export const registration = Type.Object({
  ...common,
  response: Type.Object({
    clientDataJSON: base64url(4_096),
    attestationObject: base64url(16_384),
    transports: Type.Optional(Type.Array(text(40), { maxItems: 10 })),
  }),
})
export const assertion = Type.Object({
  ...common,
  response: Type.Object({
    clientDataJSON: base64url(4_096),
    authenticatorData: base64url(4_096),
    signature: base64url(2_048),
    userHandle: Type.Optional(Type.Union([base64url(200), Type.Null()])),
  }),
})
const closed = { additionalProperties: false } as const
export const addBody = Type.Object({ name: nameField, response: registration }, closed)
export const signInBody = Type.Object({ response: assertion }, closed)
