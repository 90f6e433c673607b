// How long answers took: requests that were sent to an upstream, by buckets of time (telemetry/answer-time.ts). Added to all spans
// at once, so that nothing has to be made of it later: the shorter ones are forgotten sooner.

import type { CountedTime } from '../../telemetry/answer-time.ts'
import type { Queryable } from '../postgres.ts'
import type { Scope } from '../scope.ts'

/** Requests of one key that took so long. */
export interface LatencyCount {
  readonly keyId: string
  readonly merchantId: string
  readonly api: string
  readonly environment: string
  /** Any moment of the five minutes, in milliseconds since the epoch. */
  readonly startMs: number
  readonly bucket: number
  /** By the time until the answer was there. */
  readonly answers: number
  /** By what the upstream took of it. */
  readonly upstream: number
}

export const latencySpans = ['five_minutes', 'hour', 'day'] as const
export type LatencySpan = (typeof latencySpans)[number]

// Rows of all are what everybody adds to: they come last, and are held for the shortest time.
const addStatement = {
  name: 'add_latencies',
  text: `
    WITH fresh AS (
      INSERT INTO activity_batch (id) VALUES ($9) ON CONFLICT DO NOTHING RETURNING id
    ), item AS (
      SELECT i.* FROM fresh CROSS JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
        $6::smallint[], $7::bigint[], $8::bigint[])
        AS i (key_id, merchant_id, api, environment, start, bucket, answers, upstream)
    )
    INSERT INTO activity_latency AS l (kind, span, name, start, api, environment, bucket, answers, upstream)
    SELECT w.kind, w.span, w.name, w.start, api, environment, bucket, sum(answers), sum(upstream)
    FROM item CROSS JOIN LATERAL (VALUES
      ('all', 'five_minutes', '', to_timestamp(300 * floor(extract(epoch FROM start) / 300))),
      ('all', 'hour', '', date_trunc('hour', start, 'UTC')), ('all', 'day', '', date_trunc('day', start, 'UTC')),
      ('merchant', 'hour', merchant_id, date_trunc('hour', start, 'UTC')),
      ('merchant', 'day', merchant_id, date_trunc('day', start, 'UTC')),
      ('key', 'hour', key_id, date_trunc('hour', start, 'UTC')), ('key', 'day', key_id, date_trunc('day', start, 'UTC'))
    ) w (kind, span, name, start)
    GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1 DESC, 2, 3, 4, 5, 6, 7
    ON CONFLICT (kind, span, name, start, api, environment, bucket)
    DO UPDATE SET answers = l.answers + excluded.answers, upstream = l.upstream + excluded.upstream`,
}

/** Adds them; those of a batch that comes again count once. Throws StoreUnavailableError. */
export async function addLatencies(
  db: Queryable,
  batch: string,
  counts: readonly LatencyCount[],
): Promise<void> {
  if (counts.length === 0) return
  await db.query(addStatement, [
    counts.map((item) => item.keyId),
    counts.map((item) => item.merchantId),
    counts.map((item) => item.api),
    counts.map((item) => item.environment),
    counts.map((item) => new Date(item.startMs)),
    counts.map((item) => item.bucket),
    counts.map((item) => item.answers),
    counts.map((item) => item.upstream),
    batch,
  ])
}

export interface LatencyFilter {
  readonly scope: Scope
  readonly span: LatencySpan
  readonly keyId?: string | undefined
  readonly merchantId?: string | undefined
  readonly api?: string | undefined
  readonly environment?: string | undefined
  readonly fromMs: number
  readonly toMs: number
}

/** Requests of one step of time that took so long. */
export interface LatencyRow extends Pick<CountedTime, 'bucket'> {
  /** Beginning of the step, in milliseconds since the epoch. */
  readonly atMs: number
  readonly answers: number
  readonly upstream: number
}

/** Whose times are read. Those of five minutes are of all. */
export function latencyKindOf({
  scope,
  keyId,
  merchantId,
}: Pick<LatencyFilter, 'scope' | 'keyId' | 'merchantId'>): 'key' | 'merchant' | 'all' {
  if (keyId !== undefined) return 'key'
  return merchantId !== undefined || scope.merchantIds !== null ? 'merchant' : 'all'
}

/** Of the steps that begin in a time: oldest first, the shortest first. Throws StoreUnavailableError. */
export async function listLatencies(db: Queryable, filter: LatencyFilter): Promise<readonly LatencyRow[]> {
  const { scope, span, keyId, merchantId, api, environment, fromMs, toMs } = filter
  const values: unknown[] = []
  const put = (value: unknown) => `$${values.push(value)}`
  const kind = latencyKindOf(filter)
  const conditions = [`kind = '${kind}'`, `span = '${span}'`]
  if (kind === 'all') conditions.push(`name = ''`)
  if (keyId !== undefined) conditions.push(`name = ${put(keyId)}`)
  const isOf = (comparison: string) =>
    kind === 'key'
      ? `name IN (SELECT k.id FROM api_key k WHERE k.id = ${put(keyId)} AND k.merchant_id ${comparison})`
      : `name ${comparison}`
  if (merchantId !== undefined) conditions.push(isOf(`= ${put(merchantId)}`))
  if (scope.merchantIds !== null) conditions.push(isOf(`= ANY (${put(scope.merchantIds)}::text[])`))
  if (scope.apis !== null) conditions.push(`api = ANY (${put(scope.apis)}::text[])`)
  if (api !== undefined) conditions.push(`api = ${put(api)}`)
  if (environment !== undefined) conditions.push(`environment = ${put(environment)}`)
  conditions.push(`start >= ${put(new Date(fromMs))}`, `start < ${put(new Date(toMs))}`)
  return db.query<LatencyRow>(
    `SELECT (extract(epoch FROM start) * 1000)::bigint AS "atMs", bucket, sum(answers)::bigint AS answers,
       sum(upstream)::bigint AS upstream
     FROM activity_latency WHERE ${conditions.join(' AND ')} GROUP BY 1, 2 ORDER BY 1, 2`,
    values,
  )
}

const dayMs = 24 * 60 * 60_000

/** How long steps are kept, in milliseconds. */
export const latencyKeptMs = {
  five_minutes: 2 * dayMs,
  hour: 8 * dayMs,
  day: 91 * dayMs,
} as const satisfies Record<LatencySpan, number>

/** Forgets what is kept no longer, `most` of each span at most; returns how many of one at most. */
export async function pruneLatencies(db: Queryable, most: number): Promise<number> {
  const removed: number[] = []
  for (const span of latencySpans) {
    const [row] = await db.query<{ removed: number }>(
      `WITH gone AS (
         DELETE FROM activity_latency WHERE ctid IN (
           SELECT ctid FROM activity_latency WHERE span = $1 AND start < now() - $2 * interval '1 millisecond'
           LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING 1)
       SELECT count(*) AS removed FROM gone`,
      [span, latencyKeptMs[span], most],
    )
    removed.push(row?.removed ?? 0)
  }
  return Math.max(...removed)
}
