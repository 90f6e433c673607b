// What merchants and keys have of activity, whatever its routes and refusals, by the day, the week and four weeks. Made of the days
// of activity_sum once they are over; `activity_totalled` says which those are, and moves in one transaction with them. What
// comes later for such a day is added to both (activity-table.ts).

import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'
import { lockSummed } from './activity-sum-table.ts'

export const totalSpans = ['four_weeks', 'week', 'day'] as const
export type TotalSpan = (typeof totalSpans)[number]

/** All days that begin from `sinceMs` on and before `untilMs` are in the totals; in milliseconds since the epoch. */
export interface Totalled {
  readonly sinceMs: number
  readonly untilMs: number
}

/** Throws StoreUnavailableError. */
export async function readTotalled(db: Queryable): Promise<Totalled> {
  const [row] = await db.query<Totalled>(
    `SELECT ${milliseconds('since')} AS "sinceMs", ${milliseconds('until')} AS "untilMs" FROM activity_totalled`,
  )
  return row ?? { sinceMs: 0, untilMs: 0 }
}

/** Adds to the totals what `rows` gives in kind, name, start, api, environment, count and allowed. Rows are locked in one order. */
export function addToTotals(rows: string): string {
  return `INSERT INTO activity_total AS t (kind, span, name, start, api, environment, count, allowed)
    SELECT d.kind, w.span, d.name, w.start, d.api, d.environment, sum(d.count), sum(d.allowed)
    FROM (${rows}) d CROSS JOIN LATERAL (VALUES ('day', date_trunc('day', d.start, 'UTC')),
      ('week', date_trunc('week', d.start, 'UTC')),
      ('four_weeks', to_timestamp(345600 + 2419200 * floor((extract(epoch FROM d.start) - 345600) / 2419200)))
    ) w (span, start)
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (kind, span, name, start, api, environment)
    DO UPDATE SET count = t.count + excluded.count, allowed = t.allowed + excluded.allowed`
}

const daysWithin = `
  SELECT kind, name, start, api, environment, count, CASE WHEN outcome = 'allow' THEN count ELSE 0 END AS allowed
  FROM activity_sum WHERE kind IN ('merchant', 'key') AND span = 'day' AND start >= $1 AND start < $2`

const dayMs = 24 * 3_600_000
/** Of a whole batch. */
const wholeRows = 5_000

/**
 * Adds a day that the sums have whole: the one behind the end, else the one before the beginning. Where `most` is less than a whole
 * batch, none. Returns `most` where there may be more to do. Throws StoreUnavailableError.
 */
export async function totalDay(db: Postgres, most: number): Promise<number> {
  if (most < wholeRows) return 0
  return db.transaction(async (tx) => {
    const summed = await lockSummed(tx)
    const { sinceMs, untilMs } = await readTotalled(tx)
    const isNext = untilMs + dayMs <= summed.untilMs && untilMs >= summed.sinceMs
    if (!isNext && sinceMs - dayMs < summed.sinceMs) return 0
    const fromMs = isNext ? untilMs : sinceMs - dayMs
    await tx.query(addToTotals(daysWithin), [new Date(fromMs), new Date(fromMs + dayMs)])
    await tx.query('UPDATE activity_totalled SET since = $1, until = $2', [
      new Date(Math.min(sinceMs, fromMs)),
      new Date(Math.max(untilMs, fromMs + dayMs)),
    ])
    return most
  })
}

/** Forgets what is kept no longer, `most` at most; returns how many. The longer a span, the longer it holds what is kept still. */
export async function pruneTotals(db: Queryable, daysMs: number, most: number): Promise<number> {
  const [row] = await db.query<{ removed: number }>(
    `WITH old AS (
       SELECT a.ctid FROM (VALUES ('day', '0 days'::interval), ('week', '7 days'), ('four_weeks', '28 days')) s (span, beyond)
         JOIN activity_total a ON a.kind = ANY ('{merchant,key}') AND a.span = s.span
           AND a.start < now() - $1 * interval '1 millisecond' - s.beyond LIMIT $2
     ), gone AS (DELETE FROM activity_total WHERE ctid IN (SELECT ctid FROM old) RETURNING 1)
     SELECT count(*) AS removed FROM gone`,
    [daysMs, most],
  )
  return row?.removed ?? 0
}
