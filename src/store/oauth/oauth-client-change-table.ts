// How clients of the authorization server come to be and change: each with its line in the audit.

import type { OauthClientStatus } from '../../credentials/oauth.ts'
import { entryOf, writeAudit } from '../audit/audit-table.ts'
import { secretSnapshots } from '../audit/secret-snapshot.ts'
import type { Change } from '../change-table.ts'
import {
  type ChangeOrigin,
  type Committed,
  commitOnce,
  commitTraced,
  takeChange,
  transactionOf,
} from '../commit-table.ts'
import { noKeyLimits, writeKeyLimits } from '../keys/limit-table.ts'
import { invalidPart, mustReachPart } from '../part-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { mustGetClient, type StoredClient } from './oauth-client-table.ts'

export interface NewClientSecret {
  readonly id: string
  /** Lower-case hex SHA-256. */
  readonly digest: string
  readonly last4: string
}

export interface NewClient extends Omit<StoredClient, 'status' | 'createdAtMs' | 'createdBy' | 'secrets'> {
  /** null: it has keys. */
  readonly secret: NewClientSecret | null
}

/** Active ones of one merchant, or of those of no merchant. */
export const mostClients = 100

/** Throws VALIDATION_FAILED; as `commitOnce`. */
export async function createClient(
  db: Postgres,
  origin: ChangeOrigin,
  client: NewClient,
): Promise<Committed<StoredClient>> {
  return commitOnce(db, origin, async (tx) => {
    await mustReachPart(tx, origin.scope, client)
    await refuseMore(tx, client.merchantId)
    await tx.query(
      `INSERT INTO oauth_client (id, merchant_id, api, environment, name, grants, redirect_uris, permissions, auth_method, jwks,
         is_bound, status, created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'active', $12, $13)`,
      [
        ...[client.id, client.merchantId, client.api, client.environment, client.name, client.grants],
        ...[client.redirectUris, client.permissions, client.authMethod],
        ...[client.jwks && JSON.stringify(client.jwks), client.isBound],
        ...[new Date(origin.nowMs), origin.actor],
      ],
    )
    await writeKeySet(tx, client.id, client.jwksUri)
    await writeKeyLimits(tx, client.id, { ...noKeyLimits, ...client.limits })
    if (client.tlsSubject !== null)
      await tx.query('INSERT INTO oauth_client_certificate_name (client_id, name) VALUES ($1, $2)', [
        ...[client.id, JSON.stringify(client.tlsSubject)],
      ])
    if (client.secret !== null) await insertSecret(tx, client.id, client.secret)
    const created = await mustGetClient(tx, client.id, origin)
    await writeClientAudit(tx, origin, { action: 'client.create', before: null, after: created })
    return created
  })
}

/** Where its keys are published; null: nowhere. */
async function writeKeySet(tx: Queryable, clientId: string, uri: string | null): Promise<void> {
  if (uri === null) await tx.query('DELETE FROM oauth_client_key_set WHERE client_id = $1', [clientId])
  else
    await tx.query(
      `INSERT INTO oauth_client_key_set (client_id, uri) VALUES ($1, $2)
       ON CONFLICT (client_id) DO UPDATE SET uri = excluded.uri`,
      [clientId, uri],
    )
}

async function refuseMore(tx: Queryable, merchantId: string | null): Promise<void> {
  const [count] = await tx.query<{ count: number }>(
    `SELECT count(*) AS count FROM oauth_client WHERE merchant_id IS NOT DISTINCT FROM $1 AND status = 'active'`,
    [merchantId],
  )
  if ((count?.count ?? 0) >= mostClients) throw invalidPart('', `there are ${mostClients} already`)
}

export interface ClientPatch {
  readonly name?: string | undefined
  readonly redirectUris?: readonly string[] | undefined
  readonly permissions?: readonly string[] | undefined
  readonly jwks?: StoredClient['jwks'] | undefined
  readonly jwksUri?: string | null | undefined
  readonly limits?: Partial<StoredClient['limits']> | undefined
}

export interface ClientChange {
  readonly id: string
  readonly action: 'client.update' | 'client.disable' | 'client.enable' | 'client.rotate_secret'
  /** Writes what is to be another way; returns whether it did. */
  readonly write: (tx: Queryable, before: StoredClient) => Promise<boolean>
  /** Done last, whatever `write` has found: takes the revision. */
  readonly last?: (tx: Queryable) => Promise<Change | null>
}

export interface ChangedClient {
  readonly client: StoredClient
  /** To be spread; null: nothing. */
  readonly change: Change | null
}

