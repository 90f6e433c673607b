// Where keys are used from: of APIs with a brake that may restrict a key to that, and of no others.

import type { Queryable } from '../queryable.ts'

export interface KeyAddress {
  readonly keyId: string
  /** An IPv4 address, or an IPv6 network (/64) in CIDR. */
  readonly address: string
}

/** For so long an address counts as one of the key's after its last use. */
export const addressKeptDays = 30

/** Of one key; more are not kept, and could not be listed either. */
export const mostAddresses = 100

/** Notes that keys were used from these at `nowMs`. What comes again counts once. Throws StoreUnavailableError. */
export async function addKeyAddresses(
  db: Queryable,
  seen: readonly KeyAddress[],
  nowMs: number,
): Promise<void> {
  if (seen.length === 0) return
  // In one order, so that two instances cannot wait for each other; one that is known already is always kept.
  await db.query(
    `WITH given AS (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS g (key_id, address)),
     fresh AS (
       SELECT g.*, row_number() OVER (PARTITION BY g.key_id ORDER BY g.address)
         + (SELECT count(*) FROM key_address o WHERE o.key_id = g.key_id) AS place
       FROM given g WHERE NOT EXISTS (SELECT FROM key_address o WHERE o.key_id = g.key_id AND o.address = g.address)
     ), taken AS (
       SELECT key_id, address FROM given EXCEPT SELECT key_id, address FROM fresh WHERE place > ${mostAddresses + 1}
     )
     INSERT INTO key_address AS a (key_id, address, first_at, last_at)
     SELECT key_id, address, $3, $3 FROM taken ORDER BY key_id, address
     ON CONFLICT (key_id, address) DO UPDATE SET last_at = greatest(a.last_at, excluded.last_at)`,
    [seen.map(({ keyId }) => keyId), seen.map(({ address }) => address), new Date(nowMs)],
  )
}

/** Where a key was used from in the last 30 days, and a day before `nowMs` already. */
export async function addressesOfKey(
  db: Queryable,
  keyId: string,
  nowMs: number,
): Promise<readonly string[]> {
  const rows = await db.query<{ address: string }>(
    `SELECT address FROM key_address WHERE key_id = $1 AND first_at <= $2::timestamptz - interval '1 day'
       AND last_at > $2::timestamptz - interval '${addressKeptDays} days' ORDER BY address`,
    [keyId, new Date(nowMs)],
  )
  return rows.map(({ address }) => address)
}

/** Forgets addresses that are not used any more, `most` at most; returns how many. */
export async function pruneKeyAddresses(db: Queryable, most: number): Promise<number> {
  const [row] = await db.query<{ removed: number }>(
    `WITH gone AS (DELETE FROM key_address WHERE ctid IN (
       SELECT ctid FROM key_address WHERE last_at < now() - interval '${addressKeptDays + 1} days' ORDER BY last_at LIMIT $1)
       RETURNING 1) SELECT count(*) AS removed FROM gone`,
    [most],
  )
  return row?.removed ?? 0
}
