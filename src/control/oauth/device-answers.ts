// Programs of others without a browser of their own (RFC 8628): what is asked by a code, and what is said to it.

import type { FastifyRequest } from 'fastify'
import { commitTraced, transactionOf } from '../../store/commit-table.ts'
import { findActiveClient } from '../../store/oauth/oauth-client-table.ts'
import {
  allowOauthDevice,
  findOauthDevice,
  refuseOauthDevice,
  type WaitingDevice,
} from '../../store/oauth/oauth-device-table.ts'
import type { SignedIn } from '../../store/people/hub-session-table.ts'
import type { Queryable } from '../../store/postgres.ts'
import { instant } from '../instant.ts'
import type { HubApp } from '../people/hub-app.ts'
import { accessObject, type AskedAccess } from './access-object.ts'
import { makeGrant, newGrantOf } from './make-grant.ts'

/** undefined: there is none that waits, or its client or API has ended. */
export async function deviceAccess(hub: HubApp, signedIn: SignedIn, userDigest: string) {
  const found = await findOauthDevice(hub.deps.db, userDigest)
  const asked = found && (await askedBy(hub, hub.deps.db, found))
  if (found === undefined || asked === undefined) return undefined
  return {
    ...{ name: asked.client.name, client: found.client },
    ...{ requested_at: instant(found.createdAtMs), expires_at: instant(found.expiresAtMs) },
    access: await accessObject(hub, asked, signedIn),
  }
}

async function askedBy(
  { deps }: HubApp,
  db: Queryable,
  { clientId, permissions }: WaitingDevice,
): Promise<AskedAccess | undefined> {
  const client = await findActiveClient(db, clientId)
  const api = deps.table().apis.get(client?.api ?? '')
  return client && api && api.oauth !== null ? { client, api, permissions } : undefined
}

interface Allowing {
  readonly userDigest: string
  readonly merchantId: string | undefined
}

/** Whether there was one that waited. Throws VALIDATION_FAILED, and UNAUTHORIZED. */
export async function allowDevice(
  hub: HubApp,
  request: FastifyRequest,
  { userDigest, merchantId }: Allowing,
): Promise<boolean> {
  return commitTraced(hub.deps.db, async (tx, trace) => {
    const found = await findOauthDevice(tx, userDigest, 'FOR UPDATE')
    const asked = found && (await askedBy(hub, tx, found))
    if (asked === undefined) return false
    const grant = newGrantOf(hub, request, { asked, merchantId })
    await makeGrant(tx, hub, { request, grant })
    await allowOauthDevice(tx, { userDigest, personId: grant.personId, grantId: grant.id })
    return trace(await transactionOf(tx), true)
  })
}

/** Whether there was one that waited. */
export function refuseDevice({ deps }: HubApp, userDigest: string): Promise<boolean> {
  return refuseOauthDevice(deps.db, userDigest)
}
