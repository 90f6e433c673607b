// The second factor: a secret that is shared with an app, sealed, and recovery codes, by their digests. Each code counts once.

import { type ChangeOrigin, commitTraced, transactionOf } from '../commit-table.ts'
import {
  endSessionsOf,
  lockPerson,
  type PersonOf,
  type StoredPerson,
  writePersonAudit,
} from './person-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

export interface StoredTotp {
  readonly sealed: string
  /** null: it is being set up. */
  readonly confirmedAtMs: number | null
}

export async function findTotp(db: Queryable, personId: string): Promise<StoredTotp | undefined> {
  const rows = await db.query<StoredTotp>(
    `SELECT secret AS sealed, ${milliseconds('confirmed_at')} AS "confirmedAtMs" FROM totp WHERE person_id = $1`,
    [personId],
  )
  return rows[0]
}

/** Begins to set one up; returns whether it could: not where one is in force. */
export async function beginTotp(
  db: Queryable,
  asked: { readonly personId: string; readonly sealed: string; readonly nowMs: number },
): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO totp (person_id, secret, created_at) VALUES ($1, $2, $3)
     ON CONFLICT (person_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
       WHERE totp.confirmed_at IS NULL RETURNING person_id`,
    [asked.personId, asked.sealed, new Date(asked.nowMs)],
  )
  return rows.length > 0
}

/** A code's step is used up, and all before it; false: it was, or the secret is another by now. */
export async function useStep(
  db: Queryable,
  { personId, sealed, step }: { readonly personId: string; readonly sealed: string; readonly step: number },
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE totp SET last_step = $3 WHERE person_id = $1 AND secret = $2 AND last_step < $3 RETURNING person_id`,
    [personId, sealed, step],
  )
  return rows.length > 0
}

/** The same secret under the key that seals now. */
export async function resealTotp(
  db: Queryable,
  asked: { readonly personId: string; readonly was: string; readonly sealed: string },
): Promise<void> {
  await db.query('UPDATE totp SET secret = $3 WHERE person_id = $1 AND secret = $2', [
    ...[asked.personId, asked.was, asked.sealed],
  ])
}

/** Who does something about their own factors, in which session. */
export interface FactorChange {
  readonly person: StoredPerson
  /** Goes on, where all others end. */
  readonly sessionId: string
}

export interface ConfirmedTotp extends FactorChange {
  readonly sealed: string
  /** Lower-case hex. */
  readonly recovery: readonly string[]
}

/** Puts it in force, with its recovery codes, and ends the other sessions; false: it is in force, or another by now. */
export async function confirmTotp(
  db: Postgres,
  origin: ChangeOrigin,
  { person, sessionId, sealed, recovery }: ConfirmedTotp,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE totp SET confirmed_at = $3 WHERE person_id = $1 AND secret = $2 AND confirmed_at IS NULL
       RETURNING person_id`,
      [person.id, sealed, new Date(origin.nowMs)],
    )
    if (rows.length === 0) return false
    await putRecovery(tx, person.id, recovery)
    await endSessionsOf(tx, person.id, sessionId)
    await told(tx, origin, person, 'totp_enable')
    return true
  })
}

/** New recovery codes in place of the old ones; false: there is no second factor to recover. */
export async function replaceRecovery(
  db: Postgres,
  origin: ChangeOrigin,
  { person, recovery }: { readonly person: StoredPerson; readonly recovery: readonly string[] },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const rows = await tx.query(
      'SELECT FROM totp WHERE person_id = $1 AND confirmed_at IS NOT NULL FOR NO KEY UPDATE',
      [person.id],
    )
    if (rows.length === 0) return false
    await putRecovery(tx, person.id, recovery)
    await told(tx, origin, person, 'recovery_codes')
    return true
  })
}

async function putRecovery(tx: Queryable, personId: string, digests: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM recovery_code WHERE person_id = $1', [personId])
  await tx.query(
    `INSERT INTO recovery_code (person_id, digest) SELECT $1, decode(d, 'hex') FROM unnest($2::text[]) AS d`,
    [personId, digests],
  )
}

/** Uses a recovery code up, which the audit keeps; false: it is none, or was used. */
export async function useRecovery(
  db: Postgres,
  origin: ChangeOrigin,
  { person, digest }: { readonly person: StoredPerson; readonly digest: string },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const rows = await tx.query(
      `DELETE FROM recovery_code WHERE person_id = $1 AND digest = decode($2, 'hex') RETURNING person_id`,
      [person.id, digest],
    )
    if (rows.length > 0) await told(tx, origin, person, 'recovery_use')
    return rows.length > 0
  })
}

export async function countRecovery(db: Queryable, personId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'SELECT count(*) AS count FROM recovery_code WHERE person_id = $1',
    [personId],
  )
  return row?.count ?? 0
}

/** Takes the second factor away. One that was never in force leaves no trace. */
export async function removeTotp(db: Postgres, origin: ChangeOrigin, person: StoredPerson): Promise<void> {
  await db.transaction(async (tx) => {
    const rows = await tx.query<{ wasInForce: boolean }>(
      `DELETE FROM totp WHERE person_id = $1 RETURNING confirmed_at IS NOT NULL AS "wasInForce"`,
      [person.id],
    )
    await tx.query('DELETE FROM recovery_code WHERE person_id = $1', [person.id])
    if (rows[0]?.wasInForce) await told(tx, origin, person, 'totp_disable')
  })
}

/** Takes all away that an account is entered by but its password, and ends its sessions. Throws NOT_FOUND; as `commitTraced`. */
export async function resetFactors(db: Postgres, origin: ChangeOrigin, of: PersonOf): Promise<StoredPerson> {
  return commitTraced(db, async (tx, trace) => {
    const person = await lockPerson(tx, of)
    for (const table of ['totp', 'recovery_code', 'passkey', 'person_oidc'])
      await tx.query(`DELETE FROM ${table} WHERE person_id = $1`, [person.id])
    await endSessionsOf(tx, person.id)
    await told(tx, origin, person, 'factors_reset')
    return trace(await transactionOf(tx), person)
  })
}

/** Something that a person did about the ways in: the audit has it, and nothing of what it was. */
export async function told(
  tx: Queryable,
  origin: ChangeOrigin,
  person: StoredPerson,
  what: string,
): Promise<void> {
  await writePersonAudit(tx, origin, { action: `${person.kind}.${what}`, before: person, after: person })
}
