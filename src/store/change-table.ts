// The revision feed: what changed, in the order in which it was committed. Every instance follows it.

import { beatValues, type InstanceBeat } from './instance-table.ts'
import type { Queryable } from './postgres.ts'
import { milliseconds } from './session.ts'

export interface Change {
  readonly revision: number
  /**
   * The key, or of access tokens the one, or what they hang on: client, grant, person. null: the merchant itself changed, and
   * with it all of its keys.
   */
  readonly keyId: string | null
  /** Empty: not of one merchant. */
  readonly merchantId: string
  /** Lower-case hex SHA-256 of every secret of the key; none where the merchant changed. */
  readonly digests: readonly string[]
  /** When it was made, in microseconds: tells it from another change that had its revision in another history. */
  readonly stamp?: number
}

/** Where the database stands, and which one it is. An equal epoch means that revisions of both readings can be compared. */
export interface Head {
  readonly epoch: string
  readonly head: number
  /** Stays when the epoch changes. */
  readonly installation: string
}

export interface ChangePage extends Head {
  /** The database's clock at the answer, in milliseconds since the epoch. */
  readonly atMs: number
  /** Stamp of the change at the revision to compare; null: none was asked for, or it is not kept any more. */
  readonly compared: number | null
  readonly changes: Change[]
  /** Stamp of the change at the revision asked from; null: it is not kept any more. */
  readonly anchor: number | null
}

interface ChangeRow extends Head {
  /** null: nothing after the revision asked for. */
  readonly revision: number | null
  readonly keyId: string | null
  readonly merchantId: string
  readonly digests: string[]
  readonly stamp: number
  readonly anchor: number | null
  readonly compared: number | null
  readonly atMs: number
}

/** Exact: microseconds of the time since 1970 fit into a double until 2255. */
export const stampColumn = '(extract(epoch FROM created_at) * 1000000)::bigint'

// One statement, one snapshot: head and outbox fit together. The beat in it can only be written on a primary, so an
// answer is never that of a standby that lags behind.
const readChangesStatement = {
  name: 'read_changes',
  text: `
    WITH beat AS (
      INSERT INTO instance (id, role, host, pid, version, applied_revision, epoch, stale_limit_ms)
      VALUES ($3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (id) DO UPDATE SET role = excluded.role, host = excluded.host, pid = excluded.pid,
        version = excluded.version, applied_revision = excluded.applied_revision, epoch = excluded.epoch,
        last_seen_at = now(), stale_limit_ms = excluded.stale_limit_ms
    ), about AS (
      INSERT INTO instance_about (id, cache_keys, clock_offset_ms)
      SELECT said.* FROM (VALUES ($3::text, $11::text, $12::bigint)) AS said (id, cache_keys, clock_offset_ms)
      WHERE NOT EXISTS (SELECT FROM instance_about a WHERE a.id = said.id
        AND (a.cache_keys, a.clock_offset_ms) IS NOT DISTINCT FROM (said.cache_keys, said.clock_offset_ms))
      ON CONFLICT (id) DO UPDATE SET cache_keys = excluded.cache_keys, clock_offset_ms = excluded.clock_offset_ms
    ), state AS (
      INSERT INTO instance_state (id, table_sha256, redis, degraded)
      SELECT said.* FROM (VALUES ($3::text, $13::text, $14::text, $15::jsonb)) AS said (id, table_sha256, redis, degraded)
      WHERE said.redis IS NOT NULL AND NOT EXISTS (SELECT FROM instance_state s WHERE s.id = said.id
        AND (s.table_sha256, s.redis, s.degraded) IS NOT DISTINCT FROM (said.table_sha256, said.redis, said.degraded))
      ON CONFLICT (id) DO UPDATE SET table_sha256 = excluded.table_sha256, redis = excluded.redis,
        degraded = excluded.degraded
    ), at AS MATERIALIZED (
      SELECT epoch || database_lineage() AS epoch, revision AS head, installation_id() AS installation,
        ${milliseconds('clock_timestamp()')} AS "atMs"
      FROM head
    )
    SELECT at.epoch, at.head, at.installation, at."atMs",
      (SELECT ${stampColumn} FROM outbox WHERE revision = $16) AS compared, o.revision, o.key_id AS "keyId", o.merchant_id AS "merchantId", o.digests, o.stamp,
      (SELECT ${stampColumn} FROM outbox WHERE revision = $1) AS anchor
    FROM at LEFT JOIN LATERAL (
      SELECT revision, key_id, merchant_id, CASE WHEN key_id IS NULL THEN '{}' ELSE digests END AS digests,
        ${stampColumn} AS stamp
      FROM outbox
      WHERE revision > $1 ORDER BY revision LIMIT $2
    ) o ON true
    ORDER BY o.revision`,
}

