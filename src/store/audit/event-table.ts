// Changes of keys and merchants as those who watch are told of them, read from the audit: whichever instance made one, it is
// there with its commit. Their numbers are in the order of commits, as each takes the head's lock: a report of an exposed key does not,
// and is none of them, as its number would have what comes before it passed over. What becomes of the key by it is a change.

import type { Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'
import { exposedAction } from '../webhooks/webhook-catalogue.ts'

export interface ChangeEvent {
  /** Of its entry of the audit. */
  readonly id: number
  readonly atMs: number
  /** Such as `key.disable`. */
  readonly action: string
  readonly target: string
  readonly merchantId: string
  /** null: of a merchant. */
  readonly api: string | null
  readonly environment: string | null
  readonly revision: number
}

/** The number of the last entry; 0: there is none. */
export async function lastChangeId(db: Queryable): Promise<number> {
  const rows = await db.query<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM audit')
  return rows[0]?.id ?? 0
}

/** The newest changes behind an entry, `most` at most, oldest first. */
export async function changesBehind(db: Queryable, id: number, most: number): Promise<ChangeEvent[]> {
  return db.query<ChangeEvent>(
    `SELECT * FROM (
       SELECT a.id, ${milliseconds('a.at')} AS "atMs", a.action, a.target, coalesce(k.merchant_id, a.target) AS "merchantId",
         k.api, k.environment, a.revision
       FROM audit a LEFT JOIN api_key k ON k.id = a.target
       WHERE a.id > $1 AND a.action <> '${exposedAction}' AND (k.id IS NOT NULL OR a.action LIKE 'merchant.%')
       ORDER BY a.id DESC LIMIT $2
     ) newest ORDER BY id`,
    [id, most],
  )
}
