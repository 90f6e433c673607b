// How keys are used: counts by the minute, and when each secret was last used. What becomes of old minutes stands in
// activity-rollup-table.ts.

import { addToSums, callerOf, merchantOfCaller } from './activity-sum-table.ts'
import { addToTotals } from './activity-total-table.ts'
import { addLatencies, type LatencyCount } from './latency-table.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

/** What one instance counted of one kind of request. */
export interface ActivityCount {
  readonly keyId: string
  readonly secretId: string
  readonly api: string
  readonly environment: string
  /** Method and template. */
  readonly route: string
  readonly outcome: string
  /** Any moment of the minute, in milliseconds since the epoch. */
  readonly minuteMs: number
  readonly count: number
  /** The last of these requests, in milliseconds since the epoch; null: they do not count as use (a dead secret). */
  readonly lastUsedAtMs: number | null
}

/** Counts that are added together, or not at all. */
export interface ActivityBatch {
  /** One that comes again is known by it. */
  readonly id: string
  readonly counts: readonly ActivityCount[]
  /** In a batch of their own. */
  readonly latencies?: readonly LatencyCount[]
}

/** How long a row's time is: the older, the longer. */
export const activitySpans = ['minute', 'hour', 'day'] as const
export type ActivitySpan = (typeof activitySpans)[number]

export interface ActivityRow {
  /** Beginning of the minute, hour or day (UTC), in milliseconds since the epoch. */
  readonly startMs: number
  readonly span: ActivitySpan
  readonly secretId: string
  readonly route: string
  readonly outcome: string
  readonly count: number
}

// Rows are locked in one order in every batch, so that two instances cannot wait for each other. What comes so late that its
// time is in the sums already is added to these too.
const addStatement = {
  name: 'add_activity',
  text: `
    WITH fresh AS (
      INSERT INTO activity_batch (id) VALUES ($10) ON CONFLICT DO NOTHING RETURNING id
    ), item AS (
      SELECT i.*, w.* FROM fresh CROSS JOIN activity_ends_now() w CROSS JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::timestamptz[], $8::bigint[], $9::timestamptz[])
        AS i (key_id, secret_id, api, environment, route, outcome, minute, count, used_at)
    ), used AS (
      SELECT secret_id, max(used_at) AS at FROM item WHERE used_at IS NOT NULL GROUP BY secret_id
    ), locked AS (
      SELECT s.id, used.at FROM key_secret s JOIN used ON used.secret_id = s.id
      WHERE s.last_used_at IS NULL OR s.last_used_at < used.at
      ORDER BY s.id FOR NO KEY UPDATE OF s
    ), moved AS (
      UPDATE key_secret s SET last_used_at = greatest(s.last_used_at, locked.at) FROM locked WHERE s.id = locked.id
    ), noted AS (
      INSERT INTO key_use AS u (key_id, minute)
      SELECT n.key_id, n.minute FROM (
        SELECT key_id, date_trunc('minute', max(used_at), 'UTC') AS minute FROM item WHERE used_at IS NOT NULL GROUP BY key_id
      ) n WHERE NOT EXISTS (SELECT FROM key_use o WHERE o.key_id = n.key_id AND o.minute >= n.minute) ORDER BY n.key_id
      ON CONFLICT (key_id) DO UPDATE SET minute = excluded.minute WHERE u.minute < excluded.minute
    ), later AS (
      ${addToTotals(`SELECT w.kind, w.name, i.minute AS start, i.api, i.environment, i.count,
          CASE WHEN i.outcome = 'allow' THEN i.count ELSE 0 END AS allowed
        FROM item i ${callerOf('i')}
          CROSS JOIN LATERAL (VALUES ('merchant', ${merchantOfCaller}), ('key', i.key_id)) w (kind, name)
        WHERE i.minute >= i.totals_since AND i.minute < i.totals_until AND w.name IS NOT NULL`)}
    ), late AS (
      ${addToSums(`SELECT key_id, minute AS start, api, environment, route, outcome, false AS is_day, count
        FROM item WHERE minute >= since AND minute < until`)}
    )
    INSERT INTO activity AS a (key_id, minute, secret_id, route, outcome, api, environment, count)
    SELECT key_id, date_trunc('minute', minute, 'UTC'), secret_id, route, outcome, api, environment, sum(count)
    FROM item GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (key_id, minute, secret_id, route, outcome, api, environment)
    DO UPDATE SET count = a.count + excluded.count`,
}

/**
 * Adds a batch of counts, or one of latencies, to what is there; all of it or, when it throws, perhaps nothing: then the same batch is to be sent
 * again, and counts once. Moves last use forward, never back.
 */
export async function addActivity(
  db: Queryable,
  { id, counts, latencies = [] }: ActivityBatch,
): Promise<void> {
  if (counts.length === 0) return addLatencies(db, id, latencies)
  await db.query(addStatement, [
    counts.map((item) => item.keyId),
    counts.map((item) => item.secretId),
    counts.map((item) => item.api),
    counts.map((item) => item.environment),
    counts.map((item) => item.route),
    counts.map((item) => item.outcome),
    counts.map((item) => new Date(item.minuteMs)),
    counts.map((item) => item.count),
    counts.map((item) => (item.lastUsedAtMs === null ? null : new Date(item.lastUsedAtMs))),
    id,
  ])
}

/**
 * A key's counts of the minutes, hours and days that begin in [fromMs, toMs), newest first. The cursor is the last
 * row seen. Of two ranges that meet, every row is in one.
 */
export async function listActivity(
  db: Queryable,
  filter: { readonly keyId: string; readonly fromMs: number; readonly toMs: number },
  page: PageRequest<Omit<ActivityRow, 'count'>>,
): Promise<Page<ActivityRow>> {
  const { after } = page
  const rows = await db.query<ActivityRow>(
    `SELECT ${milliseconds('start')} AS "startMs", span, secret_id AS "secretId", route, outcome, sum(count)::bigint AS count
     FROM (
       SELECT minute AS start, 'minute' COLLATE "C" AS span, secret_id, route, outcome, count
       FROM activity WHERE key_id = $1 AND minute >= $2 AND minute < $3
       UNION ALL
       SELECT start, span, secret_id, route, outcome, count
       FROM activity_rollup WHERE key_id = $1 AND start >= $2 AND start < $3
     ) a
     WHERE $4::timestamptz IS NULL OR (start, span, secret_id, route, outcome) < ($4, $5, $6, $7, $8)
     GROUP BY start, span, secret_id, route, outcome
     ORDER BY start DESC, span DESC, secret_id DESC, route DESC, outcome DESC LIMIT $9`,
    [
      filter.keyId,
      new Date(filter.fromMs),
      new Date(filter.toMs),
      after && new Date(after.startMs),
      after?.span ?? null,
      after?.secretId ?? null,
      after?.route ?? null,
      after?.outcome ?? null,
      page.limit + 1,
    ],
  )
  return pageOf(rows, page.limit)
}
