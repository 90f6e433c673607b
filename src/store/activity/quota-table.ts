// How many requests were let through in a calendar month (UTC), by merchant and by key, of all processes together.

import type { Queryable } from '../queryable.ts'

/** What one process counted. */
export interface QuotaItem {
  /** Id of a merchant or of a key; of a client and, behind a blank, of the merchant that it spoke for. */
  readonly subject: string
  readonly api: string
  readonly environment: string
  /** The first instant of the month, milliseconds since the epoch. */
  readonly monthMs: number
  /** 0: only asked for. */
  readonly count: number
}

/** What is added together, or not at all. A subject may stand in it more than once: each of its items is answered with all of it. */
export interface QuotaBatch {
  /** One that comes again is known by it. */
  readonly id: string
  readonly items: readonly QuotaItem[]
}

// Rows are locked in one order in every batch, so that two instances cannot wait for each other.
const addStatement = {
  name: 'add_quota_use',
  text: `
    WITH item AS (
      SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::date[], $6::bigint[]) WITH ORDINALITY
        AS i (subject, api, environment, month, count, place)
    ), fresh AS (
      INSERT INTO activity_batch (id) SELECT $1 WHERE EXISTS (SELECT FROM item WHERE count > 0)
      ON CONFLICT DO NOTHING RETURNING id
    ), added AS (
      INSERT INTO quota_use AS q (subject, month, api, environment, count)
      SELECT subject, month, api, environment, sum(count)::bigint FROM fresh CROSS JOIN item WHERE count > 0
      GROUP BY subject, month, api, environment
      ORDER BY subject, month, api, environment
      ON CONFLICT (subject, month, api, environment) DO UPDATE SET count = q.count + excluded.count
      RETURNING subject, month, api, environment, count
    )
    SELECT coalesce(a.count, q.count, 0)::bigint AS used FROM item i
    LEFT JOIN added a ON a.subject = i.subject AND a.month = i.month AND a.api = i.api AND a.environment = i.environment
    LEFT JOIN quota_use q ON q.subject = i.subject AND q.month = i.month AND q.api = i.api AND q.environment = i.environment
    ORDER BY i.place`,
}

/**
 * Adds a batch to what is there; returns for each item how many there are now. All of it or, when it throws, perhaps nothing: then
 * the same batch is to be sent again, and counts once.
 */
export async function addQuotaUse(db: Queryable, { id, items }: QuotaBatch): Promise<readonly number[]> {
  if (items.length === 0) return []
  const rows = await db.query<{ used: number }>(addStatement, [
    id,
    items.map(({ subject }) => subject),
    items.map(({ api }) => api),
    items.map(({ environment }) => environment),
    items.map(({ monthMs }) => dayOf(monthMs)),
    items.map(({ count }) => count),
  ])
  return rows.map(({ used }) => used)
}

/** As Postgres writes days, whatever zone the session has. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** Forgets months that began longer ago than `olderThanMs`, `most` rows at most; returns how many. */
export async function pruneQuotas(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const taken = await Promise.all(
    ['quota_use', 'quota_told'].map((table) =>
      db.query<{ removed: number }>(
        `WITH gone AS (DELETE FROM ${table} WHERE ctid IN (
           SELECT ctid FROM ${table} WHERE month < (now() - $1 * interval '1 millisecond')::date ORDER BY month LIMIT $2)
           RETURNING 1) SELECT count(*) AS removed FROM gone`,
        [olderThanMs, most],
      ),
    ),
  )
  return Math.max(...taken.map(([row]) => row?.removed ?? 0))
}
