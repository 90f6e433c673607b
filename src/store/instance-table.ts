// The processes that serve: each says with every poll of the changes that it lives and how far it has come.

import type { Queryable } from './postgres.ts'

/** What an instance says of itself with each poll. */
export interface InstanceBeat {
  readonly id: string
  /** `all`, `gateway` or `control`. */
  readonly role: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly appliedRevision: number
  /** Epoch that `appliedRevision` belongs to; absent or null: nothing applied yet. */
  readonly epoch?: string | null
  /** Its own largest stale limit: how long it may go on when it cannot be reached. */
  readonly staleLimitMs?: number
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
}

/** The columns of a heartbeat, in the order of its statement. */
export function beatValues(beat: InstanceBeat): readonly unknown[] {
  const { id, role, host, pid, version, appliedRevision, epoch = null, staleLimitMs = 0 } = beat
  return [id, role, host, pid, version, appliedRevision, epoch, staleLimitMs]
}

/** An instance leaves after its drain: it no longer counts, for good, as ids are not used twice. Unknown ones are ignored. */
export async function signOff(db: Queryable, id: string): Promise<void> {
  await db.query('UPDATE instance SET signed_off_at = now() WHERE id = $1', [id])
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
    `SELECT id, host, pid, role, version, started_at AS "startedAtMs", applied_revision AS "appliedRevision",
       epoch, last_seen_at AS "lastSeenAtMs", stale_limit_ms AS "staleLimitMs"
     FROM instance
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
     ), said AS (DELETE FROM instance_about a USING gone WHERE a.id = gone.id)
     SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
