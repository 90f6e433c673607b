// Who is signed in. A session is a row, by the digest of its secret alone: it is asked for at each call, and ends on every
// instance as the row goes.

import { deny, DenialError } from '../../errors/denial.ts'
import { writeAudit } from '../audit/audit-table.ts'
import { type Membership, membershipsOf, personColumns, type StoredPerson } from './person-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

/** How it was shown who somebody is; `device`: of a command line, that its person allowed in a browser. */
export const proofs = ['password', 'totp', 'recovery_code', 'passkey', 'oidc', 'device'] as const
export type Proof = (typeof proofs)[number]

/** Times in milliseconds since the epoch. */
export interface StoredSession {
  readonly id: string
  readonly proofs: readonly Proof[]
  readonly createdAtMs: number
  /** By the minute. */
  readonly lastUsedAtMs: number
  /** However much it is used. */
  readonly endsAtMs: number
  readonly client: string | null
  readonly userAgent: string | null
}

/** Who is signed in, as things are now. */
export interface SignedIn {
  readonly session: StoredSession
  readonly person: StoredPerson
  readonly merchants: readonly Membership[]
}

const columns = `s.id, s.proofs, ${milliseconds('s.created_at')} AS "createdAtMs",
  ${milliseconds('s.last_used_at')} AS "lastUsedAtMs", ${milliseconds('s.ends_at')} AS "endsAtMs", s.client,
  s.user_agent AS "userAgent"`

const findStatement = {
  name: 'find_hub_session',
  text: `SELECT to_jsonb(s) AS session, to_jsonb(p) AS person, ${membershipsOf('p.id')} AS merchants
    FROM (SELECT ${columns}, s.person_id FROM hub_session s WHERE s.digest = $1) s
    JOIN (SELECT ${personColumns} FROM person) p ON p.id = s.person_id AND p.status <> 'disabled'`,
}

/** The session of that digest, over or not, while its person is not disabled. */
export async function findSession(db: Queryable, digest: string): Promise<SignedIn | undefined> {
  const rows = await db.query<SignedIn>(findStatement, [Buffer.from(digest, 'hex')])
  return rows[0]
}

export interface NewSession {
  readonly id: string
  /** Lower-case hex SHA-256 of its secret. */
  readonly digest: string
  readonly personId: string
  /** What the password was compared with; null: it was none of the proofs. A session is not made where it is another by now. */
  readonly password: string | null
  readonly proofs: readonly Proof[]
  readonly nowMs: number
  readonly endsAtMs: number
  readonly client: string | null
  readonly userAgent: string | null
  readonly requestId: string
}

/** Signs somebody in. Throws SIGN_IN_FAILED where the account was changed meanwhile. */
export async function openSession(db: Postgres, asked: NewSession): Promise<void> {
  await db.transaction((tx) => insertSession(tx, asked))
}

/** As `openSession`, in a transaction that does more. */
export async function insertSession(tx: Queryable, asked: NewSession): Promise<void> {
  const at = new Date(asked.nowMs)
  const [person] = await tx.query<{ email: string; kind: StoredPerson['kind'] }>(
    `UPDATE person SET signed_in_at = $3 WHERE id = $1 AND disabled_at IS NULL AND ($2::text IS NULL OR password = $2)
     RETURNING email, kind`,
    [asked.personId, asked.password, at],
  )
  if (person === undefined) throw new DenialError(deny('SIGN_IN_FAILED', 'changed_meanwhile'))
  await tx.query(
    `INSERT INTO hub_session (id, digest, person_id, proofs, created_at, last_used_at, ends_at, client, user_agent)
     VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)`,
    [
      ...[asked.id, Buffer.from(asked.digest, 'hex'), asked.personId, asked.proofs, at],
      ...[new Date(asked.endsAtMs), asked.client, asked.userAgent],
    ],
  )
  await tx.query(
    `DELETE FROM hub_session WHERE id IN (
       SELECT id FROM hub_session WHERE person_id = $1 ORDER BY created_at DESC, id DESC OFFSET $2)`,
    [asked.personId, mostSessions],
  )
  const { id, personId, client, requestId, nowMs } = asked
  await writeAudit(tx, {
    ...{ actor: person.email, tokenId: `${personId}/${id}`, client, requestId, atMs: nowMs, revision: null },
    ...{ action: `${person.kind}.sign_in`, target: personId, before: null, after: { proofs: asked.proofs } },
  })
}

/** Of a person: the one that began first ends as another one more begins. */
const mostSessions = 100

/** Says that a session is in use. */
export async function touchSession(db: Queryable, id: string, nowMs: number): Promise<void> {
  await db.query('UPDATE hub_session SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2', [
    id,
    new Date(nowMs),
  ])
}

/** A person's sessions that are not over, the one used last first. */
export async function listSessions(
  db: Queryable,
  asked: { readonly personId: string; readonly usedSinceMs: number; readonly nowMs: number },
): Promise<readonly StoredSession[]> {
  return db.query<StoredSession>(
    `SELECT ${columns} FROM hub_session s WHERE s.person_id = $1 AND s.last_used_at > $2 AND s.ends_at > $3
     ORDER BY s.last_used_at DESC, s.id DESC LIMIT 200`,
    [asked.personId, new Date(asked.usedSinceMs), new Date(asked.nowMs)],
  )
}

/** Ends a session of a person; returns whether there was one. */
export async function endSession(
  db: Queryable,
  { id, personId }: { readonly id: string; readonly personId: string },
): Promise<boolean> {
  const rows = await db.query('DELETE FROM hub_session WHERE id = $1 AND person_id = $2 RETURNING id', [
    id,
    personId,
  ])
  return rows.length > 0
}

/** Ends the session of that digest; returns whether there was one. */
export async function endSessionBy(db: Queryable, digest: string): Promise<boolean> {
  const rows = await db.query('DELETE FROM hub_session WHERE digest = $1 RETURNING id', [
    Buffer.from(digest, 'hex'),
  ])
  return rows.length > 0
}

/** Forgets sessions that are over, `most` at most; returns how many. `idleMs`: how long one may be unused. */
export async function pruneSessions(db: Queryable, idleMs: number, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM hub_session WHERE id IN (SELECT id FROM hub_session
       WHERE ends_at < now() OR last_used_at < now() - $1 * interval '1 millisecond' LIMIT $2) RETURNING id`,
    [idleMs, most],
  )
  return rows.length
}
