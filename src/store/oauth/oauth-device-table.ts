// Programs that ask for access without a browser of their own (RFC 8628), and what a person has said to it. What the program asks
// with is an artifact (oauth-artifact-table.ts); here is what may be read without it. Both codes by their digests alone.

import type { Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

export interface NewOauthDevice {
  /** Of the artifact, lower-case hex. */
  readonly digest: string
  /** Of what a person types, lower-case hex. */
  readonly userDigest: string
  readonly clientId: string
  readonly permissions: readonly string[]
  /** Address that it asks from. */
  readonly client: string | null
  readonly lifetimeSeconds: number
  /** Between two questions. */
  readonly stepSeconds: number
}

export async function addOauthDevice(tx: Queryable, asked: NewOauthDevice): Promise<void> {
  await tx.query(
    `INSERT INTO oauth_device (digest, user_digest, client_id, permissions, client, created_at, expires_at, ask_from, step_seconds)
     VALUES ($1, $2, $3, $4, $5, now(), now() + $6 * interval '1 second', now(), $7)`,
    [
      ...[Buffer.from(asked.digest, 'hex'), Buffer.from(asked.userDigest, 'hex'), asked.clientId],
      ...[asked.permissions, asked.client, asked.lifetimeSeconds, asked.stepSeconds],
    ],
  )
}

/** One that waits for an answer. Times in milliseconds since the epoch. */
export interface WaitingDevice extends Pick<NewOauthDevice, 'clientId' | 'permissions' | 'client'> {
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

const waiting = 'user_digest = $1 AND expires_at > now() AND grant_id IS NULL AND NOT is_refused'

/** By the code that a person types; locked until the end of the transaction where `lock` says so. */
export async function findOauthDevice(
  db: Queryable,
  userDigest: string,
  lock: '' | 'FOR UPDATE' = '',
): Promise<WaitingDevice | undefined> {
  const [row] = await db.query<WaitingDevice>(
    `SELECT client_id AS "clientId", permissions, client, ${milliseconds('created_at')} AS "createdAtMs",
       ${milliseconds('expires_at')} AS "expiresAtMs"
     FROM oauth_device WHERE ${waiting} ${lock}`,
    [Buffer.from(userDigest, 'hex')],
  )
  return row
}

/** Allowed: what the program asks with hangs on the grant from now on, and ends with it. */
export async function allowOauthDevice(
  tx: Queryable,
  { userDigest, ...by }: { readonly userDigest: string; readonly personId: string; readonly grantId: string },
): Promise<void> {
  await tx.query(
    `WITH allowed AS (UPDATE oauth_device SET person_id = $2, grant_id = $3 WHERE user_digest = $1 RETURNING digest)
     UPDATE oauth_artifact SET grant_id = $3 WHERE model = 'DeviceCode' AND digest IN (SELECT digest FROM allowed)`,
    [Buffer.from(userDigest, 'hex'), by.personId, by.grantId],
  )
}

/** Returns whether there was one that waited. */
export async function refuseOauthDevice(db: Queryable, userDigest: string): Promise<boolean> {
  const rows = await db.query(`UPDATE oauth_device SET is_refused = true WHERE ${waiting} RETURNING digest`, [
    Buffer.from(userDigest, 'hex'),
  ])
  return rows.length > 0
}

export interface AskedDevice {
  /** null: nobody has allowed it. */
  readonly personId: string | null
  readonly grantId: string | null
  readonly permissions: readonly string[]
  readonly isRefused: boolean
  /** It asks too soon; from now on it is to ask more slowly (RFC 8628 §3.5). */
  readonly isEarly: boolean
}

/** The steps grow by this where one asks too soon, up to a minute. */
const slowerBySeconds = 5
const slowestSeconds = 60

/** The program asks, by the digest of what it asks with. undefined: there is none. */
export async function askOauthDevice(db: Queryable, digest: string): Promise<AskedDevice | undefined> {
  const [row] = await db.query<AskedDevice>(
    `UPDATE oauth_device d SET step_seconds = s.step, ask_from = now() + s.step * interval '1 second'
     FROM (SELECT digest, ask_from > now() AS is_early,
             least(step_seconds + CASE WHEN ask_from > now() THEN $2::integer ELSE 0 END, $3) AS step
           FROM oauth_device WHERE digest = $1 FOR UPDATE) s
     WHERE d.digest = s.digest
     RETURNING d.person_id AS "personId", d.grant_id AS "grantId", d.permissions, d.is_refused AS "isRefused",
       s.is_early AS "isEarly"`,
    [Buffer.from(digest, 'hex'), slowerBySeconds, slowestSeconds],
  )
  return row
}

/** Forgets those that are over, `most` at most; returns how many. */
export async function pruneOauthDevices(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM oauth_device
     WHERE digest IN (SELECT digest FROM oauth_device WHERE expires_at < now() LIMIT $1) RETURNING digest`,
    [most],
  )
  return rows.length
}
