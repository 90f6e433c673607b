// Keys as the control plane sees them: everything but the secrets' digests.

import type { BrakeAction } from '../../config/brake-schema.ts'
import type { KeyStatus, ListedStatus } from '../../credentials/record.ts'
import { DenialError, deny } from '../../errors/denial.ts'
import { secretSnapshots } from '../audit/secret-snapshot.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Queryable } from '../postgres.ts'
import { keyConditions, refuseViewer, type View } from '../scope.ts'
import { milliseconds } from '../session.ts'
import { ageConditions, type KeyAges } from './key-ages.ts'
import { behind, type KeyOrder, type KeySort, orderClause, orderOf } from './key-order.ts'
import {
  minuteOfKey,
  stageConditions,
  stageOrder,
  stageTables,
  type UseStage,
  useStages,
} from './key-use-table.ts'
import { keyLimitsOf, noKeyLimits, type StoredKeyLimits } from './limit-table.ts'
import { gramsOf, hasIndexes, hasSearchIndexes, shortestIndexed, textOfKey } from './search-table.ts'

export type KeyMetadata = Readonly<Record<string, string>>

/** Times in milliseconds since the epoch. */
export interface StoredKey {
  readonly id: string
  readonly merchantId: string
  readonly api: string
  readonly environment: string
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
  /** null: nothing is said. (As is of an object that an earlier version kept for a repeat.) */
  readonly limits?: StoredKeyLimits | null
  /** What its people have written to it, name → text. */
  readonly metadata: KeyMetadata
  /** Who answers for it; null: nobody was named. */
  readonly owner: string | null
  /** Who made it, as the audit calls them; null: not known. */
  readonly createdBy: string | null
  /** The first report that a secret of it which still works stands in public; null: there is none. */
  readonly exposedAtMs: number | null
  /** Brakes that hold it, or told of it in the last day, the newest first. */
  readonly brakes: readonly StoredBrake[]
  /** The live ones: the current secret, then during a grace the one that it replaces. */
  readonly secrets: readonly StoredSecret[]
}

export interface StoredBrake {
  /** Its name in the file. */
  readonly name: string
  /** What was done, which for want of something may be less than what the file says. */
  readonly action: BrakeAction
  readonly pulledAtMs: number
  /** Of one that only told: when it may tell again; null: it holds the key until somebody releases it. */
  readonly endsAtMs: number | null
}

export interface StoredSecret {
  readonly id: string
  readonly last4: string
  readonly createdAtMs: number
  /** End of its grace; null: the current secret. */
  readonly expiresAtMs: number | null
  readonly lastUsedAtMs: number | null
}

export interface KeyFilter extends KeyAges {
  readonly merchantId?: string | undefined
  readonly status?: ListedStatus | undefined
  readonly api?: string | undefined
  readonly environment?: string | undefined
  /** Part of the name, the id or the last four characters; case does not count. */
  readonly text?: string | undefined
  /** Of a secret that works, exactly. */
  readonly last4?: string | undefined
  /** The newest first unless said. */
  readonly sort?: KeySort | undefined
}

const selectKeys = (from: string) => `
  SELECT k.id, k.merchant_id AS "merchantId", k.api, k.environment, k.name, k.status, k.prefix, k.permissions,
    ${milliseconds('k.created_at')} AS "createdAtMs", ${milliseconds('k.expires_at')} AS "expiresAtMs", k.revision,
    s."lastUsedAtMs", s.secrets, coalesce(a.metadata, '{}') AS metadata, a.owner, a.created_by AS "createdBy",
    (SELECT ${milliseconds('min(e.at)')} FROM key_exposure e WHERE e.secret_id = ANY (s.live)) AS "exposedAtMs",
    (SELECT coalesce(jsonb_agg(jsonb_build_object('name', b.brake, 'action', b.action,
        'pulledAtMs', ${milliseconds('b.pulled_at')}, 'endsAtMs', ${milliseconds('b.released_at')}
      ) ORDER BY b.pulled_at DESC, b.brake), '[]') FROM key_brake b WHERE b.key_id = k.id
      AND (b.released_at IS NULL OR b.action = 'notify' AND b.released_at > $1)
      AND (b.action <> 'disable' OR k.status = 'disabled')) AS brakes,
    CASE WHEN l.key_id IS NOT NULL THEN ${keyLimitsOf('l')} END AS limits
  FROM ${from} LEFT JOIN key_about a ON a.key_id = k.id
    LEFT JOIN key_limit l ON l.key_id = k.id CROSS JOIN LATERAL (
    SELECT ${milliseconds('max(last_used_at)')} AS "lastUsedAtMs",
      coalesce(jsonb_agg(jsonb_build_object(
        'id', id, 'last4', last4, 'createdAtMs', ${milliseconds('created_at')},
        'expiresAtMs', ${milliseconds('expires_at')}, 'lastUsedAtMs', ${milliseconds('last_used_at')}
      ) ORDER BY expires_at DESC NULLS FIRST) FILTER (WHERE expires_at IS NULL OR expires_at > $1), '[]') AS secrets,
      array_agg(id) FILTER (WHERE expires_at IS NULL OR expires_at > $1) AS live
    FROM key_secret WHERE key_id = k.id
  ) s`

