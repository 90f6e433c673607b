// Who changed what: one row a revision, written in the change's own transaction.

import { type Page, type PageRequest, pageOf } from './page.ts'
import type { Queryable } from './postgres.ts'
import { milliseconds } from './session.ts'

export interface AuditEntry {
  readonly actor: string
  /** Such as `key.rotate`. */
  readonly action: string
  /** Id of the key or merchant. */
  readonly target: string
  /** Without secrets and digests; null: it did not exist. */
  readonly before: object | null
  readonly after: object
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly revision: number
}

/** An entry with its place in the list. */
export interface StoredAuditEntry extends AuditEntry {
  readonly id: number
}

export interface AuditFilter {
  readonly target?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
}

export async function writeAudit(tx: Queryable, entry: AuditEntry): Promise<void> {
  await tx.query(
    `INSERT INTO audit (actor, action, target, before, after, request_id, at, revision)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      entry.actor,
      entry.action,
      entry.target,
      entry.before && JSON.stringify(entry.before),
      JSON.stringify(entry.after),
      entry.requestId,
      new Date(entry.atMs),
      entry.revision,
    ],
  )
}

/** Entries that match all of the filter, newest first. The cursor is the id of the last one seen. */
export async function listAudit(
  db: Queryable,
  filter: AuditFilter,
  page: PageRequest<number>,
): Promise<Page<StoredAuditEntry>> {
  const rows = await db.query<StoredAuditEntry>(
    `SELECT id, actor, action, target, before, after, request_id AS "requestId", ${milliseconds('at')} AS "atMs",
       revision
     FROM audit
     WHERE ($1::text IS NULL OR target = $1)
       AND ($2::text IS NULL OR actor = $2)
       AND ($3::text IS NULL OR action = $3)
       AND ($4::bigint IS NULL OR id < $4)
     ORDER BY id DESC LIMIT $5`,
    [filter.target ?? null, filter.actor ?? null, filter.action ?? null, page.after, page.limit + 1],
  )
  return pageOf(rows, page.limit)
}

/**
 * Forgets entries older than `olderThanMs`, `most` at most, the first ones first; returns how many. By a function of the
 * database, which takes nothing that is younger than 90 days: who serves needs no right to delete from the audit.
 */
export async function pruneAudit(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `SELECT forget_audit(now() - $1 * interval '1 millisecond', $2) AS removed`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
