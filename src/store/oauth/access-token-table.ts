// Access tokens: digests only. They are read by credential-table.ts, as one more kind of the record that keys have.
//
// A token takes no revision when it is made: nobody can hold an answer about a digest that was never there. It notes where
// the head stands instead, and whatever ends it takes a later revision: one row and one change, however many tokens it ends.
// So it does not matter who commits first, where the one who makes a token holds what could end it locked.

import type { Change } from '../change-table.ts'
import { type ChangeOrigin, takeChange } from '../commit-table.ts'
import { endGrantsOf } from './oauth-grant-table.ts'
import type { Queryable } from '../queryable.ts'
import { milliseconds } from '../session.ts'

export interface NewAccessToken {
  readonly id: string
  /** Lower-case hex SHA-256 of the whole token. */
  readonly digest: string
  readonly clientId: string
  /** null: the client itself asks, for nobody. */
  readonly userId: string | null
  readonly grantId: string | null
  readonly merchantId: string
  readonly api: string
  readonly environment: string
  /** Sorted, one at least, each by its name. */
  readonly permissions: readonly string[]
  /** Thumbprint (RFC 7638) of the key that it is bound to; null: whoever has it may use it. */
  readonly jkt: string | null
  /** At most a day. */
  readonly lifetimeMs: number
}

/** Times in milliseconds since the epoch. */
export interface StoredAccessToken extends Omit<NewAccessToken, 'digest' | 'lifetimeMs'> {
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** By the database's clock: neither over nor ended, and its merchant is not suspended. */
  readonly isLive: boolean
  /** Its time is over, or it was ended. */
  readonly isOver: boolean
}

/** What ends: one token, or all that were made before for a grant, a client, a person, or a person in one merchant. */
export type TokenEnd =
  | { readonly kind: 'token'; readonly digest: string }
  | { readonly kind: 'grant' | 'client'; readonly id: string }
  | { readonly kind: 'user'; readonly id: string; readonly merchantId?: string | undefined }

/** Of the row `t`: the revision of the last thing that has ended it; null: it goes on. */
export const endOfToken = (t: string) =>
  `(SELECT max(e.revision) FROM access_token_stop e WHERE e.revision > ${t}.revision AND e.subject = ANY (
      ARRAY[${t}.id, ${t}.grant_id, ${t}.client_id, ${t}.person_id, ${t}.person_id || ' ' || ${t}.merchant_id]))`

/** A thumbprint, of a key or behind a mark of a certificate (credentials/record.ts). */
const binding = /^(?:x5t:)?[A-Za-z0-9_-]{43}$/

/**
 * Makes a token, within the caller's transaction, which holds what could end it locked: its client, grant, person and membership.
 * Returns when it ends, by the database's clock. Throws StatementError.
 */
export async function issueAccessToken(
  tx: Queryable,
  token: NewAccessToken,
): Promise<{ readonly expiresAtMs: number }> {
  if (token.jkt !== null && !binding.test(token.jkt)) throw new Error('no such thing can be bound to')
  const [made] = await tx.query<{ expiresAtMs: number }>(
    `INSERT INTO access_token (digest, id, client_id, person_id, grant_id, merchant_id, api, environment, permissions, jkt,
       created_at, expires_at, revision)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, at, at + $11 * interval '1 millisecond', head.revision
     FROM head, clock_timestamp() AS at
     RETURNING ${milliseconds('expires_at')} AS "expiresAtMs"`,
    [
      ...[Buffer.from(token.digest, 'hex'), token.id, token.clientId, token.userId, token.grantId],
      ...[token.merchantId, token.api, token.environment, token.permissions, token.jkt, token.lifetimeMs],
    ],
  )
  if (made === undefined) throw new Error('The head row is missing: the database was tampered with')
  return made
}