/** One key that the view holds. Throws StoreUnavailableError. */
export async function getKey(db: Queryable, id: string, view: View): Promise<StoredKey | undefined> {
  const values: unknown[] = [new Date(view.nowMs), id]
  const scoped = keyConditions(view.scope, (value) => `$${values.push(value)}`)
  const where = ['k.id = $2', ...scoped].join(' AND ')
  const rows = await db.query<StoredKey>(`${selectKeys('api_key k')} WHERE ${where}`, values)
  return rows[0]
}

type AskedKeys = KeyFilter & View

/**
 * The keys of the view that match all of the filter. The cursor is the id of the last one seen. A text is looked for among the
 * newest keys first, where these are asked for first: what many have is found there. What few have is found by the indexes,
 * where they are built.
 */
export async function listKeys(
  db: Queryable,
  asked: AskedKeys,
  page: PageRequest<string>,
): Promise<Page<StoredKey>> {
  const { text, last4, scope } = asked
  // Whoever sees one merchant alone is best served by that one's keys.
  const [only] = scope.merchantIds?.length === 1 ? scope.merchantIds : []
  const filter = { ...asked, merchantId: asked.merchantId ?? only }
  const ending = last4 === undefined ? undefined : await findEnding(db, last4)
  if (ending !== undefined)
    return pageOf(await selectPage(db, filter, page, { kind: 'these', ids: ending }), page.limit)
  if (text === undefined || Array.from(text).length < shortestIndexed || !(await hasSearchIndexes(db))) {
    return pageOf(await selectInTurn(db, filter, page), page.limit)
  }
  if (asked.sort !== undefined && asked.sort !== '-created') {
    const ids = await findIds(db, text)
    // Many have it, so a page of them is met soon in any order.
    const among: Among = ids === undefined ? { kind: 'all' } : { kind: 'these', ids }
    return pageOf(await selectPage(db, filter, page, among), page.limit)
  }
  for (const among of [newest.few, newest.many]) {
    const from = await beginOfNewest(db, { filter, page }, among)
    const near = await selectPage(db, filter, page, { kind: 'from', id: from ?? '' })
    // Full, or there are no others.
    if (near.length > page.limit || from === undefined) return pageOf(near, page.limit)
    if (among === newest.many) break
    const ids = await findIds(db, text)
    if (ids !== undefined)
      return pageOf(await selectPage(db, filter, page, { kind: 'these', ids }), page.limit)
  }
  return pageOf(await selectPage(db, filter, page, { kind: 'found' }), page.limit)
}

/** Keys that are looked at in turn: before an index is asked, and where it finds too many to be sorted by the way. */
const newest = { few: 2_000, many: 20_000 } as const
const mostFound = 4_000

/** The id from which on so many of the filter's merchant, or of all, are on this page or after it; undefined: all are. */
async function beginOfNewest(
  db: Queryable,
  { filter, page }: { readonly filter: AskedKeys; readonly page: PageRequest<string> },
  count: number,
): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>(
    `SELECT id FROM api_key WHERE ${filter.merchantId === undefined ? '$1::text IS NULL' : 'merchant_id = $1'}
       AND ($2::text IS NULL OR id < $2) ORDER BY id DESC OFFSET $3 LIMIT 1`,
    [filter.merchantId ?? null, page.after, count],
  )
  return row?.id
}

