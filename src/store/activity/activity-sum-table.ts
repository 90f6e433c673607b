// Activity added up beforehand: of all, by merchant and by key, by the hour, day and week. All that is told of it comes from
// the same rows: `activity` and `activity_rollup` hold every request, and the sums those of a stretch of time that is written
// beside them. The stretch grows at both ends, in one transaction with what it gains; whatever is added to a time within it
// later is added to the sums in the same statement (activity-table.ts). So an answer is the same wherever it is read from.

import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

export const sumSpans = ['week', 'day', 'hour'] as const
export type SumSpan = (typeof sumSpans)[number]
export type SumKind = 'all' | 'merchant' | 'key'

/** What the sums hold: all that begins from `sinceMs` on and before `untilMs`; in milliseconds since the epoch. */
export interface Summed {
  /** Beginning of a day (UTC). */
  readonly sinceMs: number
  /** Of hours. */
  readonly hoursSinceMs: number
  readonly untilMs: number
}

/** Throws StoreUnavailableError. */
export async function readSummed(db: Queryable): Promise<Summed> {
  const [row] = await db.query<Summed>(
    `SELECT ${milliseconds('since')} AS "sinceMs", ${milliseconds('hours_since')} AS "hoursSinceMs",
       ${milliseconds('until')} AS "untilMs" FROM activity_summed`,
  )
  return row ?? { sinceMs: 0, hoursSinceMs: 0, untilMs: 0 }
}

// The number of activity_summed_now in the migration: who adds to the sums' time waits for who moves its ends.
const lockId = 7_317_093_125

/**
 * Whose a row is by its `key_id`: of a key its merchant, of a client, whose tokens count as it, its own; one of all merchants is nobody's.
 * Tokens of outside issuers count as `jwt_…`, which is their merchant's id but for its beginning (keys/credential-table.ts).
 */
export const callerOf = (row: string) =>
  `LEFT JOIN api_key k ON k.id = ${row}.key_id LEFT JOIN oauth_client c ON c.id = ${row}.key_id`
export const merchantOfCaller = `coalesce(k.merchant_id, c.merchant_id, CASE WHEN starts_with(key_id, 'jwt_') THEN 'mer_' || substr(key_id, 5) END)`

/**
 * Adds rows to the sums: `rows` gives key_id, start, api, environment, route, outcome and count, and in `is_day` whether it is a
 * whole day's, which is in no hour. Rows are locked in one order.
 */
export function addToSums(rows: string): string {
  return `INSERT INTO activity_sum AS s (kind, span, name, start, api, environment, route, outcome, count)
    SELECT w.kind, w.span, w.name, date_trunc(w.span, r.start, 'UTC'), r.api, r.environment,
      CASE WHEN w.kind = 'key' THEN '' ELSE r.route END,
      CASE WHEN w.kind <> 'key' OR r.outcome = 'allow' THEN r.outcome ELSE '' END, sum(r.count)
    FROM (
      SELECT key_id, date_trunc('hour', start, 'UTC') AS start, api, environment, route, outcome, is_day, sum(count) AS count
      FROM (${rows}) given GROUP BY 1, 2, 3, 4, 5, 6, 7
    ) r ${callerOf('r')}
      CROSS JOIN LATERAL (VALUES ('all', 'hour', ''), ('all', 'day', ''), ('merchant', 'hour', ${merchantOfCaller}),
        ('merchant', 'day', ${merchantOfCaller}), ('key', 'hour', r.key_id), ('key', 'day', r.key_id), ('key', 'week', r.key_id)
      ) w (kind, span, name)
    WHERE w.name IS NOT NULL AND NOT (r.is_day AND w.span = 'hour')
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (kind, span, name, start, api, environment, route, outcome)
    DO UPDATE SET count = s.count + excluded.count`
}

/** All activity that begins from `$1` on and before `$2`. */
const within = `
  SELECT key_id, minute AS start, api, environment, route, outcome, false AS is_day, count
  FROM activity WHERE minute >= $1 AND minute < $2
  UNION ALL
  SELECT key_id, start, api, environment, route, outcome, span = 'day', count
  FROM activity_rollup WHERE span IN ('hour', 'day') AND start >= $1 AND start < $2`

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Nearly all of an hour has come in by then; what comes later is added to the sums as well. */
const lagMs = 5 * 60_000
/** Of a whole batch. */
const wholeRows = 5_000

