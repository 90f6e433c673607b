// How fast somebody may try something: rows, so that it holds over instances and restarts. GCRA: each try moves the time until
// which they are used up on by `everyMs`; it may lie `burst` tries ahead.

import type { Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

export interface Pace {
  /** One more try each. */
  readonly everyMs: number
  /** Tries at once. */
  readonly burst: number
}

export interface Try extends Pace {
  /** Whose tries: bounded text, such as `address:192.0.2.1`. */
  readonly bucket: string
  readonly nowMs: number
}

/** Takes a try; returns in how many milliseconds there is another one: 0, it was taken. */
export async function takeTry(db: Queryable, { bucket, everyMs, burst, nowMs }: Try): Promise<number> {
  const now = new Date(nowMs)
  const after = `greatest(pace.until, $2) + $3::float8 * interval '1 millisecond'`
  const taken = await db.query(
    `INSERT INTO pace (bucket, until) VALUES ($1, $2::timestamptz + $3::float8 * interval '1 millisecond')
     ON CONFLICT (bucket) DO UPDATE SET until = ${after}
       WHERE ${after} <= $2::timestamptz + $3::float8 * $4::float8 * interval '1 millisecond' RETURNING bucket`,
    [bucket, now, everyMs, burst],
  )
  if (taken.length > 0) return 0
  const [row] = await db.query<{ untilMs: number }>(
    `SELECT ${milliseconds('until')} AS "untilMs" FROM pace WHERE bucket = $1`,
    [bucket],
  )
  return Math.max(1, (row?.untilMs ?? nowMs) - nowMs - (burst - 1) * everyMs)
}

/** Gives tries back: all of a bucket, or where `everyMs` is said the one that was taken last. */
export async function giveBack(
  db: Queryable,
  { bucket, everyMs }: { readonly bucket: string; readonly everyMs: number | null },
): Promise<void> {
  if (everyMs === null) await db.query('DELETE FROM pace WHERE bucket = $1', [bucket])
  else
    await db.query(`UPDATE pace SET until = until - $2 * interval '1 millisecond' WHERE bucket = $1`, [
      bucket,
      everyMs,
    ])
}

/** Forgets buckets that are full again, `most` at most; returns how many. */
export async function prunePace(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM pace WHERE bucket IN (SELECT bucket FROM pace WHERE until < now() LIMIT $1) RETURNING bucket`,
    [most],
  )
  return rows.length
}