/** Ids of keys with a secret that ends so, ended ones included; undefined: too many have one, or the index is not there. */
async function findEnding(db: Queryable, last4: string): Promise<ReadonlySet<string> | undefined> {
  if (Array.from(last4).length < shortestIndexed || !(await hasSearchIndexes(db))) return undefined
  const rows = await db.query<{ id: string }>(
    `SELECT key_id AS id FROM key_secret WHERE search_grams(last4) @> ${gramsOf('$1')} AND last4 = $1 LIMIT $2`,
    [last4, mostFound + 1],
  )
  return rows.length > mostFound ? undefined : new Set(rows.map(({ id }) => id))
}

/** Ids of keys that hold the text, by the indexes; undefined: too many have it. Ended secrets count. */
async function findIds(db: Queryable, text: string): Promise<ReadonlySet<string> | undefined> {
  const rows = await db.query<{ id: string }>(`SELECT id FROM (${foundBy('$1')}) f LIMIT $2`, [
    text,
    mostFound + 1,
  ])
  return rows.length > mostFound ? undefined : new Set(rows.map(({ id }) => id))
}

const holds = (column: string, text: string) => `position(lower(${text}) IN lower(${column})) > 0`

/** By the indexes, the keys whose name or id holds the text, then those of secrets. One may be found twice. */
function foundBy(text: string): string {
  return `SELECT k.id FROM api_key k WHERE search_grams(${textOfKey}) @> ${gramsOf(text)}
      AND (${holds('k.name', text)} OR ${holds('k.id', text)})
    UNION ALL SELECT key_id FROM key_secret WHERE search_grams(last4) @> ${gramsOf(text)} AND ${holds('last4', text)}`
}

/** Of all: one row more than a page has. */
async function selectInTurn(
  db: Queryable,
  filter: AskedKeys,
  page: PageRequest<string>,
): Promise<StoredKey[]> {
  const order = orderOf(filter.sort ?? '-created')
  // Of one merchant they are sorted by the way.
  if (order.by !== 'last_used' || filter.merchantId !== undefined)
    return selectPage(db, filter, page, { kind: 'all' })
  const rows: StoredKey[] = []
  for (const stage of useStages(order)) {
    const limit = page.limit - rows.length
    if (limit >= 0) rows.push(...(await selectPage(db, filter, { ...page, limit }, { kind: 'stage', stage })))
  }
  return rows
}

/** Which of the keys are looked at. */
type Among =
  /** Those that were used, or never were. */
  | { readonly kind: 'stage'; readonly stage: UseStage }
  /** All, without the indexes. */
  | { readonly kind: 'all' }
  /** From this one on. */
  | { readonly kind: 'from'; readonly id: string }
  | { readonly kind: 'these'; readonly ids: ReadonlySet<string> }
  /** Those that the indexes find, however many. */
  | { readonly kind: 'found' }

/** One row more than a page has. */
async function selectPage(
  db: Queryable,
  filter: AskedKeys,
  page: PageRequest<string>,
  among: Among,
): Promise<StoredKey[]> {
  const values: unknown[] = [new Date(filter.nowMs)]
  const put = (value: unknown) => `$${values.push(value)}`
  const order = await orderFor(db, filter)
  const seen = keyConditions(filter.scope, put)
  const conditions: string[] = [...seen]
  if (filter.merchantId !== undefined) conditions.push(`k.merchant_id = ${put(filter.merchantId)}`)
  const after = page.after === null ? null : put(page.after)
  if (among.kind === 'stage')
    conditions.push(...stageConditions(among.stage, order, after === null ? null : { after, seen }))
  else if (after !== null) conditions.push(behind(order, after, seen))
  if (filter.status !== undefined) conditions.push(hasStatus(filter.status, put))
  if (filter.api !== undefined) conditions.push(`k.api = ${put(filter.api)}`)
  if (filter.environment !== undefined) conditions.push(`k.environment = ${put(filter.environment)}`)
  if (filter.last4 !== undefined) {
    const ends = `f.last4 = ${put(filter.last4)} AND (f.expires_at IS NULL OR f.expires_at > $1)`
    conditions.push(`EXISTS (SELECT FROM key_secret f WHERE f.key_id = k.id AND ${ends})`)
  }
  conditions.push(...ageConditions(filter, put))
  if (filter.text !== undefined) {
    const text = `${put(filter.text)}::text`
    const secret = `${holds('f.last4', text)} AND (f.expires_at IS NULL OR f.expires_at > $1)`
    // Of many keys in turn it is asked once, by the index, and not of each.
    const hasSecret =
      among.kind === 'from'
        ? `k.id IN (SELECT f.key_id FROM key_secret f WHERE search_grams(f.last4) @> ${gramsOf(text)} AND ${secret})`
        : `EXISTS (SELECT FROM key_secret f WHERE f.key_id = k.id AND ${secret})`
    conditions.push(`(${holds('k.name', text)} OR ${holds('k.id', text)} OR ${hasSecret})`)
    if (among.kind === 'found') conditions.push(`k.id IN (${foundBy(text)})`)
  }
  if (among.kind === 'from') conditions.push(`k.id >= ${put(among.id)}`)
  if (among.kind === 'these') conditions.push(`k.id IN (SELECT unnest(${put([...among.ids])}::text[]))`)
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
  const isInTurn = among.kind === 'all' || among.kind === 'from' || among.kind === 'stage'
  const table = among.kind === 'stage' ? stageTables[among.stage] : 'api_key k'
  const matching = `SELECT k.* FROM ${table} ${where}`
  // What an index has found is sorted, and not looked for in turn: planners think that a page of them is met soon.
  const source = isInTurn ? matching : `SELECT * FROM (${matching} OFFSET 0) k`
  // What hangs on a key is read of the page alone, however many are sorted for it.
  const orderBy = (minute: string) =>
    among.kind === 'stage' ? stageOrder(among.stage, order, minute) : orderClause(order)
  const keys = `(${source} ${orderBy('u.minute')} LIMIT ${put(page.limit + 1)}) k`
  return db.query<StoredKey>(`${selectKeys(keys)} ${orderBy(minuteOfKey)}`, values)
}

