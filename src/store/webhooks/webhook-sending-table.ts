// What is sent to webhooks next, and what came of it; and who sends: one process at a time, by a lease.

import type { Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'
import type { DeliveryStatus } from './webhook-delivery-table.ts'

/** Whether an event `e` is for an endpoint `w`, and still before it. */
const isFor = `e.seq > w.cursor_seq AND e.endpoint_id IS NULL AND (e.revision IS NULL OR e.revision > w.first_revision)
  AND (w.merchant_id IS NULL OR e.merchant_id = w.merchant_id) AND (w.api IS NULL OR e.api = w.api)
  AND (w.events = '{*}' OR e.type = ANY (w.events))`

/** Has a delivery that waits in its turn tried at once; false: it waits in none. */
export async function hurry(tx: Queryable, id: string): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE webhook_endpoint w SET next_attempt_at = NULL FROM webhook_delivery d, webhook_event e
     WHERE d.id = $1 AND d.status = 'pending' AND w.id = d.endpoint_id AND w.status = 'enabled' AND e.seq = d.seq AND ${isFor}
     RETURNING w.id`,
    [id],
  )
  return rows.length > 0
}

/** Has endpoints that nothing of what there is concerns stand behind it, so that it is not looked through again. */
export async function passBy(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE webhook_endpoint w SET cursor_seq = h.seq FROM webhook_head h
     WHERE w.deleted_at IS NULL AND w.status = 'enabled' AND w.cursor_seq < h.seq
       AND NOT EXISTS (SELECT FROM webhook_event e WHERE ${isFor} AND e.seq <= h.seq)`,
  )
}

/**
 * Those whose time has come, and those of which a delivery was asked for: first the ones that take what they are sent, who took nothing for longest
 * before the others; then the ones that fail, who wait for longest before the others.
 */
export async function dueEndpoints(
  db: Queryable,
  { nowMs, besides, most }: { nowMs: number; besides: readonly string[]; most: number },
): Promise<
  readonly { readonly id: string; readonly isFailing: boolean; readonly merchantId: string | null }[]
> {
  return db.query(
    `SELECT w.id, w.failures > 0 AS "isFailing", w.merchant_id AS "merchantId" FROM webhook_endpoint w, webhook_head h
     WHERE w.deleted_at IS NULL AND w.id <> ALL ($2::text[]) AND (
       (w.status = 'enabled' AND w.cursor_seq < h.seq AND (w.next_attempt_at IS NULL OR w.next_attempt_at <= $1))
       OR EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = w.id AND d.asked_at IS NOT NULL))
     ORDER BY w.failures > 0, CASE WHEN w.failures > 0 THEN w.next_attempt_at ELSE w.last_delivered_at END NULLS FIRST, w.id
     LIMIT $3`,
    [new Date(nowMs), besides, most],
  )
}

/** An event on its way to an endpoint, which is as it is now. */
export interface Outgoing {
  readonly endpointId: string
  readonly url: string
  /** Of the endpoint: tries in a row that failed, and since when. */
  readonly failures: number
  readonly failingSinceMs: number | null
  /** Sealed, the current one first. */
  readonly secrets: readonly { readonly id: string; readonly sealed: string }[]
  readonly seq: number
  readonly eventId: string
  readonly type: string
  readonly payload: string
  readonly createdAtMs: number
}

/** `$1` is the endpoint, `$2` now. */
const outgoing = `w.id AS "endpointId", w.url, w.failures, ${milliseconds('w.failing_since')} AS "failingSinceMs",
  (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'sealed', s.sealed) ORDER BY s.expires_at DESC NULLS FIRST), '[]')
   FROM webhook_secret s WHERE s.endpoint_id = w.id AND (s.expires_at IS NULL OR s.expires_at > $2)) AS secrets,
  e.seq, e.id AS "eventId", e.type, e.payload, ${milliseconds('e.created_at')} AS "createdAtMs"`

/** The next one of an enabled endpoint whose time has come; undefined: there is none. */
export async function nextOutgoing(
  db: Queryable,
  endpointId: string,
  nowMs: number,
): Promise<Outgoing | undefined> {
  const rows = await db.query<Outgoing>(
    `SELECT ${outgoing} FROM webhook_endpoint w JOIN webhook_event e ON ${isFor}
     WHERE w.id = $1 AND w.status = 'enabled' AND w.deleted_at IS NULL
       AND (w.next_attempt_at IS NULL OR w.next_attempt_at <= $2) ORDER BY e.seq LIMIT 1`,
    [endpointId, new Date(nowMs)],
  )
  return rows[0]
}

/** The next one that somebody has asked for. */
export async function askedOutgoing(
  db: Queryable,
  endpointId: string,
  nowMs: number,
): Promise<Outgoing | undefined> {
  const rows = await db.query<Outgoing>(
    `SELECT ${outgoing} FROM webhook_delivery d JOIN webhook_event e ON e.seq = d.seq
       JOIN webhook_endpoint w ON w.id = d.endpoint_id
     WHERE d.endpoint_id = $1 AND w.deleted_at IS NULL AND d.asked_at IS NOT NULL ORDER BY d.asked_at, d.seq LIMIT 1`,
    [endpointId, new Date(nowMs)],
  )
  return rows[0]
}

