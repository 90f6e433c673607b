// Keys as the control plane sees them: everything but the secrets' digests.

import type { Environment, KeyStatus, ListedStatus } from '../credentials/record.ts'
import { deny, DenialError } from '../errors/denial.ts'
import { type Page, type PageRequest, pageOf } from './page.ts'
import type { Queryable } from './postgres.ts'
import { hasSearchIndexes, shortestIndexed, textOfKey } from './search-table.ts'
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

type AskedKeys = KeyFilter & { readonly nowMs: number }

/**
 * The keys that match all of the filter, newest first. The cursor is the id of the last one seen. A text is looked for
 * among the newest keys first: what many have is found there. What few have is found by the indexes, where they are built.
 */
export async function listKeys(
  db: Queryable,
  filter: AskedKeys,
  page: PageRequest<string>,
): Promise<Page<StoredKey>> {
  const { text } = filter
  if (text === undefined || Array.from(text).length < shortestIndexed || !(await hasSearchIndexes(db))) {
    return pageOf(await selectPage(db, filter, page), page.limit)
  }
  const near = await selectPage(db, filter, page, 'near')
  if (near.length > page.limit) return pageOf(near, page.limit)
  const [found] = await db.query<{ count: number }>(`SELECT count(*) FROM (${foundBy('$1')} LIMIT $2) f`, [
    text,
    mostFound + 1,
  ])
  const isFrequent = found === undefined || found.count > mostFound
  return pageOf(await selectPage(db, filter, page, isFrequent ? 'all' : 'found'), page.limit)
}

/** Keys that are looked at before an index is asked; from so many found on, looking at all in turn finds a page sooner. */
const nearest = 2_000
const mostFound = 4_000

const holds = (column: string, text: string) => `position(lower(${text}) IN lower(${column})) > 0`

/** The ids of keys that hold the text, by the indexes; ended secrets count. */
function foundBy(text: string): string {
  return `SELECT k.id FROM api_key k WHERE search_grams(${textOfKey}) @> search_grams(${text})
      AND (${holds('k.name', text)} OR ${holds('k.id', text)})
    UNION SELECT key_id FROM key_secret WHERE search_grams(last4) @> search_grams(${text}) AND ${holds('last4', text)}`
}

type Among = 'all' | 'near' | 'found'

/** One row more than a page has. */
async function selectPage(
  db: Queryable,
  filter: AskedKeys,
  page: PageRequest<string>,
  among: Among = 'all',
): Promise<StoredKey[]> {
  const values: unknown[] = [new Date(filter.nowMs)]
  const put = (value: unknown) => `$${values.push(value)}`
  const scope: string[] = []
  if (filter.merchantId !== undefined) scope.push(`k.merchant_id = ${put(filter.merchantId)}`)
  if (page.after !== null) scope.push(`k.id < ${put(page.after)}`)
  const conditions = [...scope]
  if (filter.status !== undefined) conditions.push(hasStatus(filter.status, put))
  if (filter.api !== undefined) conditions.push(`k.api = ${put(filter.api)}`)
  if (filter.environment !== undefined) conditions.push(`k.environment = ${put(filter.environment)}`)
  if (filter.text !== undefined) {
    const text = `${put(filter.text)}::text`
    conditions.push(`(${holds('k.name', text)} OR ${holds('k.id', text)} OR EXISTS (
      SELECT FROM key_secret f WHERE f.key_id = k.id AND ${holds('f.last4', text)}
        AND (f.expires_at IS NULL OR f.expires_at > $1)))`)
    if (among === 'found') conditions.push(`k.id IN (${foundBy(text)})`)
  }
  if (among === 'near') {
    const where = scope.length > 0 ? `WHERE ${scope.join(' AND ')}` : ''
    conditions.push(`k.id >= coalesce((
      SELECT k.id FROM api_key k ${where} ORDER BY k.id DESC OFFSET ${nearest} LIMIT 1), '')`)
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
  const limit = put(page.limit + 1)
  return db.query<StoredKey>(`${selectKeys} ${where} ORDER BY k.id DESC LIMIT ${limit}`, values)
}

function hasStatus(status: ListedStatus, put: (value: unknown) => string): string {
  if (status === 'expired') return `k.status = 'active' AND k.expires_at <= $1`
  return `k.status = ${put(status)}`
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
