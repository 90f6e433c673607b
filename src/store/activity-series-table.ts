// How keys were used, over time: what was let through, refused and failed, by steps of a time.

import type { Queryable } from './postgres.ts'
import type { Scope } from './scope.ts'

export interface SeriesFilter {
  /** What of the installation is asked about. */
  readonly scope: Scope
  readonly keyId?: string | undefined
  readonly merchantId?: string | undefined
  readonly api?: string | undefined
  readonly environment?: string | undefined
  /** Minutes, hours and days that begin from then on, in milliseconds since the epoch. */
  readonly fromMs: number
  /** And before then. */
  readonly toMs: number
  readonly stepSeconds: number
  /** Outcomes that are nobody's refusal. */
  readonly failures: readonly string[]
}

export interface SeriesStep {
  /** Its beginning, in milliseconds since the epoch: a whole number of steps. */
  readonly atMs: number
  readonly allowed: number
  readonly refused: number
  readonly failed: number
}

/**
 * Oldest first; a step without a request is left out. What is kept by the hour or day stands at its beginning. Each table is
 * added up by time and outcome first, which leaves a few thousand rows to be put into steps.
 */
export async function listActivitySeries(
  db: Queryable,
  filter: SeriesFilter,
): Promise<readonly SeriesStep[]> {
  const sums = (table: string, column: string) => `SELECT ${column} AS at, outcome, sum(count) AS count
    FROM ${table} WHERE ${column} >= $1 AND ${column} < $2
      AND ($3::text IS NULL OR key_id = $3)
      AND ($4::text IS NULL OR key_id IN (SELECT id FROM api_key WHERE merchant_id = $4))
      AND ($5::text IS NULL OR api = $5) AND ($6::text IS NULL OR environment = $6)
      AND ($9::text[] IS NULL OR key_id IN (SELECT id FROM api_key WHERE merchant_id = ANY ($9)))
      AND ($10::text[] IS NULL OR api = ANY ($10))
    GROUP BY 1, 2`
  return db.query<SeriesStep>(
    `SELECT (floor(extract(epoch FROM a.at) / $7::bigint) * $7::bigint * 1000)::bigint AS "atMs",
       coalesce(sum(a.count) FILTER (WHERE a.outcome = 'allow'), 0)::bigint AS allowed,
       coalesce(sum(a.count) FILTER (WHERE a.outcome <> 'allow' AND a.outcome <> ALL ($8)), 0)::bigint AS refused,
       coalesce(sum(a.count) FILTER (WHERE a.outcome = ANY ($8)), 0)::bigint AS failed
     FROM (${sums('activity', 'minute')} UNION ALL ${sums('activity_rollup', 'start')}) a
     GROUP BY 1 ORDER BY 1`,
    [
      new Date(filter.fromMs),
      new Date(filter.toMs),
      filter.keyId ?? null,
      filter.merchantId ?? null,
      filter.api ?? null,
      filter.environment ?? null,
      filter.stepSeconds,
      filter.failures,
      filter.scope.merchantIds,
      filter.scope.apis,
    ],
  )
}
