// Keys of the authorization server, sealed with a key that the database does not have. All instances have the same ones.

import { commitTraced, transactionOf } from '../commit-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

export const oauthKeyPurposes = ['sign', 'cookie'] as const
export type OauthKeyPurpose = (typeof oauthKeyPurposes)[number]

/** Times in milliseconds since the epoch. */
export interface StoredOauthKey {
  readonly id: string
  readonly purpose: OauthKeyPurpose
  readonly sealed: string
  readonly usedFromMs: number
  readonly isInUse: boolean
}

export interface NewOauthKey extends Pick<StoredOauthKey, 'id' | 'purpose' | 'sealed'> {
  /** From now on. */
  readonly usedAfterSeconds: number
}

const lockId = 7_317_093_126

/** Those that are not over, the newest in use first, then those to come. */
export async function listOauthKeys(db: Queryable): Promise<readonly StoredOauthKey[]> {
  return db.query<StoredOauthKey>(
    `SELECT id, purpose, sealed, ${milliseconds('used_from')} AS "usedFromMs", used_from <= now() AS "isInUse"
     FROM oauth_key WHERE ends_at IS NULL OR ends_at > now()
     ORDER BY used_from <= now() DESC, used_from DESC, id DESC`,
  )
}

export interface Adding {
  readonly overlapSeconds: number
  /** Which to add, by what there is. */
  readonly make: (there: readonly StoredOauthKey[]) => readonly NewOauthKey[]
  /** Done in the same transaction, with all that there are then. */
  readonly besides?: (tx: Queryable, there: readonly StoredOauthKey[]) => Promise<void>
}

/**
 * Asks `make` for keys to add, by what there is, while no other process does: all that ask find the same. Those of the same
 * purpose end `overlapSeconds` after the new one is used. As `commitTraced`.
 */
export async function addOauthKeys(
  db: Postgres,
  { overlapSeconds, make, besides }: Adding,
): Promise<readonly StoredOauthKey[]> {
  return commitTraced(db, async (tx, trace) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [lockId])
    for (const key of make(await listOauthKeys(tx))) {
      await tx.query(
        `UPDATE oauth_key SET ends_at = now() + ($2::integer + $3::integer) * interval '1 second' WHERE purpose = $1 AND ends_at IS NULL`,
        [key.purpose, key.usedAfterSeconds, overlapSeconds],
      )
      await tx.query(
        `INSERT INTO oauth_key (id, purpose, sealed, created_at, used_from)
         VALUES ($1, $2, $3, now(), now() + $4 * interval '1 second')`,
        [key.id, key.purpose, key.sealed, key.usedAfterSeconds],
      )
    }
    const there = await listOauthKeys(tx)
    await besides?.(tx, there)
    return trace(await transactionOf(tx), there)
  })
}

/** Only where it is still as it was read. */
export async function resealOauthKey(
  db: Queryable,
  { id, was, sealed }: { readonly id: string; readonly was: string; readonly sealed: string },
): Promise<void> {
  await db.query('UPDATE oauth_key SET sealed = $3 WHERE id = $1 AND sealed = $2', [id, was, sealed])
}

/** Forgets those that are over, `most` at most; returns how many. */
export async function pruneOauthKeys(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    'DELETE FROM oauth_key WHERE id IN (SELECT id FROM oauth_key WHERE ends_at < now() LIMIT $1) RETURNING id',
    [most],
  )
  return rows.length
}
