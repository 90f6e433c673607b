// What the database knows of how the installation stands: what waits, fails, or stands in public.

import type { Queryable } from './postgres.ts'
import { milliseconds } from './session.ts'

/** Ids of what was found, at most `most`, and how many there are of it. */
export interface FoundIds {
  readonly count: number
  readonly ids: readonly string[]
  /** The oldest of them, in milliseconds since the epoch. */
  readonly sinceMs: number | null
}

const none: FoundIds = { count: 0, ids: [], sinceMs: null }

const foundOf = (id: string, at: string, most: number) =>
  `count(*)::integer AS count, coalesce((array_agg(${id} ORDER BY ${at}))[1:${most}], '{}') AS ids, ${milliseconds(`min(${at})`)} AS "sinceMs"`

/** Webhooks whose tries have failed for longer than `forMs`, and go on. Throws StoreUnavailableError. */
export async function findFailingWebhooks(db: Queryable, forMs: number, most: number): Promise<FoundIds> {
  const [row] = await db.query<FoundIds>(
    `SELECT ${foundOf('id', 'failing_since', most)} FROM webhook_endpoint
     WHERE deleted_at IS NULL AND status = 'enabled' AND failures > 0
       AND failing_since < now() - $1 * interval '1 millisecond'`,
    [forMs],
  )
  return row ?? none
}

/** Webhooks that are not told any more as they took nothing, or said that they are gone. */
export async function findEndedWebhooks(db: Queryable, most: number): Promise<FoundIds> {
  const [row] = await db.query<FoundIds>(
    `SELECT ${foundOf('id', 'coalesce(failing_since, created_at)', most)} FROM webhook_endpoint
     WHERE deleted_at IS NULL AND disabled_reason IN ('failing', 'gone')`,
  )
  return row ?? none
}

/** Mails that wait for longer than `forMs`. */
export interface WaitingMails {
  readonly count: number
  readonly sinceMs: number | null
  /** What the oldest failed with, a code; null: it was not tried. */
  readonly failure: string | null
}

export async function findWaitingMails(db: Queryable, forMs: number): Promise<WaitingMails> {
  const [row] = await db.query<WaitingMails>(
    `SELECT count(*)::integer AS count, ${milliseconds('min(created_at)')} AS "sinceMs",
       (array_agg(failure ORDER BY created_at))[1] AS failure
     FROM mail WHERE created_at < now() - $1 * interval '1 millisecond'`,
    [forMs],
  )
  return row ?? { count: 0, sinceMs: null, failure: null }
}

/** Keys that work, with a secret that works and was reported to stand in public. */
export async function findExposedKeys(db: Queryable, most: number): Promise<FoundIds> {
  const [row] = await db.query<FoundIds>(
    `SELECT ${foundOf('id', 'at', most)} FROM (
       SELECT k.id, min(e.at) AS at FROM key_exposure e JOIN key_secret s ON s.id = e.secret_id JOIN api_key k ON k.id = s.key_id
       WHERE k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > now())
         AND (s.expires_at IS NULL OR s.expires_at > now()) GROUP BY k.id) exposed`,
  )
  return row ?? none
}

/** When the changes with these revisions were made, in milliseconds since the epoch; those that are kept still. */
export async function readChangeTimes(
  db: Queryable,
  revisions: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const rows = await db.query<{ revision: number; atMs: number }>(
    `SELECT revision, ${milliseconds('created_at')} AS "atMs" FROM outbox WHERE revision = ANY ($1::bigint[])`,
    [revisions],
  )
  return new Map(rows.map(({ revision, atMs }) => [revision, atMs]))
}
