// /hub/v1/account/security: by what an account is entered.

import { Type } from 'typebox'
import type { ControlApp } from '../../dependencies.ts'
import { instant } from '../../instant.ts'
import { type RouteDoc, timeSchema } from '../../openapi/route-doc.ts'
import { listPasskeys } from '../../../store/people/passkey-table.ts'
import { listLinked } from '../../../store/people/person-oidc-table.ts'
import { credentialsOf } from '../../../store/people/person-table.ts'
import type { HubApp } from '../hub-app.ts'
import { signedInOf } from '../session-routes.ts'
import { passkeyObject, passkeySchema } from './passkey-fields.ts'
import { totpObject, totpSchema } from './totp-routes.ts'

const doc = {
  summary: 'By what the account is entered',
  status: 200,
  answer: Type.Object({
    totp: totpSchema,
    passkeys: Type.Array(passkeySchema),
    oidc: Type.Array(Type.Object({ issuer: Type.String(), name: Type.String(), created_at: timeSchema })),
    password: Type.Boolean({ description: 'Whether it has one' }),
  }),
  isOfSession: true,
  errors: ['STORE_UNAVAILABLE'],
} as const satisfies RouteDoc

/** For callers with a session. */
export function serveSecurity(app: ControlApp, hub: HubApp): void {
  const { db, hub: settings } = hub.deps
  const nameOf = (issuer: string) =>
    settings.oidc.find((one) => issuerOf(one.issuer) === issuerOf(issuer))?.name ?? issuer
  app.get('/account/security', { config: { doc } }, async (request) => {
    const { id } = signedInOf(request).person
    return {
      totp: await totpObject(hub, id),
      passkeys: (await listPasskeys(db, id)).map(passkeyObject),
      oidc: (await listLinked(db, id)).map(({ issuer, createdAtMs }) => ({
        ...{ issuer, name: nameOf(issuer), created_at: instant(createdAtMs) },
      })),
      password: typeof (await credentialsOf(db, id))?.password === 'string',
    }
  })
}

/** Some are written with a slash at their end. */
function issuerOf(text: string): string {
  return text.replace(/\/$/, '')
}
