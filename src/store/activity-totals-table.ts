// How often keys were used, added up over a time by merchant, key, API, environment, route, outcome or day.

import { type Page, type PageRequest, pageOf } from './page.ts'
import type { Queryable } from './postgres.ts'
import type { Scope } from './scope.ts'
import { milliseconds } from './session.ts'

/** What is added up for itself, and what its rows are named by. */
const groupings = {
  merchant: 'k.merchant_id',
  key: 'a.key_id',
  api: 'a.api',
  // Names of APIs hold no space.
  environment: `a.api || ' ' || a.environment`,
  route: `a.api || ' ' || a.route`,
  outcome: 'a.outcome',
  // In UTC, as days of the rollup are.
  day: `to_char(a.start AT TIME ZONE 'UTC', 'YYYY-MM-DD')`,
} as const

export type ActivityGrouping = keyof typeof groupings

export interface ActivityTotal {
  /** Id of the merchant or key; API, and environment or route behind a space; the outcome; the day, `2026-01-31`. */
  readonly name: string
  readonly count: number
  /** Of these, the requests that were let through. */
  readonly allowed: number
}

export interface TotalsFilter {
  /** What of the installation is asked about. */
  readonly scope: Scope
  readonly by: ActivityGrouping
  readonly keyId?: string | undefined
  readonly merchantId?: string | undefined
  readonly api?: string | undefined
  readonly environment?: string | undefined
  /** Method and template. */
  readonly route?: string | undefined
  readonly outcome?: string | undefined
  /** Minutes, hours and days that begin from then on, in milliseconds since the epoch. */
  readonly fromMs: number
  /** And before then. */
  readonly toMs: number
}

/** Where a page ended. */
export type TotalsPlace = Pick<ActivityTotal, 'name' | 'count'>

/** The most used first, of days the newest. The cursor is the last row seen; figures move between two pages. */
export async function listActivityTotals(
  db: Queryable,
  filter: TotalsFilter,
  page: PageRequest<TotalsPlace>,
): Promise<Page<ActivityTotal>> {
  const name = groupings[filter.by]
  const needsMerchant = filter.by === 'merchant' || filter.merchantId !== undefined
  const within = (column: string) => `${column} >= $1 AND ${column} < $2
      AND ($3::text IS NULL OR key_id = $3)
      AND ($4::text IS NULL OR key_id IN (SELECT id FROM api_key WHERE merchant_id = $4))
      AND ($5::text IS NULL OR api = $5) AND ($6::text IS NULL OR environment = $6)
      AND ($12::text IS NULL OR route = $12) AND ($13::text IS NULL OR outcome = $13)
      AND ($10::text[] IS NULL OR key_id IN (SELECT id FROM api_key WHERE merchant_id = ANY ($10)))
      AND ($11::text[] IS NULL OR api = ANY ($11))`
  const isBehind =
    filter.by === 'day'
      ? `${name} COLLATE "C" < $8`
      : `sum(a.count) < $7 OR (sum(a.count) = $7 AND ${name} COLLATE "C" > $8)`
  const rows = await db.query<ActivityTotal>(
    `SELECT ${name} COLLATE "C" AS name, sum(a.count)::bigint AS count,
       (coalesce(sum(a.count) FILTER (WHERE a.outcome = 'allow'), 0))::bigint AS allowed
     FROM (
       SELECT key_id, minute AS start, api, environment, route, outcome, count FROM activity WHERE ${within('minute')}
       UNION ALL
       SELECT key_id, start, api, environment, route, outcome, count FROM activity_rollup WHERE ${within('start')}
     ) a ${needsMerchant ? 'JOIN api_key k ON k.id = a.key_id' : ''}
     GROUP BY 1
     HAVING $7::bigint IS NULL OR ${isBehind}
     ORDER BY ${filter.by === 'day' ? 'name DESC' : 'count DESC, name'} LIMIT $9`,
    [
      new Date(filter.fromMs),
      new Date(filter.toMs),
      filter.keyId ?? null,
      filter.merchantId ?? null,
      filter.api ?? null,
      filter.environment ?? null,
      page.after?.count ?? null,
      page.after?.name ?? null,
      page.limit + 1,
      filter.scope.merchantIds,
      filter.scope.apis,
      filter.route ?? null,
      filter.outcome ?? null,
    ],
  )
  return pageOf(rows, page.limit)
}

/** How often a key's requests were let through on a route, and when last. */
export interface RouteUse {
  /** Method and template. */
  readonly route: string
  readonly count: number
  /** Beginning of the minute, hour or day, in milliseconds since the epoch. */
  readonly lastMs: number
}

/** What a request has that was let through, whatever came of it then. */
const letThrough = ['allow', 'UPSTREAM_ERROR', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT']

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