/** One change of a client, with its line in the audit. Throws NOT_FOUND; as `commitTraced`. */
export async function changeClient(
  db: Postgres,
  origin: ChangeOrigin,
  { id, action, write, last = async () => null }: ClientChange,
): Promise<ChangedClient> {
  return commitTraced(db, async (tx, trace) => {
    await tx.query('SELECT FROM oauth_client WHERE id = $1 FOR NO KEY UPDATE', [id])
    const before = await mustGetClient(tx, id, origin)
    const isOther = await write(tx, before)
    const client = isOther ? await mustGetClient(tx, id, origin) : before
    if (isOther) await writeClientAudit(tx, origin, { action, before, after: client })
    return trace(await transactionOf(tx), { client, change: await last(tx) })
  })
}

/** For `changeClient`: what is not named stays. */
export async function writeClientPatch(
  tx: Queryable,
  before: StoredClient,
  { name, redirectUris, permissions, jwks = before.jwks, jwksUri = before.jwksUri, limits }: ClientPatch,
): Promise<boolean> {
  await tx.query(
    'UPDATE oauth_client SET name = $2, redirect_uris = $3, permissions = $4, jwks = $5 WHERE id = $1',
    [
      ...[before.id, name ?? before.name, redirectUris ?? before.redirectUris],
      ...[permissions ?? before.permissions, jwks && JSON.stringify(jwks)],
    ],
  )
  await writeKeySet(tx, before.id, jwksUri)
  if (limits !== undefined)
    await writeKeyLimits(tx, before.id, { ...noKeyLimits, ...before.limits, ...limits })
  return true
}

/** For `changeClient`, last: tokens of the client are read anew, and end with nothing. */
export function takeClientChange(tx: Queryable, id: string): Promise<Change> {
  return takeChange(tx, { keyId: id, merchantId: '', digests: [] }, async () => undefined)
}

/** For `changeClient`; whether it was another. Throws VALIDATION_FAILED where it would be one too many. */
export async function writeClientStatus(
  tx: Queryable,
  before: StoredClient,
  status: OauthClientStatus,
): Promise<boolean> {
  if (before.status === status) return false
  if (status === 'active') {
    await tx.query('SELECT FROM merchant WHERE id = $1 FOR NO KEY UPDATE', [before.merchantId])
    await refuseMore(tx, before.merchantId)
  }
  await tx.query('UPDATE oauth_client SET status = $2 WHERE id = $1', [before.id, status])
  return true
}

/** For `changeClient`: a second secret beside the one until `graceSeconds` are over; older ones end at once. */
export async function writeClientSecret(
  tx: Queryable,
  clientId: string,
  { secret, graceSeconds }: { readonly secret: NewClientSecret; readonly graceSeconds: number },
): Promise<boolean> {
  await tx.query(
    'DELETE FROM oauth_client_secret WHERE client_id = $1 AND (expires_at IS NOT NULL OR $2 = 0)',
    [clientId, graceSeconds],
  )
  await tx.query(
    `UPDATE oauth_client_secret SET expires_at = now() + $2 * interval '1 second' WHERE client_id = $1`,
    [clientId, graceSeconds],
  )
  await insertSecret(tx, clientId, secret)
  return true
}

async function insertSecret(
  tx: Queryable,
  clientId: string,
  { id, digest, last4 }: NewClientSecret,
): Promise<void> {
  await tx.query(
    'INSERT INTO oauth_client_secret (id, client_id, digest, last4, created_at) VALUES ($1, $2, $3, $4, now())',
    [id, clientId, Buffer.from(digest, 'hex'), last4],
  )
}

interface ClientStates {
  readonly action: string
  readonly before: StoredClient | null
  readonly after: StoredClient
}

async function writeClientAudit(tx: Queryable, origin: ChangeOrigin, change: ClientStates): Promise<void> {
  const { action, before, after } = change
  const states = { before: before && snapshot(before), after: snapshot(after) }
  await writeAudit(tx, entryOf(origin, { action, target: after.id, ...states }))
}

function snapshot(client: StoredClient): object {
  return {
    merchant_id: client.merchantId,
    api: client.api,
    environment: client.environment,
    name: client.name,
    grants: client.grants,
    redirect_uris: client.redirectUris,
    permissions: client.permissions,
    auth_method: client.authMethod,
    jwks_uri: client.jwksUri,
    tls_subject: client.tlsSubject,
    rate_limits: client.limits.rates,
    in_flight: client.limits.inFlight,
    bound: client.isBound,
    status: client.status,
    secrets: secretSnapshots(client.secrets),
  }
}
