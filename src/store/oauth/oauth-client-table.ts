// Clients of the authorization server. Of their secrets digests alone are known.

import type { TlsSubjectKind } from '../../credentials/certificate.ts'
import type { ClientAuthMethod, OauthClientStatus, OauthGrantType } from '../../credentials/oauth.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { StoredKeyLimits } from '../keys/limit-table.ts'
import type { Queryable } from '../postgres.ts'
import { refuseViewer, type Scope, type View } from '../scope.ts'
import { milliseconds } from '../session.ts'

export interface StoredClientSecret {
  readonly id: string
  readonly last4: string
  readonly createdAtMs: number
  /** End of its overlap; null: the current one. */
  readonly expiresAtMs: number | null
}

/** Times in milliseconds since the epoch. */
export interface StoredClient {
  readonly id: string
  /** null: of all merchants. */
  readonly merchantId: string | null
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly grants: readonly OauthGrantType[]
  readonly redirectUris: readonly string[]
  /** That it may ask for at most; `['*']`: all of the API. */
  readonly permissions: readonly string[]
  readonly authMethod: ClientAuthMethod
  /** Public keys (RFC 7517); null: it has a secret, or publishes them. */
  readonly jwks: { readonly keys: readonly object[] } | null
  /** Where it publishes them; null: nowhere. */
  readonly jwksUri: string | null
  /** Of tls_client_auth: the one name that its certificate has; null: it shows itself by something else. */
  readonly tlsSubject: Partial<Readonly<Record<TlsSubjectKind, string>>> | null
  readonly isBound: boolean
  readonly limits: Pick<StoredKeyLimits, 'rates' | 'inFlight'>
  readonly status: OauthClientStatus
  readonly createdAtMs: number
  readonly createdBy: string
  /** Those that work, the current one first. */
  readonly secrets: readonly StoredClientSecret[]
}

const selectClients = (where: string) => `
  SELECT c.id, c.merchant_id AS "merchantId", c.api, c.environment, c.name, c.grants, c.redirect_uris AS "redirectUris",
    c.permissions, c.auth_method AS "authMethod", c.jwks, c.is_bound AS "isBound", c.status,
    (SELECT k.uri FROM oauth_client_key_set k WHERE k.client_id = c.id) AS "jwksUri",
    (SELECT n.name FROM oauth_client_certificate_name n WHERE n.client_id = c.id) AS "tlsSubject",
    (SELECT jsonb_build_object('rates', coalesce(max(l.rates::text)::jsonb, '{}'), 'inFlight', max(l.in_flight))
     FROM key_limit l WHERE l.key_id = c.id) AS limits,
    ${milliseconds('c.created_at')} AS "createdAtMs", c.created_by AS "createdBy",
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'last4', s.last4,
       'createdAtMs', ${milliseconds('s.created_at')}, 'expiresAtMs', ${milliseconds('s.expires_at')})
       ORDER BY s.expires_at DESC NULLS FIRST), '[]')
     FROM oauth_client_secret s WHERE s.client_id = c.id AND (s.expires_at IS NULL OR s.expires_at > now())) AS secrets
  FROM oauth_client c WHERE ${where}`

/** Whoever sees a part of the installation sees the clients of that part. */
function conditions({ merchantIds, apis }: Scope, put: (value: unknown) => string): readonly string[] {
  return [
    ...(merchantIds === null ? [] : [`c.merchant_id = ANY (${put(merchantIds)}::text[])`]),
    ...(apis === null ? [] : [`c.api = ANY (${put(apis)}::text[])`]),
  ]
}

/** Whoever it is of. undefined: there is none, or it is disabled. */
export async function findActiveClient(db: Queryable, id: string): Promise<StoredClient | undefined> {
  const rows = await db.query<StoredClient>(selectClients(`c.id = $1 AND c.status = 'active'`), [id])
  return rows[0]
}

/** Whether a secret of that digest works for the client. */
export async function isClientSecret(db: Queryable, clientId: string, digest: string): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM oauth_client_secret WHERE digest = $2 AND client_id = $1 AND (expires_at IS NULL OR expires_at > now())`,
    [clientId, Buffer.from(digest, 'hex')],
  )
  return rows.length > 0
}

/** Keeps it active until the end of the transaction; false: it is not. */
export async function lockActiveClient(tx: Queryable, id: string): Promise<boolean> {
  const rows = await tx.query(`SELECT FROM oauth_client WHERE id = $1 AND status = 'active' FOR SHARE`, [id])
  return rows.length > 0
}

/** Throws NOT_FOUND. */
export async function mustGetClient(
  db: Queryable,
  id: string,
  { scope }: Pick<View, 'scope'>,
): Promise<StoredClient> {
  const values: unknown[] = [id]
  const scoped = conditions(scope, (value) => `$${values.push(value)}`)
  const rows = await db.query<StoredClient>(selectClients(['c.id = $1', ...scoped].join(' AND ')), values)
  if (rows[0]) return rows[0]
  if (scope.viewedIds !== undefined) {
    const [row] = await db.query<{ merchantId: string | null }>(
      'SELECT merchant_id AS "merchantId" FROM oauth_client WHERE id = $1',
      [id],
    )
    refuseViewer(scope, row?.merchantId ?? undefined)
  }
  throw new DenialError(deny('NOT_FOUND', 'unknown_client'))
}

/** Newest first. The cursor is the id of the last one seen. */
export async function listClients(
  db: Queryable,
  { scope, merchantId }: Pick<View, 'scope'> & { readonly merchantId?: string | undefined },
  page: PageRequest<string>,
): Promise<Page<StoredClient>> {
  const values: unknown[] = []
  const put = (value: unknown) => `$${values.push(value)}`
  const where = [
    'true',
    ...conditions(scope, put),
    ...(merchantId === undefined ? [] : [`c.merchant_id = ${put(merchantId)}`]),
    ...(page.after === null ? [] : [`c.id < ${put(page.after)}`]),
  ].join(' AND ')
  const limit = put(page.limit + 1)
  const rows = await db.query<StoredClient>(
    `${selectClients(where)} ORDER BY c.id DESC LIMIT ${limit}`,
    values,
  )
  return pageOf(rows, page.limit)
}
