// Mails to be sent. A row is claimed for a while by whoever sends it, and goes when it was sent: over instances each is sent
// by one, and none is lost with a process.

import type { Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

/** What a mail says; the words stand in control/people/mail/words.ts. */
export const mailKinds = [
  'set_password',
  'reset',
  'invitation',
  'password_changed',
  'reminder',
  'braked',
] as const
export type MailKind = (typeof mailKinds)[number]

/** Those of keys, with `about`. */
export const keyMailKinds: readonly MailKind[] = ['reminder', 'braked']

export interface NewMail {
  readonly id: string
  readonly kind: MailKind
  readonly recipient: string
  readonly personId: string | null
  readonly invitationId: string | null
  readonly nowMs: number
  /** What its words are made of beside the above. */
  readonly about?: object
}

export interface ClaimedMail extends Omit<NewMail, 'nowMs' | 'about'> {
  readonly createdAtMs: number
  /** This one included. */
  readonly tries: number
  /** Of an invitation. */
  readonly merchantName: string | null
  readonly invitedBy: string | null
}

/** One with `about` in a transaction: it is two rows. */
export async function queueMail(db: Queryable, mail: NewMail): Promise<void> {
  const at = new Date(mail.nowMs)
  if (mail.about !== undefined)
    await db.query('INSERT INTO mail_about (mail_id, about) VALUES ($1, $2)', [
      ...[mail.id, JSON.stringify(mail.about)],
    ])
  await db.query(
    `INSERT INTO mail (id, kind, recipient, person_id, invitation_id, created_at, next_at)
     VALUES ($1, $2, $3, $4, $5, $6, $6)`,
    [mail.id, mail.kind, mail.recipient, mail.personId, mail.invitationId, at],
  )
}

/** What a mail is about; null: nothing more. */
export async function readAbout(db: Queryable, id: string): Promise<object | null> {
  const [row] = await db.query<{ about: object }>('SELECT about FROM mail_about WHERE mail_id = $1', [id])
  return row?.about ?? null
}

/**
 * The mail that is due for the longest, which is nobody else's for `forMs`; undefined: none is due. What somebody waits for goes before
 * reminders, which may be thousands at once.
 */
export async function claimMail(
  db: Queryable,
  { nowMs, forMs }: { readonly nowMs: number; readonly forMs: number },
): Promise<ClaimedMail | undefined> {
  const rows = await db.query<ClaimedMail>(
    `WITH claimed AS (
       UPDATE mail SET next_at = $1::timestamptz + $2::float8 * interval '1 millisecond', tries = tries + 1
       WHERE id = (SELECT id FROM mail WHERE next_at <= $1 ORDER BY kind = 'reminder', next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING *)
     SELECT m.id, m.kind, m.recipient, m.person_id AS "personId", m.invitation_id AS "invitationId", ${milliseconds('m.created_at')} AS "createdAtMs", m.tries, c.name AS "merchantName", i.created_by AS "invitedBy"
     FROM claimed m LEFT JOIN invitation i ON i.id = m.invitation_id LEFT JOIN merchant c ON c.id = i.merchant_id`,
    [new Date(nowMs), forMs],
  )
  return rows[0]
}

/** It was sent, or is not tried any more. */
export async function removeMail(db: Queryable, id: string): Promise<void> {
  await db.query('DELETE FROM mail WHERE id = $1', [id])
}

/** The same of one with `about`. */
export async function removeMailAndAbout(db: Queryable, id: string): Promise<void> {
  const gone = 'WITH gone AS (DELETE FROM mail_about WHERE mail_id = $1)'
  await db.query(`${gone} DELETE FROM mail WHERE id = $1`, [id])
}

/** It could not be sent; `failure`: a code. */
export async function postponeMail(
  db: Queryable,
  asked: { readonly id: string; readonly nextAtMs: number; readonly failure: string },
): Promise<void> {
  await db.query('UPDATE mail SET next_at = $2, failure = $3 WHERE id = $1', [
    ...[asked.id, new Date(asked.nextAtMs), asked.failure],
  ])
}

/** How many wait. */
export async function countMails(db: Queryable): Promise<number> {
  const [row] = await db.query<{ waiting: number }>('SELECT count(*) AS waiting FROM mail')
  return row?.waiting ?? 0
}
