// What becomes of old activity: minutes are added up into hours, hours into days, days are forgotten at last. A step
// takes a batch of rows and leaves alone what another process has taken, so that any number may do it at once; a row is
// deleted and counted in one statement, so that no figure is lost or doubled.

import { inBatches } from '../batches.ts'
import type { Queryable } from '../postgres.ts'

const names = 'secret_id, api, environment, route, outcome'

/** Adds the rows of `gone` to the longer times that they belong to, always in the same order. */
function addUp(span: 'hour' | 'day', start: string): string {
  return `INSERT INTO activity_rollup AS r (key_id, start, span, ${names}, count)
    SELECT key_id, date_trunc('${span}', ${start}, 'UTC'), '${span}', ${names}, sum(count)
    FROM gone GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY key_id, 2, secret_id, route, outcome, api, environment
    ON CONFLICT (key_id, start, span, secret_id, route, outcome, api, environment)
    DO UPDATE SET count = r.count + excluded.count`
}

const minutesToHours = `
  WITH old AS (
    SELECT ctid FROM activity
    WHERE minute < date_trunc('hour', now() - $1 * interval '1 millisecond', 'UTC')
      -- What is not in the sums yet is added to them by the minute.
      AND minute < (SELECT date_trunc('hour', until, 'UTC') FROM activity_summed)
    ORDER BY minute LIMIT $2 FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM activity a USING old WHERE a.ctid = old.ctid RETURNING a.*
  ), added AS (${addUp('hour', 'minute')})
  SELECT count(*) AS rows FROM gone`

const hoursToDays = `
  WITH old AS (
    SELECT ctid FROM activity_rollup
    WHERE span = 'hour' AND start < date_trunc('day', now() - $1 * interval '1 millisecond', 'UTC')
    ORDER BY start LIMIT $2 FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM activity_rollup a USING old WHERE a.ctid = old.ctid RETURNING a.*
  ), added AS (${addUp('day', 'start')})
  SELECT count(*) AS rows FROM gone`

const forgetDays = `
  WITH old AS (
    SELECT ctid FROM activity_rollup
    WHERE span = 'day' AND start < now() - $1 * interval '1 millisecond'
    ORDER BY start LIMIT $2 FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM activity_rollup a USING old WHERE a.ctid = old.ctid RETURNING 1
  )
  SELECT count(*) AS rows FROM gone`

/** How long activity is kept as it is, in milliseconds. */
export interface ActivityAges {
  readonly minutesMs: number
  readonly hoursMs: number
  readonly daysMs: number
}

/** One kind of work: takes at most `most` rows, returns how many. */
export interface ActivityPart {
  readonly name: string
  readonly take: (db: Queryable, most: number) => Promise<number>
}

/** What is to be done with old activity, each part by itself. */
export function activityParts(ages: ActivityAges): readonly ActivityPart[] {
  return [
    partOf('activity_minutes', minutesToHours, ages.minutesMs),
    partOf('activity_hours', hoursToDays, ages.hoursMs),
    partOf('activity_days', forgetDays, ages.daysMs),
  ]
}

function partOf(name: string, text: string, ageMs: number): ActivityPart {
  return {
    name,
    async take(db, most) {
      const rows = await db.query<{ rows: number }>(text, [ageMs, most])
      return rows[0]?.rows ?? 0
    },
  }
}

/** Adds up and forgets what is older; `isOver` ends it between two batches. Returns how many rows were taken. */
export async function rollUpActivity(
  db: Queryable,
  ages: ActivityAges,
  isOver: () => boolean,
): Promise<number> {
  let taken = 0
  for (const part of activityParts(ages)) taken += await inBatches((most) => part.take(db, most), isOver)
  return taken
}

/** Forgets which batches were added longer ago than `olderThanMs`, `most` at most; returns how many. */
export async function pruneActivityBatches(
  db: Queryable,
  olderThanMs: number,
  most = 5_000,
): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `WITH gone AS (
       DELETE FROM activity_batch WHERE id IN (
         SELECT id FROM activity_batch WHERE added_at < now() - $1 * interval '1 millisecond'
         ORDER BY added_at LIMIT $2)
       RETURNING 1)
     SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