/**
 * By the time of creation itself where old keys are asked for: an index begins with those that are old enough, where the order of
 * ids would begin with all that are not.
 */
async function orderFor(db: Queryable, { sort = '-created', ...filter }: AskedKeys): Promise<KeyOrder> {
  const isOfOld = filter.secretBeforeMs !== undefined || filter.unusedSinceMs !== undefined
  const asksForNewest = sort === '-created' && filter.text === undefined
  if (!isOfOld || !asksForNewest || !(await hasIndexes(db, ['api_key_created']))) return orderOf(sort)
  return { by: 'created', isDescending: true }
}

function hasStatus(status: ListedStatus, put: (value: unknown) => string): string {
  if (status === 'expired') return `k.status = 'active' AND k.expires_at <= $1`
  return `k.status = ${put(status)}`
}

/**
 * Locks a key until the transaction ends and reads it. Two statements, as the rows that hang on it must be read
 * after the wait for the lock. Throws NOT_FOUND.
 */
export async function lockKey(tx: Queryable, id: string, view: View): Promise<StoredKey> {
  const values: unknown[] = [id]
  const scoped = keyConditions(view.scope, (value) => `$${values.push(value)}`)
  const where = ['k.id = $1', ...scoped].join(' AND ')
  await tx.query(`SELECT FROM api_key k WHERE ${where} FOR NO KEY UPDATE`, values)
  return mustGetKey(tx, id, view)
}

/** Reads a key that is there; throws NOT_FOUND where it is not, or not in the view, and FORBIDDEN where it is only looked at. */
export async function mustGetKey(db: Queryable, id: string, view: View): Promise<StoredKey> {
  const key = await getKey(db, id, view)
  if (key) return key
  if (view.scope.viewedIds !== undefined) refuseViewer(view.scope, await merchantOf(db, id))
  throw new DenialError(deny('NOT_FOUND', 'unknown_key'))
}

async function merchantOf(db: Queryable, id: string): Promise<string | undefined> {
  const rows = await db.query<{ merchantId: string }>(
    'SELECT merchant_id AS "merchantId" FROM api_key WHERE id = $1',
    [id],
  )
  return rows[0]?.merchantId
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
    ...limitsSnapshot(key.limits ?? noKeyLimits),
    metadata: key.metadata,
    owner: key.owner,
    secrets: secretSnapshots(key.secrets),
  }
}

/** What is said of it beside what the file says of all. */
function limitsSnapshot({ allowedIps, rates, inFlight }: StoredKeyLimits): object {
  return {
    ...(allowedIps.length > 0 && { allowed_ips: allowedIps }),
    ...(Object.keys(rates).length > 0 && { rate_limits: rates }),
    ...(inFlight !== null && { in_flight: inFlight }),
  }
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
