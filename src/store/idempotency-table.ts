// What requests with an Idempotency-Key have made (contract 8): written in the change's own transaction, so that of
// any number of repeats, also at once, exactly one changes something. Keys belong to the actor who uses them.

import { deny, DenialError } from '../errors/denial.ts'
import type { Queryable } from './postgres.ts'

/** One request that may be repeated. */
export interface IdempotentRequest {
  readonly actor: string
  /** The header's value. */
  readonly key: string
  /** Lower-case hex SHA-256 of what is asked for: a repeat has the same. */
  readonly requestDigest: string
}

/** How long a repeat is known as one, in milliseconds. */
export const idempotencyKeptMs = 24 * 60 * 60 * 1000

interface Row<T> {
  readonly isSame: boolean
  readonly object: T | null
}

/**
 * The object that this request has made before; undefined: it has made none within 24 hours. Throws
 * IDEMPOTENCY_MISMATCH where the key was used for another request.
 */
export async function readReplay<T>(
  db: Queryable,
  request: IdempotentRequest,
  nowMs: number,
): Promise<T | undefined> {
  const rows = await db.query<Row<T>>(
    `SELECT request_digest = $3 AS "isSame", object FROM idempotency
     WHERE actor = $1 AND key = $2 AND created_at > $4`,
    [request.actor, request.key, digestOf(request), new Date(nowMs - idempotencyKeptMs)],
  )
  const [row] = rows
  if (!row) return undefined
  if (!row.isSame) throw new DenialError(deny('IDEMPOTENCY_MISMATCH', 'other_request'))
  return row.object ?? undefined
}

/**
 * Takes the key for this transaction, waiting for another that is using it. Returns the object that the other has
 * made; undefined: the change is this transaction's to make, and `keepReplay` to be called. Throws IDEMPOTENCY_MISMATCH.
 */
export async function claimReplay<T>(
  tx: Queryable,
  request: IdempotentRequest,
  nowMs: number,
): Promise<T | undefined> {
  const claimed = await tx.query(
    `INSERT INTO idempotency AS i (actor, key, request_digest, created_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (actor, key) DO UPDATE
       SET request_digest = excluded.request_digest, object = NULL, created_at = excluded.created_at
       WHERE i.created_at <= $5
     RETURNING key`,
    [request.actor, request.key, digestOf(request), new Date(nowMs), new Date(nowMs - idempotencyKeptMs)],
  )
  return claimed.length > 0 ? undefined : readReplay<T>(tx, request, nowMs)
}

/** Keeps the object that a claimed request has made. */
export async function keepReplay(tx: Queryable, request: IdempotentRequest, object: unknown): Promise<void> {
  await tx.query('UPDATE idempotency SET object = $3 WHERE actor = $1 AND key = $2', [
    request.actor,
    request.key,
    JSON.stringify(object),
  ])
}

/** Forgets requests made longer ago than `olderThanMs`, `most` at most; returns how many. */
export async function pruneReplays(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query(
    `DELETE FROM idempotency WHERE (actor, key) IN (
       SELECT actor, key FROM idempotency WHERE created_at < now() - $1 * interval '1 millisecond'
       ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
     RETURNING key`,
    [olderThanMs, most],
  )
  return rows.length
}

function digestOf(request: IdempotentRequest): Buffer {
  return Buffer.from(request.requestDigest, 'hex')
}