/**
 * Adds the time behind `until` that is over to the sums: an hour, and where `most` is less than a whole batch a part of one. Returns `most`
 * where there is more to do. Throws StoreUnavailableError.
 */
export async function sumForward(db: Postgres, most: number): Promise<number> {
  return db.transaction(async (tx) => {
    const { untilMs, nowMs } = await lockSummed(tx)
    const dueMs = floor(nowMs - lagMs, hourMs)
    if (untilMs >= dueMs) return 0
    const minutes = Math.max(1, Math.min(60, Math.floor((most * 60) / wholeRows)))
    const toMs = Math.min(dueMs, untilMs + minutes * 60_000)
    await tx.query(addToSums(within), [new Date(untilMs), new Date(toMs)])
    await tx.query('UPDATE activity_summed SET until = $1', [new Date(toMs)])
    return toMs < dueMs ? most : 0
  })
}

/**
 * Adds the day before `since`, of activity from before there were sums; by whole days, as hours of long ago are made days meanwhile. What
 * cannot be added up in time is left for another round: until then it is read as it is. Returns `most` where there is more to do.
 */
export async function sumBackward(db: Postgres, hoursMs: number, most: number): Promise<number> {
  if (most < wholeRows) return 0
  return db.transaction(async (tx) => {
    const { sinceMs, hoursSinceMs, nowMs } = await lockSummed(tx)
    const [oldest] = await tx.query<{ ms: number | null }>(
      `SELECT ${milliseconds(`least((SELECT min(minute) FROM activity),
        (SELECT min(start) FROM activity_rollup WHERE span = 'hour'), (SELECT min(start) FROM activity_rollup WHERE span = 'day'))`)} AS ms`,
    )
    const { ms: oldestMs = null } = oldest ?? {}
    if (oldestMs === null || oldestMs >= sinceMs) return 0
    const fromMs = sinceMs - dayMs
    await tx.query(addToSums(within), [new Date(fromMs), new Date(sinceMs)])
    // Hours that are made days soon are not promised.
    const isOfHours = hoursSinceMs === sinceMs && fromMs > nowMs - hoursMs + dayMs
    await tx.query('UPDATE activity_summed SET since = $1, hours_since = $2', [
      new Date(fromMs),
      new Date(isOfHours ? fromMs : hoursSinceMs),
    ])
    return most
  })
}

/** Who adds activity waits until this transaction ends, and this for those who are at it. */
export async function lockSummed(tx: Queryable): Promise<Summed & { readonly nowMs: number }> {
  await tx.query(`SELECT pg_advisory_xact_lock(${lockId})`)
  const [now] = await tx.query<{ ms: number }>(`SELECT ${milliseconds('now()')} AS ms`)
  return { ...(await readSummed(tx)), nowMs: now?.ms ?? Number.NaN }
}

function floor(ms: number, spanMs: number): number {
  return Math.floor(ms / spanMs) * spanMs
}

/** Forgets sums of hours and days that are kept no longer, `most` of each at most; returns how many. */
export async function pruneSums(
  db: Queryable,
  ages: { readonly hoursMs: number; readonly daysMs: number },
  most: number,
): Promise<number> {
  await db.query(
    `UPDATE activity_summed SET hours_since = date_trunc('day', now() - $1 * interval '1 millisecond', 'UTC')
     WHERE hours_since < date_trunc('day', now() - $1 * interval '1 millisecond', 'UTC')`,
    [ages.hoursMs],
  )
  const [row] = await db.query<{ removed: number }>(
    `WITH old AS (
       (SELECT a.ctid FROM activity_sum a, activity_summed h
        WHERE kind = ANY ('{all,merchant,key}') AND span = 'hour' AND start < h.hours_since - interval '1 day' LIMIT $2)
       UNION ALL
       (SELECT ctid FROM activity_sum WHERE kind = ANY ('{all,merchant,key}') AND span = 'day'
          AND start < now() - $1 * interval '1 millisecond' LIMIT $2)
       UNION ALL
       (SELECT ctid FROM activity_sum WHERE kind = 'key' AND span = 'week'
          AND start < now() - $1 * interval '1 millisecond' - interval '7 days' LIMIT $2)
     ), gone AS (DELETE FROM activity_sum WHERE ctid IN (SELECT ctid FROM old) RETURNING 1)
     SELECT count(*) AS removed FROM gone`,
    [ages.daysMs, most],
  )
  return row?.removed ?? 0
}
