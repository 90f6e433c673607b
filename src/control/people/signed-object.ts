// Who is signed in, as the hub's own paths say it.

import { type Static, Type } from 'typebox'
import { memberRoles, tokenRoles } from '../../credentials/role.ts'
import type { Secret } from '../../credentials/secret.ts'
import { proofs, type SignedIn, type StoredSession } from '../../store/people/hub-session-table.ts'
import { merchantStatuses } from '../../credentials/record.ts'
import { instant } from '../instant.ts'
import { timeSchema } from '../openapi/route-doc.ts'
import { csrfOf } from './session-secret.ts'

export const userSchema = Type.Object({
  id: Type.String(),
  email: Type.String(),
  kind: Type.Enum(['operator', 'member']),
  role: Type.Union([Type.Enum([...tokenRoles]), Type.Null()], {
    description: 'Of an operator; null: a member',
  }),
  merchants: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      status: Type.Enum([...merchantStatuses]),
      role: Type.Enum([...memberRoles]),
    }),
    { description: 'Of a member; operators see all merchants, and none is named here' },
  ),
})

export const signedSchema = Type.Object({
  user: userSchema,
  csrf: Type.String({ description: 'For `X-CSRF-Token` of whatever changes something' }),
  session: Type.Object({
    id: Type.String(),
    created_at: timeSchema,
    expires_at: Type.String({ format: 'date-time', description: 'However much it is used' }),
    idle_seconds: Type.Integer({ description: 'It also ends when it was not used for so long' }),
  }),
})

export const sessionSchema = Type.Object({
  id: Type.String(),
  created_at: timeSchema,
  last_used_at: Type.String({ format: 'date-time', description: 'By the minute' }),
  expires_at: timeSchema,
  client: Type.Union([Type.String(), Type.Null()], { description: 'Address that it began from' }),
  user_agent: Type.Union([Type.String(), Type.Null()]),
  proofs: Type.Array(Type.Enum([...proofs])),
  current: Type.Boolean(),
})

export function signedObject(
  { person, session, merchants }: SignedIn,
  secret: Secret,
  idleMs: number,
): Static<typeof signedSchema> {
  const { id, email, kind, role } = person
  return {
    user: { id, email, kind, role, merchants: [...merchants] },
    csrf: csrfOf(secret),
    session: {
      id: session.id,
      created_at: instant(session.createdAtMs),
      expires_at: instant(session.endsAtMs),
      idle_seconds: Math.floor(idleMs / 1000),
    },
  }
}

export function sessionObject(session: StoredSession, currentId: string): Static<typeof sessionSchema> {
  return {
    id: session.id,
    created_at: instant(session.createdAtMs),
    last_used_at: instant(session.lastUsedAtMs),
    expires_at: instant(session.endsAtMs),
    client: session.client,
    user_agent: session.userAgent,
    proofs: [...session.proofs],
    current: session.id === currentId,
  }
}