/**
 * The changes after revision `after`, at most `limit`, oldest first, with the database's epoch and head; and the
 * caller's heartbeat. The snapshot is at least as new as the moment of the call. Revisions have no gaps: where the
 * first change is not `after + 1` although `head` is beyond `after`, older ones were pruned and the reader must
 * forget all that it holds. Throws StoreUnavailableError, also from a database that cannot be written to.
 */
export async function readChanges(
  db: Queryable,
  request: {
    readonly after: number
    readonly limit: number
    readonly beat: InstanceBeat
    /** A revision whose change is to be compared. */
    readonly compare?: number | undefined
  },
): Promise<ChangePage> {
  const rows = await db.query<ChangeRow>(readChangesStatement, [
    request.after,
    request.limit,
    ...beatValues(request.beat),
    request.compare ?? null,
  ])
  const changes: Change[] = []
  for (const { revision, keyId, merchantId, digests, stamp } of rows) {
    if (revision !== null) changes.push({ revision, keyId, merchantId, digests, stamp })
  }
  const { anchor = null, compared = null, atMs = Number.NaN } = rows[0] ?? {}
  return { ...headOf(rows), changes, anchor, compared, atMs }
}

/** Committed changes after a revision, oldest first, without a heartbeat. Throws StoreUnavailableError. */
export async function changesAfter(db: Queryable, revision: number, limit: number): Promise<Change[]> {
  return db.query<Change>(
    `SELECT revision, key_id AS "keyId", merchant_id AS "merchantId",
       CASE WHEN key_id IS NULL THEN '{}' ELSE digests END AS digests, ${stampColumn} AS stamp
     FROM outbox WHERE revision > $1 ORDER BY revision LIMIT $2`,
    [revision, limit],
  )
}

/** Where the database stands. Throws StoreUnavailableError. */
export async function readHead(db: Queryable): Promise<Head> {
  const rows = await db.query<Head>(
    `SELECT epoch || database_lineage() AS epoch, revision AS head, installation_id() AS installation
     FROM head`,
  )
  return headOf(rows)
}

/**
 * Gives the database another epoch, if it still has this one: its head has gone back without anything else having
 * changed, as after the restore of a dump, and what was cached of the lost history must not be taken for this one's.
 */
export async function renewEpoch(db: Queryable, epoch: string): Promise<void> {
  await db.query(
    `UPDATE head SET epoch = replace(gen_random_uuid()::text, '-', '') WHERE epoch || database_lineage() = $1`,
    [epoch],
  )
}

/**
 * Forgets changes made longer ago than `olderThanMs`, `most` at most; returns how many. Always from the first on and without
 * a gap, and waiting for who does the same: a reader tells from the numbers alone that it has missed some. The last change
 * stays, whatever its age: its stamp tells this history from another.
 */
export async function pruneOutbox(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `WITH first AS MATERIALIZED (
       SELECT revision, created_at < now() - $1 * interval '1 millisecond' AS is_old
       FROM outbox ORDER BY revision LIMIT $2
     ), gone AS (
       DELETE FROM outbox WHERE revision IN (
         SELECT revision FROM first
         WHERE revision < coalesce((SELECT min(revision) FROM first WHERE NOT is_old), (SELECT revision FROM head)))
       RETURNING 1)
     SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}

function headOf(rows: readonly Head[]): Head {
  const row = rows[0]
  if (!row) throw new Error('The head row is missing: the database was tampered with')
  return { epoch: row.epoch, head: row.head, installation: row.installation }
}
