// What is begun by one request and finished by another, once: found by the digest of what only the one who began it can show.

import type { Queryable } from '../postgres.ts'

export type CeremonyKind = 'passkey_add' | 'passkey' | 'oidc'

export interface Ceremony {
  /** Lower-case hex SHA-256. */
  readonly digest: string
  readonly kind: CeremonyKind
  /** Who has to be signed in; null: nobody is yet. */
  readonly personId: string | null
  readonly detail: string | null
  readonly expiresAtMs: number
}

export async function beginCeremony(db: Queryable, ceremony: Ceremony): Promise<void> {
  const { digest, kind, personId, detail, expiresAtMs } = ceremony
  await db.query(
    'INSERT INTO ceremony (digest, kind, person_id, detail, expires_at) VALUES ($1, $2, $3, $4, $5)',
    [Buffer.from(digest, 'hex'), kind, personId, detail, new Date(expiresAtMs)],
  )
}

/** Takes it: it is there for nobody else. undefined: there is none, or not of this kind or person, or it is over. */
export async function takeCeremony(
  db: Queryable,
  asked: Omit<Ceremony, 'detail' | 'expiresAtMs'> & { readonly nowMs: number },
): Promise<{ readonly detail: string | null } | undefined> {
  const rows = await db.query<{ detail: string | null }>(
    `DELETE FROM ceremony WHERE digest = $1 AND kind = $2 AND person_id IS NOT DISTINCT FROM $3::text AND expires_at > $4
     RETURNING detail`,
    [Buffer.from(asked.digest, 'hex'), asked.kind, asked.personId, new Date(asked.nowMs)],
  )
  return rows[0]
}

/** Forgets what was not finished, `most` at most; returns how many. */
export async function pruneCeremonies(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM ceremony WHERE digest IN (SELECT digest FROM ceremony WHERE expires_at < now() LIMIT $1) RETURNING digest`,
    [most],
  )
  return rows.length
}