/** A token that is kept still: for some time after its end, too. Throws StoreUnavailableError. */
export async function findAccessToken(db: Queryable, digest: string): Promise<StoredAccessToken | undefined> {
  const [found] = await db.query<StoredAccessToken>(
    `SELECT t.id, t.client_id AS "clientId", t.person_id AS "userId", t.grant_id AS "grantId",
       t.merchant_id AS "merchantId", t.api, t.environment, t.permissions, t.jkt,
       ${milliseconds('t.created_at')} AS "createdAtMs", ${milliseconds('t.expires_at')} AS "expiresAtMs",
       o.is_over AS "isOver", NOT o.is_over AND m.status = 'active' AS "isLive"
     FROM access_token t JOIN merchant m ON m.id = t.merchant_id,
       LATERAL (SELECT t.expires_at <= clock_timestamp() OR ${endOfToken('t')} IS NOT NULL AS is_over) o
     WHERE t.digest = $1`,
    [Buffer.from(digest, 'hex')],
  )
  return found
}

/**
 * Ends tokens, last in the caller's transaction, as it takes the head's lock. Returns what is to be spread after the commit;
 * null: there is no token that this would end, and nothing was written.
 */
export async function endTokens(tx: Queryable, end: TokenEnd): Promise<Change | null> {
  const found = await findSubject(tx, end)
  if (found === undefined) return null
  const { subject, ...change } = found
  return takeChange(tx, change, async (revision) => {
    await tx.query(
      `INSERT INTO access_token_stop (subject, revision, at) VALUES ($1, $2, clock_timestamp())
       ON CONFLICT (subject) DO UPDATE SET revision = greatest(access_token_stop.revision, excluded.revision),
         at = excluded.at`,
      [subject, revision],
    )
  })
}

/** As `endTokens`, of a person, as a part of what `origin` does: also what that one has granted, by which others would come to be. */
export async function endTokensOf(
  tx: Queryable,
  { ended }: Pick<ChangeOrigin, 'ended'>,
  of: { readonly personId: string; readonly merchantId?: string },
): Promise<void> {
  await endGrantsOf(tx, of)
  const change = await endTokens(tx, { kind: 'user', id: of.personId, merchantId: of.merchantId })
  if (change !== null) ended?.(change)
}

/** What is to be written for whom, and which name the instances know it by. */
interface Subject {
  readonly subject: string
  readonly keyId: string
  /** Empty: not of one merchant. */
  readonly merchantId: string
  readonly digests: readonly string[]
}

async function findSubject(tx: Queryable, end: TokenEnd): Promise<Subject | undefined> {
  if (end.kind === 'token') {
    const [token] = await tx.query<{ id: string; merchantId: string }>(
      `SELECT id, merchant_id AS "merchantId" FROM access_token t
       WHERE digest = $1 AND expires_at > clock_timestamp() AND ${endOfToken('t')} IS NULL`,
      [Buffer.from(end.digest, 'hex')],
    )
    if (token === undefined) return undefined
    return { subject: token.id, keyId: token.id, merchantId: token.merchantId, digests: [end.digest] }
  }
  if (end.kind !== 'user') return { subject: end.id, keyId: end.id, merchantId: '', digests: [] }
  const { id, merchantId } = end
  const rows = await tx.query(
    `SELECT FROM access_token WHERE person_id = $1 AND ($2::text IS NULL OR merchant_id = $2)
       AND expires_at > clock_timestamp() LIMIT 1`,
    [id, merchantId ?? null],
  )
  if (rows.length === 0) return undefined
  // Those in other merchants are read anew, and found to go on.
  const subject = merchantId === undefined ? id : `${id} ${merchantId}`
  return { subject, keyId: id, merchantId: merchantId ?? '', digests: [] }
}

/** So long after its end a token is still known as what it was. */
const keptAfterEndMs = 60 * 60_000
/** No token of before is left then (the table's own rule). */
const stopsKeptMs = 26 * 60 * 60_000

/** Forgets tokens whose time has been over for an hour, `most` at most; returns how many. */
export async function pruneAccessTokens(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM access_token WHERE digest IN (
       SELECT digest FROM access_token WHERE expires_at < now() - $1 * interval '1 millisecond' ORDER BY expires_at LIMIT $2)
     RETURNING 1`,
    [keptAfterEndMs, most],
  )
  return rows.length
}

/** Forgets what has ended tokens that are all gone by now, `most` at most; returns how many. */
export async function pruneTokenStops(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM access_token_stop WHERE subject IN (
       SELECT subject FROM access_token_stop WHERE at < now() - $1 * interval '1 millisecond' ORDER BY at LIMIT $2)
     RETURNING 1`,
    [stopsKeptMs, most],
  )
  return rows.length
}
