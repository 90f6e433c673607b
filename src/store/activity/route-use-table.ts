// Which routes keys were let through on: what tells which of their permissions they need.

import type { Queryable } from '../postgres.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import { keyConditions, type View } from '../scope.ts'
import { milliseconds } from '../session.ts'

/** How often a key's requests were let through on a route, and when last. */
export interface RouteUse {
  /** Method and template. */
  readonly route: string
  readonly count: number
  /** Beginning of the minute, hour or day, in milliseconds since the epoch. */
  readonly lastMs: number
}

/** What a request has that was let through, whatever came of it then. */
export const letThrough = ['allow', 'UPSTREAM_ERROR', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT']

/** By route, as far back as activity is kept. */
export async function listRouteUse(db: Queryable, keyId: string, api: string): Promise<RouteUse[]> {
  return db.query<RouteUse>(
    `SELECT route, sum(count)::bigint AS count, ${milliseconds('max(start)')} AS "lastMs"
     FROM (
       SELECT minute AS start, route, count FROM activity WHERE key_id = $1 AND api = $2 AND outcome = ANY ($3)
       UNION ALL
       SELECT start, route, count FROM activity_rollup WHERE key_id = $1 AND api = $2 AND outcome = ANY ($3)
     ) a GROUP BY route`,
    [keyId, api, letThrough],
  )
}

/**
 * Whether a key (alias `k`) may do the same as it might at `since`: what was given later may be for what is yet to come. A key that is
 * younger was given all of it later.
 */
export function isUnchangedSince(since: string): string {
  return `k.created_at <= ${since} AND NOT EXISTS (
    SELECT FROM audit c WHERE c.target = k.id AND c.action = 'key.update' AND c.at >= ${since}
      AND c.before -> 'permissions' IS DISTINCT FROM c.after -> 'permissions')`
}

/** A key that works, and may do the same as it might at `sinceMs`. */
export interface WatchedKey {
  readonly id: string
  readonly merchantId: string
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly permissions: readonly string[]
  /** Routes of its API that it was let through on since then. */
  readonly routes: readonly string[]
}

export interface WatchedFilter extends View {
  readonly merchantId?: string | undefined
  readonly api?: string | undefined
  readonly keyId?: string | undefined
  /** Those alone that hold their permissions by name. */
  readonly isByName?: boolean | undefined
  /** Milliseconds since the epoch. */
  readonly sinceMs: number
}

/** Newest keys first. The cursor is the id of the last one seen. What is kept by the day counts from its beginning, so a day more is looked at. */
export async function listWatchedKeys(
  db: Queryable,
  filter: WatchedFilter,
  page: PageRequest<string>,
): Promise<Page<WatchedKey>> {
  const { merchantId, api, keyId, isByName = false, sinceMs } = filter
  const values: unknown[] = [new Date(filter.nowMs), new Date(sinceMs), new Date(sinceMs - dayMs), letThrough]
  const put = (value: unknown) => `$${values.push(value)}`
  const conditions = [
    `k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > $1)`,
    isUnchangedSince('$2::timestamptz'),
    ...(isByName ? [`NOT k.permissions @> '{*}'`] : []),
    ...keyConditions(filter.scope, put),
    ...(merchantId === undefined ? [] : [`k.merchant_id = ${put(merchantId)}`]),
    ...(api === undefined ? [] : [`k.api = ${put(api)}`]),
    ...(keyId === undefined ? [] : [`k.id = ${put(keyId)}`]),
    ...(page.after === null ? [] : [`k.id < ${put(page.after)}`]),
  ]
  const rows = await db.query<WatchedKey>(
    `SELECT k.id, k.merchant_id AS "merchantId", k.api, k.environment, k.name, k.permissions, ARRAY(
       SELECT a.route FROM activity a
       WHERE a.key_id = k.id AND a.minute > $3 AND a.api = k.api AND a.outcome = ANY ($4)
       UNION
       SELECT r.route FROM activity_rollup r
       WHERE r.key_id = k.id AND r.start > $3 AND r.api = k.api AND r.outcome = ANY ($4)
     ) AS routes
     FROM (SELECT * FROM api_key k WHERE ${conditions.join(' AND ')} ORDER BY k.id DESC LIMIT ${put(page.limit + 1)}) k
     ORDER BY k.id DESC`,
    values,
  )
  return pageOf(rows, page.limit)
}

const dayMs = 24 * 60 * 60 * 1000
