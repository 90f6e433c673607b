// Keys as the control plane sees them: everything but the secrets' digests.

import type { Environment, KeyStatus, ListedStatus } from '../credentials/record.ts'
import { deny, DenialError } from '../errors/denial.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'
import type { Queryable } from './postgres.ts'
import { milliseconds } from './session.ts'

/** Times in milliseconds since the epoch. */
export interface StoredKey {
  readonly id: string
  readonly merchantId: string
  readonly api: string
  readonly environment: Environment
  readonly name: string
  readonly status: KeyStatus
  readonly prefix: string
  /** Sorted; `['*']` stands for every permission of the API. */
  readonly permissions: readonly string[]
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  /** Of any of its secrets, ended ones included. */
  readonly lastUsedAtMs: number | null
  readonly revision: number
  /** The live ones: the current secret, then during a grace the one that it replaces. */
  readonly secrets: readonly StoredSecret[]
}

export interface StoredSecret {
  readonly id: string
  readonly last4: string
  readonly createdAtMs: number
  /** End of its grace; null: the current secret. */
  readonly expiresAtMs: number | null
  readonly lastUsedAtMs: number | null
}

export interface KeyFilter {
  readonly merchantId?: string | undefined
  readonly status?: ListedStatus | undefined
  readonly api?: string | undefined
  readonly environment?: Environment | undefined
  /** Part of the name, the id or the last four characters; case does not count. */
  readonly text?: string | undefined
}

const selectKeys = `
  SELECT k.id, k.merchant_id AS "merchantId", k.api, k.environment, k.name, k.status, k.prefix, k.permissions,
    ${milliseconds('k.created_at')} AS "createdAtMs", ${milliseconds('k.expires_at')} AS "expiresAtMs", k.revision,
    s."lastUsedAtMs", s.secrets
  FROM api_key k CROSS JOIN LATERAL (
    SELECT ${milliseconds('max(last_used_at)')} AS "lastUsedAtMs",
      coalesce(jsonb_agg(jsonb_build_object(
        'id', id, 'last4', last4, 'createdAtMs', ${milliseconds('created_at')},
        'expiresAtMs', ${milliseconds('expires_at')}, 'lastUsedAtMs', ${milliseconds('last_used_at')}
      ) ORDER BY expires_at DESC NULLS FIRST) FILTER (WHERE expires_at IS NULL OR expires_at > $1), '[]') AS secrets
    FROM key_secret WHERE key_id = k.id
  ) s`

/** One key with the secrets that live at `nowMs`. Throws StoreUnavailableError. */
export async function getKey(db: Queryable, id: string, nowMs: number): Promise<StoredKey | undefined> {
  const rows = await db.query<StoredKey>(`${selectKeys} WHERE k.id = $2`, [new Date(nowMs), id])
  return rows[0]
}

/** The keys that match all of the filter, newest first. The cursor is the id of the last one seen. */
export async function listKeys(
  db: Queryable,
  filter: KeyFilter & { readonly nowMs: number },
  page: PageRequest<string>,
): Promise<Page<StoredKey>> {
  const rows = await db.query<StoredKey>(
    `${selectKeys}
     WHERE ($2::text IS NULL OR k.merchant_id = $2)
       AND ($3::text IS NULL OR k.status = $3
         OR ($3 = 'expired' AND k.status = 'active' AND k.expires_at <= $1))
       AND ($4::text IS NULL OR k.api = $4)
       AND ($5::text IS NULL OR k.environment = $5)
       AND ($6::text IS NULL OR position(lower($6) IN lower(k.name)) > 0 OR position(lower($6) IN lower(k.id)) > 0
         OR EXISTS (
           SELECT FROM key_secret f WHERE f.key_id = k.id AND position(lower($6) IN lower(f.last4)) > 0
             AND (f.expires_at IS NULL OR f.expires_at > $1)))
       AND ($7::text IS NULL OR k.id < $7)
     ORDER BY k.id DESC LIMIT $8`,
    [
      new Date(filter.nowMs),
      filter.merchantId ?? null,
      filter.status ?? null,
      filter.api ?? null,
      filter.environment ?? null,
      filter.text ?? null,
      page.after,
      page.limit + 1,
    ],
  )
  return pageOf(rows, page.limit)
}

/**
 * Locks a key until the transaction ends and reads it. Two statements, as the rows that hang on it must be read
 * after the wait for the lock. Throws NOT_FOUND.
 */
export async function lockKey(tx: Queryable, id: string, nowMs: number): Promise<StoredKey> {
  await tx.query('SELECT FROM api_key WHERE id = $1 FOR NO KEY UPDATE', [id])
  return mustGetKey(tx, id, nowMs)
}

/** Reads a key that is there; throws NOT_FOUND where it is not. */
export async function mustGetKey(db: Queryable, id: string, nowMs: number): Promise<StoredKey> {
  const key = await getKey(db, id, nowMs)
  if (!key) throw new DenialError(deny('NOT_FOUND', 'unknown_key'))
  return key
}

/** A key for the audit: neither secrets nor digests, times in RFC 3339. */
export function keySnapshot(key: StoredKey): object {
  return {
    merchant_id: key.merchantId,
    api: key.api,
    environment: key.environment,
    name: key.name,
    status: key.status,
    permissions: key.permissions,
    expires_at: time(key.expiresAtMs),
    secrets: key.secrets.map(({ id, last4, expiresAtMs }) => ({ id, last4, expires_at: time(expiresAtMs) })),
  }
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
