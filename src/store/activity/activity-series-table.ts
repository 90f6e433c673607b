// How keys were used, over time: what was let through, refused and failed, by steps of a time.

import { type SourceFilter, sourceOf } from './activity-source.ts'
import type { Queryable } from '../postgres.ts'

/** Minutes, hours and days that begin in a time. */
export interface SeriesFilter extends SourceFilter {
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
 * Oldest first; a step without a request is left out. What is kept by the hour or day stands at its beginning. It is added up by
 * time and outcome first, which leaves a few thousand rows to be put into steps.
 */
export async function listActivitySeries(
  db: Queryable,
  filter: SeriesFilter,
): Promise<readonly SeriesStep[]> {
  const values: unknown[] = [filter.stepSeconds, filter.failures]
  const time = timeOf(filter.stepSeconds)
  const sharpness = { name: 'none', time } as const
  const source = await sourceOf(db, { filter, sharpness }, (value) => `$${values.push(value)}`)
  return db.query<SeriesStep>(
    `SELECT (floor(extract(epoch FROM a.at) / $1::bigint) * $1::bigint * 1000)::bigint AS "atMs",
       coalesce(sum(a.count) FILTER (WHERE a.outcome = 'allow'), 0)::bigint AS allowed,
       coalesce(sum(a.count) FILTER (WHERE a.outcome <> 'allow' AND a.outcome <> ALL ($2)), 0)::bigint AS refused,
       coalesce(sum(a.count) FILTER (WHERE a.outcome = ANY ($2)), 0)::bigint AS failed
     FROM (SELECT start AS at, outcome, sum(count) AS count FROM (${source}) s GROUP BY 1, 2) a
     GROUP BY 1 ORDER BY 1`,
    values,
  )
}

function timeOf(stepSeconds: number): 'row' | 'hour' | 'day' {
  if (stepSeconds % 86_400 === 0) return 'day'
  return stepSeconds % 3_600 === 0 ? 'hour' : 'row'
}
