// Passkeys: the public half of what somebody's device signs with.

import { deny, DenialError } from '../../errors/denial.ts'
import type { ChangeOrigin } from '../commit-table.ts'
import { told } from './factor-table.ts'
import { personColumns, type StoredPerson } from './person-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

/** Times in milliseconds since the epoch. */
export interface StoredPasskey {
  readonly id: string
  /** As the authenticator calls it, in base64url. */
  readonly credential: string
  readonly name: string
  readonly transports: readonly string[]
  readonly createdAtMs: number
  readonly lastUsedAtMs: number | null
}

export interface NewPasskey extends Pick<StoredPasskey, 'id' | 'credential' | 'name' | 'transports'> {
  /** COSE. */
  readonly publicKey: Uint8Array
  readonly counter: number
}

/** Of one person. */
export const mostPasskeys = 20

const columns = `id, credential, name, transports, ${milliseconds('created_at')} AS "createdAtMs",
  ${milliseconds('last_used_at')} AS "lastUsedAtMs"`

/** A person's, oldest first. */
export async function listPasskeys(db: Queryable, personId: string): Promise<readonly StoredPasskey[]> {
  return db.query<StoredPasskey>(`SELECT ${columns} FROM passkey WHERE person_id = $1 ORDER BY id`, [
    personId,
  ])
}

/** Throws VALIDATION_FAILED where the device is known, or the person has as many as one may. */
export async function addPasskey(
  db: Postgres,
  origin: ChangeOrigin,
  { person, passkey }: { readonly person: StoredPerson; readonly passkey: NewPasskey },
): Promise<StoredPasskey> {
  return db.transaction(async (tx) => {
    await tx.query('SELECT FROM person WHERE id = $1 FOR NO KEY UPDATE', [person.id])
    if ((await listPasskeys(tx, person.id)).length >= mostPasskeys)
      throw refused('/response', `the account has ${mostPasskeys} passkeys, which is the most`)
    const [made] = await tx.query<StoredPasskey>(
      `INSERT INTO passkey (id, person_id, credential, public_key, counter, transports, name, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential) DO NOTHING RETURNING ${columns}`,
      [
        ...[passkey.id, person.id, passkey.credential, Buffer.from(passkey.publicKey), passkey.counter],
        ...[passkey.transports, passkey.name, new Date(origin.nowMs)],
      ],
    )
    if (made === undefined) throw refused('/response', 'is a passkey that is known already')
    await told(tx, origin, person, 'passkey_add')
    return made
  })
}

function refused(path: string, message: string): DenialError {
  return new DenialError(deny('VALIDATION_FAILED', 'invalid_field', { details: [{ path, message }] }))
}

/** Returns whether the person had it. */
export async function removePasskey(
  db: Postgres,
  origin: ChangeOrigin,
  { person, id }: { readonly person: StoredPerson; readonly id: string },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const rows = await tx.query('DELETE FROM passkey WHERE id = $1 AND person_id = $2 RETURNING id', [
      ...[id, person.id],
    ])
    if (rows.length > 0) await told(tx, origin, person, 'passkey_remove')
    return rows.length > 0
  })
}

export interface KnownPasskey {
  readonly id: string
  readonly publicKey: Buffer
  readonly counter: number
  readonly transports: readonly string[]
  readonly person: StoredPerson
}

/** By what the authenticator calls it. */
export async function findPasskey(db: Queryable, credential: string): Promise<KnownPasskey | undefined> {
  const rows = await db.query<KnownPasskey>(
    `SELECT k.id, k.public_key AS "publicKey", k.counter, k.transports, to_jsonb(p) AS person
     FROM passkey k JOIN (SELECT ${personColumns} FROM person) p ON p.id = k.person_id WHERE k.credential = $1`,
    [credential],
  )
  return rows[0]
}

/** Says that it was used. A counter that another use has moved on meanwhile is none: false. */
export async function usePasskey(
  db: Queryable,
  used: { readonly id: string; readonly before: number; readonly counter: number; readonly nowMs: number },
): Promise<boolean> {
  const rows = await db.query(
    'UPDATE passkey SET counter = $3, last_used_at = $4 WHERE id = $1 AND counter = $2 RETURNING id',
    [used.id, used.before, used.counter, new Date(used.nowMs)],
  )
  return rows.length > 0
}
