// How far the audit was copied to elsewhere (migration 19), and who copies it: one process at a time, by a lease. What is copied
// goes by the chain: a link comes behind all that were there before it, which numbers of entries do not say.

import type { StoredAuditEntry } from './audit-table.ts'
import type { Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

/** An entry and its link. */
export interface SinkEntry {
  readonly seq: number
  /** Lower-case hex SHA-256 of the link. */
  readonly sha256: string
  /** null: it is kept no longer. */
  readonly entry: StoredAuditEntry | null
}

/** Takes or keeps the right to copy, for `forMs` by the database's clock; the last link that was taken. undefined: another has it. */
export async function holdSink(db: Queryable, holder: string, forMs: number): Promise<number | undefined> {
  const [row] = await db.query<{ seq: number }>(
    `UPDATE audit_sink SET holder = $1, held_until = clock_timestamp() + $2 * interval '1 millisecond'
     WHERE holder IS NULL OR holder = $1 OR held_until < clock_timestamp() RETURNING seq`,
    [holder, forMs],
  )
  return row?.seq
}

/** Lets another one copy at once. */
export async function endSinkLease(db: Queryable, holder: string): Promise<void> {
  await db.query('UPDATE audit_sink SET holder = NULL, held_until = NULL WHERE holder = $1', [holder])
}

/** All up to `to` were taken; false: somebody else copies by now. */
export async function moveSink(
  db: Queryable,
  { holder, from, to }: { readonly holder: string; readonly from: number; readonly to: number },
): Promise<boolean> {
  const rows = await db.query(
    'UPDATE audit_sink SET seq = $3 WHERE holder = $1 AND seq = $2 RETURNING is_only',
    [holder, from, to],
  )
  return rows.length > 0
}

type SinkRow = Omit<StoredAuditEntry, 'id'> & {
  readonly seq: number
  readonly sha256: string
  readonly id: number | null
}

/** Up to `most` entries behind the link `after`, in the order of the chain. */
export async function readForSink(db: Queryable, after: number, most: number): Promise<readonly SinkEntry[]> {
  const rows = await db.query<SinkRow>(
    `SELECT l.seq, encode(l.digest, 'hex') AS sha256, a.id, a.actor, a.action, a.target, a.before, a.after,
       a.request_id AS "requestId", ${milliseconds('a.at')} AS "atMs", a.revision, r.reason, o.token_id AS "tokenId", o.client
     FROM (SELECT seq, entry, digest FROM audit_link WHERE seq > $1 ORDER BY seq LIMIT $2) l
       LEFT JOIN audit a ON a.id = l.entry
       LEFT JOIN change_reason r ON r.request_id = a.request_id
       LEFT JOIN change_origin o ON o.request_id = a.request_id
     ORDER BY l.seq`,
    [after, most],
  )
  return rows.map(({ seq, sha256, id, ...rest }) => ({
    ...{ seq, sha256 },
    entry: id === null ? null : { ...rest, id },
  }))
}

/** For how many seconds the oldest entry that was not taken has had its link; 0: all are taken. */
export async function sinkLagSeconds(db: Queryable): Promise<number> {
  const [row] = await db.query<{ seconds: number }>(
    `SELECT greatest(0, extract(epoch FROM clock_timestamp() - l.sealed_at))::float8 AS seconds
     FROM audit_sink s, LATERAL (SELECT sealed_at FROM audit_link WHERE seq > s.seq ORDER BY seq LIMIT 1) l`,
  )
  return row?.seconds ?? 0
}
