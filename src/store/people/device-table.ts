// Command lines that ask to be signed in (RFC 8628), and what their person has said to it in a browser. Both codes by their
// digests alone. A row that is gone is a request that was taken, or is over.

import { insertSession, type NewSession, type Proof } from './hub-session-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

/** Digests in lower-case hex. */
export interface NewDeviceRequest {
  readonly digest: string
  readonly userDigest: string
  /** What the command line calls itself. */
  readonly name: string
  readonly client: string | null
  readonly nowMs: number
  readonly expiresAtMs: number
  /** Between two questions. */
  readonly stepSeconds: number
}

export async function addDeviceRequest(db: Queryable, asked: NewDeviceRequest): Promise<void> {
  await db.query(
    `INSERT INTO device_request (digest, user_digest, name, client, created_at, expires_at, ask_from, step_seconds)
     VALUES ($1, $2, $3, $4, $5, $6, $5, $7)`,
    [
      ...[Buffer.from(asked.digest, 'hex'), Buffer.from(asked.userDigest, 'hex'), asked.name, asked.client],
      ...[new Date(asked.nowMs), new Date(asked.expiresAtMs), asked.stepSeconds],
    ],
  )
}

/** One that waits for an answer. */
export interface DeviceRequest {
  readonly name: string
  readonly client: string | null
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

const waiting = 'user_digest = $1 AND expires_at > $2 AND session_id IS NULL AND NOT is_refused'

/** By the code that a person types. */
export async function findDeviceRequest(
  db: Queryable,
  { userDigest, nowMs }: { readonly userDigest: string; readonly nowMs: number },
): Promise<DeviceRequest | undefined> {
  const rows = await db.query<DeviceRequest>(
    `SELECT name, client, ${milliseconds('created_at')} AS "createdAtMs", ${milliseconds('expires_at')} AS "expiresAtMs"
     FROM device_request WHERE ${waiting}`,
    [Buffer.from(userDigest, 'hex'), new Date(nowMs)],
  )
  return rows[0]
}

export interface DeviceAnswer {
  readonly userDigest: string
  readonly nowMs: number
  /** null: refused. */
  readonly by: { readonly sessionId: string; readonly personId: string } | null
}

/** Returns whether there was one that waited. */
export async function answerDeviceRequest(
  db: Queryable,
  { userDigest, nowMs, by }: DeviceAnswer,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE device_request SET session_id = $3, person_id = $4, is_refused = $3::text IS NULL WHERE ${waiting}
     RETURNING digest`,
    [Buffer.from(userDigest, 'hex'), new Date(nowMs), by?.sessionId ?? null, by?.personId ?? null],
  )
  return rows.length > 0
}

/** What the command line gets, but for what its request says. */
export type DeviceSession = Omit<NewSession, 'personId' | 'proofs' | 'password'>

export type Taken =
  | { readonly kind: 'taken'; readonly email: string }
  | { readonly kind: 'waiting' }
  /** Refused, over, or never one; or who allowed it is signed in no more. */
  | { readonly kind: 'ended' }
  /** Asked too soon; from now on more slowly (RFC 8628 §3.5). */
  | { readonly kind: 'early'; readonly stepSeconds: number }

export interface Taking {
  readonly digest: string
  readonly session: DeviceSession
  readonly idleMs: number
}

/** The steps grow by this where one asks too soon, up to a minute. */
const slowerBySeconds = 5
const slowestSeconds = 60

/**
 * Signs a command line in that was allowed, while the session that has allowed it lasts; `idleMs`: how long one may be unused.
 */
export async function takeDeviceRequest(db: Postgres, { digest, session, idleMs }: Taking): Promise<Taken> {
  return db.transaction(async (tx) => {
    const now = new Date(session.nowMs)
    const [row] = await tx.query<{ personId: string | null; sessionId: string | null; isEarly: boolean }>(
      `SELECT person_id AS "personId", session_id AS "sessionId", ask_from > $2 AS "isEarly" FROM device_request
       WHERE digest = $1 AND expires_at > $2 AND NOT is_refused FOR UPDATE`,
      [Buffer.from(digest, 'hex'), now],
    )
    if (row === undefined) return { kind: 'ended' }
    const { personId, sessionId, isEarly } = row
    const { stepSeconds, name } = await askedOnce(tx, { digest, now, isEarly })
    if (isEarly) return { kind: 'early', stepSeconds }
    if (personId === null || sessionId === null) return { kind: 'waiting' }
    await tx.query('DELETE FROM device_request WHERE digest = $1', [Buffer.from(digest, 'hex')])
    const found = await allowing(tx, {
      personId,
      sessionId,
      now,
      usedSince: new Date(session.nowMs - idleMs),
    })
    if (found === undefined) return { kind: 'ended' }
    const { email, proofs } = found
    await insertSession(tx, {
      ...session,
      ...{ personId, password: null, userAgent: `latchkey login, ${name}` },
      proofs: [...new Set<Proof>([...proofs, 'device'])],
    })
    return { kind: 'taken', email }
  })
}

interface AskedOnce {
  readonly digest: string
  readonly now: Date
  readonly isEarly: boolean
}

/** Says from when on it may be asked again. */
async function askedOnce(
  tx: Queryable,
  { digest, now, isEarly }: AskedOnce,
): Promise<{ readonly stepSeconds: number; readonly name: string }> {
  const [row] = await tx.query<{ stepSeconds: number; name: string }>(
    `UPDATE device_request SET step_seconds = least(step_seconds + $3, $4),
       ask_from = $2::timestamptz + least(step_seconds + $3, $4) * interval '1 second'
     WHERE digest = $1 RETURNING step_seconds AS "stepSeconds", name`,
    [Buffer.from(digest, 'hex'), now, isEarly ? slowerBySeconds : 0, slowestSeconds],
  )
  if (row === undefined) throw new Error('A request that is locked is not there')
  return row
}

interface Allowed {
  readonly personId: string
  readonly sessionId: string
  readonly now: Date
  readonly usedSince: Date
}

/** Who has allowed it, where that session has not ended meanwhile: what ends sessions changes the person first, and waits here. */
async function allowing(
  tx: Queryable,
  { personId, sessionId, now, usedSince }: Allowed,
): Promise<{ readonly email: string; readonly proofs: readonly Proof[] } | undefined> {
  await tx.query('SELECT FROM person WHERE id = $1 FOR NO KEY UPDATE', [personId])
  const [found] = await tx.query<{ email: string; proofs: readonly Proof[] }>(
    `SELECT p.email, s.proofs FROM hub_session s JOIN person p ON p.id = s.person_id
     WHERE s.id = $1 AND p.id = $2 AND p.disabled_at IS NULL AND s.ends_at > $3 AND s.last_used_at > $4`,
    [sessionId, personId, now, usedSince],
  )
  return found
}

/** Forgets those that are over, `most` at most; returns how many. */
export async function pruneDeviceRequests(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM device_request
     WHERE digest IN (SELECT digest FROM device_request WHERE expires_at < now() LIMIT $1) RETURNING digest`,
    [most],
  )
  return rows.length
}
