// What somebody should look after: secrets that are old, keys that end soon, keys that nobody uses. Looked up as it is asked
// for; of the first two webhooks are told, once for each.

import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { keyConditions, type View } from '../scope.ts'
import { milliseconds } from '../session.ts'
import { addEvents, lockWebhookHead, type NewEvent, payloadOf } from '../webhooks/webhook-event-table.ts'

/** Of a key that works. Times in milliseconds since the epoch; null: it is not so. */
export interface Reminder {
  readonly id: string
  readonly merchantId: string
  readonly api: string
  readonly environment: string
  readonly name: string
  /** Its current secret was made more than 90 days ago. */
  readonly rotationDueSinceMs: number | null
  /** It ends within 14 days. */
  readonly expiresAtMs: number | null
  /** It was not used for 90 days, or never since it was made so long ago. */
  readonly unusedSinceMs: number | null
  readonly secretId: string
}

const ninetyDays = `interval '90 days'`
const soon = `interval '14 days'`

/** `$1` is now. */
const reminders = `
  SELECT k.id, k.merchant_id AS "merchantId", k.api, k.environment, k.name, s.id AS "secretId",
    CASE WHEN s.created_at < $1::timestamptz - ${ninetyDays} THEN ${milliseconds(`s.created_at + ${ninetyDays}`)} END AS "rotationDueSinceMs",
    CASE WHEN k.expires_at <= $1::timestamptz + ${soon} THEN ${milliseconds('k.expires_at')} END AS "expiresAtMs",
    CASE WHEN u.at < $1::timestamptz - ${ninetyDays} THEN ${milliseconds('u.at')} END AS "unusedSinceMs"
  FROM api_key k JOIN key_secret s ON s.key_id = k.id AND s.expires_at IS NULL
    CROSS JOIN LATERAL (SELECT coalesce(max(o.last_used_at), k.created_at) AS at FROM key_secret o WHERE o.key_id = k.id) u
  WHERE k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > $1::timestamptz)
    AND (s.created_at < $1::timestamptz - ${ninetyDays} OR k.expires_at <= $1::timestamptz + ${soon}
      OR u.at < $1::timestamptz - ${ninetyDays})`

/** Newest keys first. The cursor is the id of the last one seen. */
export async function listReminders(
  db: Queryable,
  asked: View & { readonly merchantId?: string | undefined },
  page: PageRequest<string>,
): Promise<Page<Reminder>> {
  const values: unknown[] = [new Date(asked.nowMs)]
  const put = (value: unknown) => `$${values.push(value)}`
  const conditions = [
    ...keyConditions(asked.scope, put),
    ...(asked.merchantId === undefined ? [] : [`k.merchant_id = ${put(asked.merchantId)}`]),
    ...(page.after === null ? [] : [`k.id < ${put(page.after)}`]),
  ].map((condition) => ` AND ${condition}`)
  const rows = await db.query<Reminder>(
    `${reminders}${conditions.join('')} ORDER BY k.id DESC LIMIT ${put(page.limit + 1)}`,
    values,
  )
  return pageOf(rows, page.limit)
}

const everyHours = 24
/** Keys that one statement looks at. */
const mostAtOnce = 2_000

export interface Telling {
  readonly told: number
  /** The last key that was looked at, where there may be more; undefined: all are through. */
  readonly upTo: string | undefined
}

/**
 * Makes events of what webhooks were not told of yet, of some keys behind `after`, all of them once a day over all processes. Where nobody is to be
 * told, none is made, and it is told to whoever comes later. Throws StoreUnavailableError.
 */
export async function tellReminders(
  db: Postgres,
  newId: (prefix: 'evt') => string,
  after = '',
): Promise<Telling> {
  const [due] = await db.query<{ isDue: boolean }>(
    `SELECT (reminded_at IS NULL OR reminded_at < now() - interval '${everyHours} hours')
       AND EXISTS (SELECT FROM webhook_endpoint WHERE deleted_at IS NULL) AS "isDue" FROM webhook_head`,
  )
  if (due?.isDue !== true) return { told: 0, upTo: undefined }
  return db.transaction(async (tx) => {
    // One at a time: what another has told meanwhile is seen as told.
    await lockWebhookHead(tx)
    const [range] = await tx.query<{ last: string | null; count: number }>(
      `SELECT max(id) AS last, count(*) AS count FROM
         (SELECT id FROM api_key WHERE id > $1 ORDER BY id LIMIT ${mostAtOnce}) ranged`,
      [after],
    )
    const last = range?.last ?? after
    const told = await tellSome(tx, { after, last }, newId)
    if (range?.count === mostAtOnce) return { told, upTo: last }
    await tx.query('UPDATE webhook_head SET reminded_at = now()')
    return { told, upTo: undefined }
  })
}

interface Told {
  readonly id: string
  readonly cause: 'rotation_due' | 'expiring'
  readonly merchantId: string
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly secretId: string
  readonly expiresAtMs: number | null
  readonly atMs: number
}

/** Of the keys behind `after` up to `last`. */
async function tellSome(
  tx: Queryable,
  { after, last }: { readonly after: string; readonly last: string },
  newId: (prefix: 'evt') => string,
): Promise<number> {
  const rows = await tx.query<Told>(
    `WITH found AS (${reminders} AND k.id > $2 AND k.id <= $3), due AS (
         SELECT f.*, 'rotation_due' AS cause, f."secretId" AS about FROM found f WHERE f."rotationDueSinceMs" IS NOT NULL
         UNION ALL SELECT f.*, 'expiring', f."expiresAtMs"::text FROM found f WHERE f."expiresAtMs" IS NOT NULL
       ), told AS (
         INSERT INTO reminder (key_id, cause, about, told_at)
         SELECT d.id, d.cause, d.about, $1::timestamptz FROM due d
         WHERE NOT EXISTS (SELECT FROM reminder r WHERE r.key_id = d.id AND r.cause = d.cause AND r.about = d.about)
         RETURNING key_id, cause, about
       )
       SELECT d.id, d.cause, d."merchantId", d.api, d.environment, d.name, d."secretId", d."expiresAtMs",
         ${milliseconds('$1::timestamptz')} AS "atMs"
       FROM told t JOIN due d ON d.id = t.key_id AND d.cause = t.cause AND d.about = t.about ORDER BY d.id`,
    [new Date(await nowOf(tx)), after, last],
  )
  await addEvents(
    tx,
    rows.map((row) => eventOf(row, newId('evt'))),
  )
  return rows.length
}

async function nowOf(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ ms: number }>(`SELECT ${milliseconds('now()')} AS ms`)
  return row?.ms ?? Number.NaN
}

function eventOf(row: Told, id: string): NewEvent {
  const { id: keyId, cause, merchantId, api, environment, name, secretId, expiresAtMs, atMs } = row
  const type = `api_key.${cause}` as const
  const about =
    cause === 'expiring' && expiresAtMs !== null
      ? { expires_at: new Date(expiresAtMs).toISOString() }
      : { secret_id: secretId }
  const data = { id: keyId, merchant_id: merchantId, api, environment, name, ...about }
  return {
    ...{ id, type, merchantId, api, atMs, entry: null, revision: null, endpointId: null },
    payload: payloadOf(type, atMs, data),
  }
}

/** Forgets what was told longer ago than `olderThanMs`, `most` at most: what is still so is told again. Returns how many. */
export async function pruneReminders(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `WITH gone AS (DELETE FROM reminder WHERE (key_id, cause, about) IN (
       SELECT key_id, cause, about FROM reminder WHERE told_at < now() - $1 * interval '1 millisecond' LIMIT $2)
       RETURNING 1) SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
