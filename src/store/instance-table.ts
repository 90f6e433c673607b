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
}

/** The columns of a heartbeat, in the order of its statement. */
export function beatValues(beat: InstanceBeat): readonly unknown[] {
  return [beat.id, beat.role, beat.host, beat.pid, beat.version, beat.appliedRevision, beat.epoch ?? null]
}

/** An instance leaves after its drain: it no longer counts. Unknown ones are ignored. */
export async function signOff(db: Queryable, id: string): Promise<void> {
  await db.query('UPDATE instance SET signed_off_at = now() WHERE id = $1', [id])
}

/** The instances that count: neither signed off nor silent for longer than `silentForMs`. Oldest first. */
export async function listInstances(db: Queryable, silentForMs: number): Promise<InstanceView[]> {
  return db.query<InstanceView>(
    `SELECT id, host, pid, role, version, started_at AS "startedAtMs", applied_revision AS "appliedRevision",
       epoch, last_seen_at AS "lastSeenAtMs"
     FROM instance
     WHERE signed_off_at IS NULL AND last_seen_at >= now() - $1 * interval '1 millisecond'
     ORDER BY started_at, id`,
    [silentForMs],
  )
}

/** Forgets instances last seen longer ago than `olderThanMs`; returns how many. */
export async function pruneInstances(db: Queryable, olderThanMs: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM instance WHERE last_seen_at < now() - $1 * interval '1 millisecond' RETURNING id`,
    [olderThanMs],
  )
  return rows.length
}
