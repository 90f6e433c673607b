// What somebody is asked to allow a program of others, in words, and the merchants of which that one may.

import { type Static, Type } from 'typebox'
import type { Api } from '../../config/compiled.ts'
import type { StoredClient } from '../../store/oauth/oauth-client-table.ts'
import { listGrants } from '../../store/oauth/oauth-grant-table.ts'
import type { SignedIn } from '../../store/people/hub-session-table.ts'
import { everything } from '../../store/scope.ts'
import type { HubApp } from '../people/hub-app.ts'

export const accessSchema = Type.Object({
  client: Type.Object({ id: Type.String(), name: Type.String() }),
  api: Type.String(),
  environment: Type.String(),
  permissions: Type.Array(Type.Object({ name: Type.String(), description: Type.String() })),
  merchants: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      granted: Type.Boolean({ description: 'Whether all of this was granted before, and lasts' }),
    }),
    { description: 'Of which one may grant it; none: one may not' },
  ),
})

export interface AskedAccess {
  readonly client: StoredClient
  readonly api: Api
  readonly permissions: readonly string[]
}

/** Merchants of which somebody may give access away: as an admin of one that is active. */
export function grantable({ merchants }: SignedIn, { merchantId }: StoredClient) {
  return merchants.filter(
    ({ id, role, status }) =>
      role === 'admin' && status === 'active' && (merchantId === null || merchantId === id),
  )
}

export async function accessObject(
  { deps }: HubApp,
  { client, api, permissions }: AskedAccess,
  signedIn: SignedIn,
): Promise<Static<typeof accessSchema>> {
  const asked = { scope: everything, personId: signedIn.person.id }
  const { rows } = await listGrants(deps.db, asked, { after: null, limit: 200 })
  const isGranted = (merchantId: string) =>
    rows.some(
      (row) =>
        row.clientId === client.id &&
        row.merchantId === merchantId &&
        permissions.every((name) => row.permissions.includes(name)),
    )
  return {
    client: { id: client.id, name: client.name },
    ...{ api: api.name, environment: client.environment },
    permissions: permissions.map((name) => ({ name, description: api.permissions.get(name) ?? name })),
    merchants: grantable(signedIn, client).map(({ id, name }) => ({ id, name, granted: isGranted(id) })),
  }
}
