// What merchants' admins are reminded of by mail (migration 19): each state of a key once, and of one merchant all at once, a day
// at least after the last time. What is told and what is queued are one transaction.

import type { Queryable } from '../postgres.ts'
import { isUnchangedSince } from '../activity/route-use-table.ts'

export type MailedCause = 'rotation_due' | 'expiring' | 'unused' | 'unused_permission'

/** A state of a key. */
export interface MailedState {
  readonly keyId: string
  readonly cause: MailedCause
  /** What it is of: another of the same key and cause is another state. */
  readonly about: string
}

export interface ReminderMerchant {
  readonly id: string
  readonly name: string
}

/** Who gets mails of the merchant's keys: admins whose account works. */
const admins = (merchant: string) => `membership b JOIN person p ON p.id = b.person_id
  WHERE b.merchant_id = ${merchant} AND b.role = 'admin' AND p.disabled_at IS NULL`

/** And who have not refused reminders. */
const recipients = (merchant: string) =>
  `${admins(merchant)} AND NOT EXISTS (SELECT FROM reminder_refusal f WHERE f.person_id = p.id)`

const betweenLooks = `interval '24 hours'`

/** Merchants behind `after` that were not looked through for a day and have somebody to tell, `most` at most. */
export async function listDueMerchants(
  db: Queryable,
  asked: { readonly nowMs: number; readonly after: string; readonly most: number },
): Promise<readonly ReminderMerchant[]> {
  return db.query<ReminderMerchant>(
    `SELECT m.id, m.name FROM merchant m LEFT JOIN merchant_reminder r ON r.merchant_id = m.id
     WHERE m.id > $2 AND m.status = 'active' AND (r.looked_at IS NULL OR r.looked_at <= $1::timestamptz - ${betweenLooks})
       AND EXISTS (SELECT FROM ${recipients('m.id')}) ORDER BY m.id LIMIT $3`,
    [new Date(asked.nowMs), asked.after, asked.most],
  )
}

/** Takes a merchant for a day; false: another process has. */
export async function takeMerchant(tx: Queryable, merchantId: string, nowMs: number): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO merchant_reminder AS r (merchant_id, looked_at) VALUES ($1, $2)
     ON CONFLICT (merchant_id) DO UPDATE SET looked_at = excluded.looked_at
       WHERE r.looked_at <= excluded.looked_at - ${betweenLooks} RETURNING merchant_id`,
    [merchantId, new Date(nowMs)],
  )
  return rows.length > 0
}

/** It could not be looked through: its day begins anew. */
export async function releaseMerchant(db: Queryable, merchantId: string): Promise<void> {
  await db.query(
    `UPDATE merchant_reminder SET looked_at = looked_at - ${betweenLooks} WHERE merchant_id = $1`,
    [merchantId],
  )
}

/** Whether somebody still gets the merchant's mails; `isReminder`: those that can be refused. */
export async function isRecipient(
  db: Queryable,
  { merchantId, personId }: { readonly merchantId: string; readonly personId: string },
  isReminder = true,
): Promise<boolean> {
  const who = isReminder ? recipients('$1') : admins('$1')
  const rows = await db.query(`SELECT FROM ${who} AND p.id = $2`, [merchantId, personId])
  return rows.length > 0
}

/** It gets a mail now; whom it goes to. */
export async function recipientsOf(
  tx: Queryable,
  merchantId: string,
  nowMs: number,
): Promise<readonly { readonly personId: string; readonly email: string }[]> {
  await tx.query('UPDATE merchant_reminder SET mailed_at = $2 WHERE merchant_id = $1', [
    merchantId,
    new Date(nowMs),
  ])
  return tx.query(`SELECT p.id AS "personId", p.email FROM ${recipients('$1')} ORDER BY p.email`, [
    merchantId,
  ])
}

/** Whom what has happened to the merchant's keys is told, which nobody can refuse. */
export async function adminsOf(
  db: Queryable,
  merchantId: string,
): Promise<readonly { readonly personId: string; readonly email: string }[]> {
  return db.query(`SELECT p.id AS "personId", p.email FROM ${admins('$1')} ORDER BY p.email`, [merchantId])
}

/** Keeps that these are told; those that were not told before. */
export async function keepTold(
  tx: Queryable,
  states: readonly MailedState[],
  nowMs: number,
): Promise<readonly MailedState[]> {
  return tx.query<MailedState>(
    `INSERT INTO mailed_reminder (key_id, cause, about, told_at)
     SELECT s."keyId", s.cause, s.about, $2::timestamptz
     FROM jsonb_to_recordset($1::jsonb) AS s ("keyId" text, cause text, about text)
     ON CONFLICT DO NOTHING RETURNING key_id AS "keyId", cause, about`,
    [JSON.stringify(states), new Date(nowMs)],
  )
}

/** A key that works and is used, with what it may do and where it was let through of late. */
export interface KeyInUse {
  readonly id: string
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly permissions: readonly string[]
  /** Method and template, of the last 90 days and the day before. */
  readonly routes: readonly string[]
}

const outcomes = `('allow', 'UPSTREAM_ERROR', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT')`
const since = `$1::timestamptz - interval '90 days'`

/**
 * Keys of a merchant behind `after` that were used within 90 days, `most` at most, and may do the same as they might 90 days ago.
 */
export async function listKeysInUse(
  db: Queryable,
  asked: {
    readonly nowMs: number
    readonly merchantId: string
    readonly after: string
    readonly most: number
  },
): Promise<readonly KeyInUse[]> {
  return db.query<KeyInUse>(
    `SELECT k.id, k.api, k.environment, k.name, k.permissions, ARRAY(
       SELECT route FROM activity a WHERE a.key_id = k.id AND a.api = k.api AND a.minute >= ${since} AND a.outcome IN ${outcomes}
       UNION SELECT route FROM activity_rollup a WHERE a.key_id = k.id AND a.api = k.api AND a.outcome IN ${outcomes}
         AND a.start >= ${since} - interval '1 day') AS routes
     FROM api_key k
     WHERE k.merchant_id = $2 AND k.id > $3 AND k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > $1)
       AND ${isUnchangedSince(since)}
       AND EXISTS (SELECT FROM key_secret s WHERE s.key_id = k.id AND s.last_used_at >= ${since})
     ORDER BY k.id LIMIT $4`,
    [new Date(asked.nowMs), asked.merchantId, asked.after, asked.most],
  )
}

/** Whether somebody gets mails about keys. */
export async function wantsReminders(db: Queryable, personId: string): Promise<boolean> {
  const rows = await db.query('SELECT FROM reminder_refusal WHERE person_id = $1', [personId])
  return rows.length === 0
}

export async function setReminders(
  db: Queryable,
  asked: { readonly personId: string; readonly isWanted: boolean; readonly nowMs: number },
): Promise<void> {
  const { personId, isWanted, nowMs } = asked
  if (isWanted) await db.query('DELETE FROM reminder_refusal WHERE person_id = $1', [personId])
  else
    await db.query('INSERT INTO reminder_refusal (person_id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      ...[personId, new Date(nowMs)],
    ])
}

/** Forgets what was told longer ago than `olderThanMs`, `most` at most: what is still so is told again. Returns how many. */
export async function pruneMailedReminders(
  db: Queryable,
  olderThanMs: number,
  most = 5_000,
): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `WITH gone AS (DELETE FROM mailed_reminder WHERE (key_id, cause, about) IN (
       SELECT key_id, cause, about FROM mailed_reminder WHERE told_at < now() - $1 * interval '1 millisecond' LIMIT $2)
       RETURNING 1) SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
