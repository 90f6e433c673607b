// Keys that do far more of something than they usually do, as the activity tells of both.

import type { Brake } from '../../config/brakes.ts'
import type { Queryable } from '../queryable.ts'
import { letThrough } from './route-use-table.ts'

/** A key, and what it did in the last hour. */
export interface Burst {
  readonly keyId: string
  readonly merchantId: string
  /** Requests since a brake of that name was released last, or in the last hour. */
  readonly count: number
  /** What 95 of 100 hours did not exceed; 0: there were none. */
  readonly usual: number
  /** It is too young for anything to be usual. */
  readonly isNew: boolean
}

/** Younger keys have no usual. */
const newDays = 7
/** A day is left out, so that what builds up slowly is not usual meanwhile. */
const usualDays = 30

export interface BurstsAsked {
  readonly nowMs: number
  /** Of the last hour, what was not looked at before; of keys that did nothing since then no burst is new. */
  readonly sinceMs: number
  readonly most: number
}

/**
 * Keys that may be used and did so much, of which that brake is not pulled, most first, `most` at most. What is read is the activity of
 * all since `sinceMs`, and of those that did any of it their own. Throws StoreUnavailableError.
 */
export async function findBursts(
  db: Queryable,
  brake: Brake,
  { nowMs, sinceMs, most }: BurstsAsked,
): Promise<readonly Burst[]> {
  const at = new Date(nowMs)
  return db.query<Burst>(
    `WITH recent AS MATERIALIZED (
       SELECT DISTINCT key_id FROM activity WHERE minute >= $9 AND api = $3 AND route = ANY ($4) AND outcome = ANY ($5)
     ), busy AS (
       SELECT a.key_id, k.merchant_id, k.created_at > $1::timestamptz - interval '${newDays} days' AS is_new, sum(a.count)::bigint AS count
       FROM recent JOIN activity a ON a.key_id = recent.key_id JOIN api_key k ON k.id = a.key_id
       LEFT JOIN key_brake b ON b.key_id = a.key_id AND b.brake = $2
       WHERE a.minute > $1::timestamptz - interval '61 minutes' AND a.api = $3 AND a.route = ANY ($4) AND a.outcome = ANY ($5)
         AND k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > $1)
         AND (b.key_id IS NULL OR (b.released_at <= $1 AND a.minute >= b.released_at))
       GROUP BY 1, 2, 3 HAVING sum(a.count) >= $6
     ), known AS (
       SELECT busy.*, coalesce((
         SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY hour.count) FROM (
           SELECT sum(count)::bigint AS count FROM (
             SELECT minute AS start, count FROM activity WHERE key_id = busy.key_id AND api = $3 AND route = ANY ($4)
               AND outcome = ANY ($5) AND minute >= $1::timestamptz - interval '${usualDays} days' AND minute < $1::timestamptz - interval '1 day'
             UNION ALL
             SELECT start, count FROM activity_rollup WHERE key_id = busy.key_id AND span = 'hour' AND api = $3 AND route = ANY ($4)
               AND outcome = ANY ($5) AND start >= $1::timestamptz - interval '${usualDays} days' AND start < $1::timestamptz - interval '1 day'
           ) used GROUP BY date_trunc('hour', start, 'UTC')
         ) hour
       ), 0) AS usual FROM busy
     )
     SELECT key_id AS "keyId", merchant_id AS "merchantId", count, usual, is_new AS "isNew" FROM known
     WHERE count > usual * $7 ORDER BY count DESC, key_id LIMIT $8`,
    [
      ...[at, brake.name, brake.api, brake.routes, letThrough, brake.floor, brake.times, most],
      new Date(sinceMs),
    ],
  )
}