/** What came of one try. */
export interface Attempt {
  /** For the delivery, where it is the first try. */
  readonly deliveryId: string
  readonly outgoing: Pick<Outgoing, 'endpointId' | 'seq' | 'eventId' | 'type'>
  readonly atMs: number
  readonly status: DeliveryStatus
  readonly responseStatus: number | null
  readonly error: string | null
  readonly durationMs: number
}

const upsert = `
  INSERT INTO webhook_delivery AS d (id, endpoint_id, seq, event_id, type, status, attempts, created_at, last_attempt_at,
    delivered_at, response_status, error, duration_ms)
  VALUES ($1::text, $2::text, $3::bigint, $4::text, $5::text, $6::text, 1, $7::timestamptz, $7::timestamptz,
    CASE WHEN $6::text = 'delivered' THEN $7::timestamptz END, $8::integer, $9::text, $10::integer)
  ON CONFLICT (endpoint_id, seq) DO UPDATE SET attempts = d.attempts + 1, last_attempt_at = excluded.last_attempt_at,
    status = CASE WHEN d.status = 'delivered' THEN d.status ELSE excluded.status END,
    delivered_at = coalesce(d.delivered_at, excluded.delivered_at), response_status = excluded.response_status,
    error = excluded.error, duration_ms = excluded.duration_ms, asked_at = NULL`

function valuesOf(attempt: Attempt): unknown[] {
  const { deliveryId, outgoing: one, atMs, status, responseStatus, error, durationMs } = attempt
  return [
    ...[deliveryId, one.endpointId, one.seq, one.eventId, one.type, status, new Date(atMs)],
    ...[responseStatus, error, durationMs],
  ]
}

/** It was taken: the next one's turn has come. */
export async function recordDelivered(db: Queryable, attempt: Attempt): Promise<void> {
  await db.query(
    `WITH made AS (${upsert})
     UPDATE webhook_endpoint SET cursor_seq = greatest(cursor_seq, $3::bigint), failures = 0, failing_since = NULL,
       next_attempt_at = NULL, last_delivered_at = $7::timestamptz WHERE id = $2`,
    valuesOf(attempt),
  )
}

/** It was not taken. While it is pending all that come after it wait; given up, the next one's turn has come. */
export async function recordFailure(db: Queryable, attempt: Attempt, nextAtMs: number): Promise<void> {
  await db.query(
    `WITH made AS (${upsert})
     UPDATE webhook_endpoint SET failures = failures + 1, failing_since = coalesce(failing_since, $7::timestamptz),
       next_attempt_at = $11::timestamptz,
       cursor_seq = CASE WHEN $6::text = 'failed' THEN greatest(cursor_seq, $3::bigint) ELSE cursor_seq END WHERE id = $2`,
    [...valuesOf(attempt), new Date(nextAtMs)],
  )
}

/** What somebody asked for was tried: it says nothing of the endpoint's turn. */
export async function recordAsked(db: Queryable, attempt: Attempt): Promise<void> {
  await db.query(upsert, valuesOf(attempt))
}

/** Takes or keeps the right to send, for `forMs` by the database's clock; false: another has it. */
export async function holdLease(db: Queryable, holder: string, forMs: number): Promise<boolean> {
  const rows = await db.query(
    `UPDATE webhook_head SET holder = $1, held_until = clock_timestamp() + $2 * interval '1 millisecond'
     WHERE holder IS NULL OR holder = $1 OR held_until < clock_timestamp() RETURNING is_only`,
    [holder, forMs],
  )
  return rows.length > 0
}

/** Lets another one send at once. */
export async function endLease(db: Queryable, holder: string): Promise<void> {
  await db.query('UPDATE webhook_head SET holder = NULL, held_until = NULL WHERE holder = $1', [holder])
}

/** How far endpoints are behind. */
export interface WebhookFigures {
  readonly enabled: number
  readonly failing: number
  readonly disabled: number
  /** Age of the oldest event that an endpoint which does not fail was not told of; 0: there is none. */
  readonly oldestSeconds: number
}

export async function readFigures(db: Queryable): Promise<WebhookFigures> {
  const [row] = await db.query<WebhookFigures>(
    `SELECT count(*) FILTER (WHERE status = 'enabled') AS enabled,
       count(*) FILTER (WHERE status = 'enabled' AND failures > 0) AS failing,
       count(*) FILTER (WHERE disabled_reason IN ('failing', 'gone')) AS disabled,
       coalesce(max((SELECT extract(epoch FROM clock_timestamp() - e.created_at) FROM webhook_event e
         WHERE ${isFor} ORDER BY e.seq LIMIT 1)) FILTER (WHERE status = 'enabled' AND failures = 0), 0)::float8 AS "oldestSeconds"
     FROM webhook_endpoint w WHERE deleted_at IS NULL`,
  )
  return row ?? { enabled: 0, failing: 0, disabled: 0, oldestSeconds: 0 }
}
