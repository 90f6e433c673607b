// What became of telling an endpoint of an event, from the first try on.

import type { Queryable } from '../postgres.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import { milliseconds } from '../session.ts'

export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const
export type DeliveryStatus = (typeof deliveryStatuses)[number]

/** Times in milliseconds since the epoch. */
export interface StoredDelivery {
  readonly id: string
  readonly eventId: string
  readonly type: string
  readonly status: DeliveryStatus
  readonly attempts: number
  readonly createdAtMs: number
  readonly lastAttemptAtMs: number | null
  readonly deliveredAtMs: number | null
  /** Of what is pending in its turn; null: nobody tries it again by itself. */
  readonly nextAttemptAtMs: number | null
  readonly responseStatus: number | null
  readonly error: string | null
  readonly durationMs: number | null
  /** Somebody asked for it, and it is not sent yet. */
  readonly isAsked: boolean
  /** null: kept no longer. */
  readonly payload?: string | null
}

const columns = `d.id, d.event_id AS "eventId", d.type, d.status, d.attempts, ${milliseconds('d.created_at')} AS "createdAtMs",
  ${milliseconds('d.last_attempt_at')} AS "lastAttemptAtMs", ${milliseconds('d.delivered_at')} AS "deliveredAtMs",
  CASE WHEN d.status = 'pending' AND w.status = 'enabled' THEN ${milliseconds('w.next_attempt_at')} END AS "nextAttemptAtMs",
  d.response_status AS "responseStatus", d.error, d.duration_ms AS "durationMs", d.asked_at IS NOT NULL AS "isAsked"`

/** Of an endpoint that the caller was seen to see; newest first. The cursor is the id of the last one seen. */
export async function listDeliveries(
  db: Queryable,
  asked: { readonly endpointId: string; readonly status?: DeliveryStatus | undefined },
  page: PageRequest<string>,
): Promise<Page<StoredDelivery>> {
  const rows = await db.query<StoredDelivery>(
    `SELECT ${columns} FROM webhook_delivery d JOIN webhook_endpoint w ON w.id = d.endpoint_id
     WHERE d.endpoint_id = $1 AND ($2::text IS NULL OR d.status = $2) AND ($3::text IS NULL OR d.id < $3)
     ORDER BY d.id DESC LIMIT $4`,
    [asked.endpointId, asked.status ?? null, page.after, page.limit + 1],
  )
  return pageOf(rows, page.limit)
}

/** With its body. */
export async function getDelivery(
  db: Queryable,
  endpointId: string,
  id: string,
): Promise<StoredDelivery | undefined> {
  const rows = await db.query<StoredDelivery>(
    `SELECT ${columns}, e.payload FROM webhook_delivery d JOIN webhook_endpoint w ON w.id = d.endpoint_id
     LEFT JOIN webhook_event e ON e.seq = d.seq WHERE d.endpoint_id = $1 AND d.id = $2`,
    [endpointId, id],
  )
  return rows[0]
}

/** Has it sent once more, beside the order; nothing where its body is kept no longer. */
export async function askAgain(tx: Queryable, id: string, nowMs: number): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE webhook_delivery d SET asked_at = coalesce(asked_at, $2) FROM webhook_event e
     WHERE d.id = $1 AND e.seq = d.seq RETURNING d.id`,
    [id, new Date(nowMs)],
  )
  return rows.length > 0
}

/** The first delivery of an event that somebody asked for, by hand. */
export async function askFor(
  tx: Queryable,
  { id, endpointId, seq, nowMs }: { id: string; endpointId: string; seq: number; nowMs: number },
): Promise<void> {
  await tx.query(
    `INSERT INTO webhook_delivery (id, endpoint_id, seq, event_id, type, status, attempts, created_at, asked_at)
     SELECT $1, $2, e.seq, e.id, e.type, 'pending', 0, $4, $4 FROM webhook_event e WHERE e.seq = $3`,
    [id, endpointId, seq, new Date(nowMs)],
  )
}

/** How many of an endpoint's were asked for and are not sent yet. */
export async function countAsked(db: Queryable, endpointId: string): Promise<number> {
  const rows = await db.query<{ count: number }>(
    'SELECT count(*) AS count FROM webhook_delivery WHERE endpoint_id = $1 AND asked_at IS NOT NULL',
    [endpointId],
  )
  return rows[0]?.count ?? 0
}

/** Forgets deliveries begun longer ago than `olderThanMs`, `most` at most; returns how many. */
export async function pruneDeliveries(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `WITH gone AS (DELETE FROM webhook_delivery WHERE id IN (
       SELECT id FROM webhook_delivery WHERE created_at < now() - $1 * interval '1 millisecond' ORDER BY created_at LIMIT $2)
       RETURNING 1) SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
