// What somebody allows a program of others, with its line in the audit.

import type { FastifyRequest } from 'fastify'
import { deny, DenialError } from '../../errors/denial.ts'
import { writeAudit } from '../../store/audit/audit-table.ts'
import { insertGrant, lockGranting } from '../../store/oauth/oauth-grant-table.ts'
import type { Queryable } from '../../store/postgres.ts'
import { whoOf } from '../change-answer.ts'
import { auditedGrant } from '../grants/routes.ts'
import type { HubApp } from '../people/hub-app.ts'
import { signedInOf } from '../people/session-routes.ts'
import { invalid } from '../refusal.ts'
import { type AskedAccess, grantable } from './access-object.ts'

/** Its first refresh token prolongs it. */
const unusedSeconds = 10 * 60

export interface NewGrantOf {
  readonly id: string
  readonly clientId: string
  readonly personId: string
  readonly merchantId: string
  readonly permissions: readonly string[]
  readonly lifetimeSeconds: number
}

/** Throws VALIDATION_FAILED where the merchant is none of which this one may give access away. */
export function newGrantOf(
  { deps }: HubApp,
  request: FastifyRequest,
  {
    asked,
    merchantId,
  }: { readonly asked: Omit<AskedAccess, 'api'>; readonly merchantId: string | undefined },
): NewGrantOf {
  const signedIn = signedInOf(request)
  const merchant = grantable(signedIn, asked.client).find(({ id }) => id === merchantId)
  if (merchant === undefined)
    throw invalid('/merchant_id', 'must be a merchant that you administer, and that the client is for')
  return {
    ...{ id: deps.newId('grt'), clientId: asked.client.id, personId: signedIn.person.id },
    ...{ merchantId: merchant.id, permissions: asked.permissions, lifetimeSeconds: unusedSeconds },
  }
}

/** Throws UNAUTHORIZED where what it rests on has just ended. */
export async function makeGrant(
  tx: Queryable,
  { deps }: HubApp,
  { request, grant }: { readonly request: FastifyRequest; readonly grant: NewGrantOf },
): Promise<void> {
  if (!(await lockGranting(tx, { ...grant, sessionId: signedInOf(request).session.id })))
    throw new DenialError(deny('UNAUTHORIZED', 'session_ended'))
  await insertGrant(tx, grant)
  await writeAudit(tx, {
    ...{ ...whoOf(request), action: 'grant.create', target: grant.id, before: null },
    ...{ after: auditedGrant(grant), atMs: deps.now(), revision: null },
  })
}
