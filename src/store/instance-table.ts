// The processes that serve: each says with every poll of the changes that it lives and how far it has come.

import type { Queryable } from './postgres.ts'
import { milliseconds } from './session.ts'

/** Why an instance does less than it should. */
export const degradedReasons = [
  ...['config_fault', 'deny_fault', 'certificate', 'workers_missing', 'gateway_silent', 'log_dropping'],
  ...['cache_keys_apart', 'upstream_unavailable'],
] as const satisfies readonly string[]
export type DegradedReason = (typeof degradedReasons)[number]

export interface Degraded {
  readonly reason: DegradedReason
  readonly detail: string | null
}

/** How an instance stands by itself. */
export interface InstanceState {
  /** Lower-case hex SHA-256 of the table in force; null: there is none yet. */
  readonly tableSha256: string | null
  /** Redis as it sees it; `none`: it uses none. */
  readonly redis: 'up' | 'degraded' | 'down' | 'none'
  /** Empty: it is well. */
  readonly degraded: readonly Degraded[]
}

/** What an instance says of itself with each poll. */
export interface InstanceBeat {
  readonly id: string
  /** `all`, `gateway`, `control`, or `primary`: keeps workers that serve, and serves no request itself. */
  readonly role: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly appliedRevision: number
  /** Epoch that `appliedRevision` belongs to; absent or null: nothing applied yet. */
  readonly epoch?: string | null
  /** Its own largest stale limit: how long it may go on when it cannot be reached. */
  readonly staleLimitMs?: number
  /** Fingerprints of its cache keys, the one that it writes with first; absent: it uses no Redis. */
  readonly cacheKeys?: readonly string[]
  /** How far its clock is behind the database's; absent: not known yet. */
  readonly clockOffsetMs?: number | undefined
  /** Absent: it has only begun. */
  readonly state?: InstanceState | undefined
}

/** An instance as the database knows it; times in milliseconds since the epoch, by the database's clock. */
export interface InstanceView {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly role: string
  readonly version: string
  readonly startedAtMs: number
  readonly appliedRevision: number
  readonly epoch: string | null
  readonly lastSeenAtMs: number
  /** 0: it did not say. */
  readonly staleLimitMs: number
  /** As its beat said; empty: it uses no Redis, or is of an earlier version. */
  readonly cacheKeys: readonly string[]
  /** null: it did not say. */
  readonly clockOffsetMs: number | null
  /** null: it is of an earlier version, or has only begun. */
  readonly state: InstanceState | null
}

/** The columns of a heartbeat, in the order of its statement. */
export function beatValues(beat: InstanceBeat): readonly unknown[] {
  const { id, role, host, pid, version, appliedRevision, epoch = null, staleLimitMs = 0 } = beat
  const { cacheKeys, clockOffsetMs = null, state } = beat
  const keys = cacheKeys?.join(',') ?? null
  return [
    ...[id, role, host, pid, version, appliedRevision, epoch, staleLimitMs, keys, clockOffsetMs],
    ...[state?.tableSha256 ?? null, state?.redis ?? null, JSON.stringify(state?.degraded ?? [])],
  ]
}

/** An instance leaves after its drain: it no longer counts, for good, as ids are not used twice. Unknown ones are ignored. */
export async function signOff(db: Queryable, id: string): Promise<void> {
  await db.query('UPDATE instance SET signed_off_at = now() WHERE id = $1', [id])
}

/** As `signOff`, for all of these that count still. */
export async function signOffAll(db: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db.query('UPDATE instance SET signed_off_at = now() WHERE signed_off_at IS NULL AND id = ANY ($1)', [
    ids,
  ])
}

/** What those say of their cache keys that were seen in the last ten seconds; each answer once. */
export async function listCacheKeys(db: Queryable): Promise<(readonly string[])[]> {
  const rows = await db.query<{ keys: string }>(
    `SELECT DISTINCT a.cache_keys AS keys FROM instance i JOIN instance_about a USING (id)
     WHERE i.signed_off_at IS NULL AND i.last_seen_at > now() - interval '10 seconds' AND a.cache_keys IS NOT NULL`,
  )
  return rows.map(({ keys }) => keys.split(','))
}

/** How many serve requests, as far as was heard of them in the last three seconds. */
export async function countServing(db: Queryable): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM instance
     WHERE signed_off_at IS NULL AND role NOT IN ('control', 'primary') AND last_seen_at > now() - interval '3 seconds'`,
  )
  return rows[0]?.count ?? 0
}

/**
 * The instances that count: neither signed off nor silent for longer than the larger of `staleLimitMs` and their own
 * stale limit, and `slackMs` more. Oldest first.
 */
export async function listInstances(
  db: Queryable,
  staleLimitMs: number,
  slackMs = 0,
): Promise<InstanceView[]> {
  return db.query<InstanceView>(
    `SELECT id, host, pid, role, version, ${milliseconds('started_at')} AS "startedAtMs",
       applied_revision AS "appliedRevision", epoch, ${milliseconds('last_seen_at')} AS "lastSeenAtMs",
       stale_limit_ms AS "staleLimitMs", coalesce(string_to_array(cache_keys, ','), '{}') AS "cacheKeys",
       clock_offset_ms AS "clockOffsetMs",
       CASE WHEN redis IS NOT NULL THEN
         jsonb_build_object('tableSha256', table_sha256, 'redis', redis, 'degraded', degraded) END AS state
     FROM instance LEFT JOIN instance_about USING (id) LEFT JOIN instance_state USING (id)
     WHERE signed_off_at IS NULL
       AND last_seen_at >= now() - (greatest($1, stale_limit_ms) + $2) * interval '1 millisecond'
     ORDER BY started_at, id`,
    [staleLimitMs, slackMs],
  )
}

/** Forgets instances last seen longer ago than `olderThanMs`, with what else they said, `most` at most; returns how many. */
export async function pruneInstances(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `WITH gone AS (
       DELETE FROM instance WHERE id IN (
         SELECT id FROM instance WHERE last_seen_at < now() - $1 * interval '1 millisecond'
         LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING id
     ), said AS (DELETE FROM instance_about a USING gone WHERE a.id = gone.id
     ), stood AS (DELETE FROM instance_state s USING gone WHERE s.id = gone.id)
     SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
