// What the authorization server hands out and takes back once: by digest, with a payload that only its holder's text opens.

import type { Queryable } from '../postgres.ts'

export interface OauthArtifact {
  readonly model: string
  /** Lower-case hex SHA-256. */
  readonly digest: string
  readonly grantId: string | null
  readonly payload: string
  readonly lifetimeSeconds: number
}

const idOf = ({ model, digest }: Pick<OauthArtifact, 'model' | 'digest'>) => [
  model,
  Buffer.from(digest, 'hex'),
]

/** Keeps it, or keeps another payload of what is there. Returns whether it did: not where its grant has ended. */
export async function keepArtifact(tx: Queryable, artifact: OauthArtifact): Promise<boolean> {
  const { grantId, payload, lifetimeSeconds } = artifact
  const rows = await tx.query(
    `INSERT INTO oauth_artifact (model, digest, grant_id, payload, expires_at)
     SELECT $1, $2, $3::text, $4, now() + $5 * interval '1 second'
     WHERE $3::text IS NULL OR EXISTS (SELECT FROM oauth_grant WHERE id = $3 AND ended_at IS NULL FOR SHARE)
     ON CONFLICT (model, digest) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at
     RETURNING model`,
    [...idOf(artifact), grantId, payload, lifetimeSeconds],
  )
  return rows.length > 0
}

/** Keeps what may be there once; returns whether it was not there before. */
export async function keepOnce(db: Queryable, artifact: OauthArtifact): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO oauth_artifact (model, digest, payload, expires_at) VALUES ($1, $2, $3, now() + $4 * interval '1 second')
     ON CONFLICT (model, digest) DO NOTHING RETURNING model`,
    [...idOf(artifact), artifact.payload, artifact.lifetimeSeconds],
  )
  return rows.length > 0
}

export interface FoundArtifact {
  readonly payload: string
  readonly isConsumed: boolean
}

/** undefined: it is not there, or over, or the grant that it hangs on has ended. */
export async function findArtifact(
  db: Queryable,
  asked: Pick<OauthArtifact, 'model' | 'digest'>,
): Promise<FoundArtifact | undefined> {
  const [row] = await db.query<FoundArtifact>(
    `SELECT payload, consumed_at IS NOT NULL AS "isConsumed" FROM oauth_artifact a
     WHERE model = $1 AND digest = $2 AND expires_at > now()
       AND (grant_id IS NULL OR EXISTS (SELECT FROM oauth_grant g WHERE g.id = a.grant_id AND g.ended_at IS NULL))`,
    idOf(asked),
  )
  return row
}

/** Uses it up; returns what it hangs on. undefined: somebody has before, or it is not there. */
export async function consumeArtifact(
  db: Queryable,
  asked: Pick<OauthArtifact, 'model' | 'digest'>,
): Promise<{ readonly grantId: string | null } | undefined> {
  const [row] = await db.query<{ grantId: string | null }>(
    `UPDATE oauth_artifact SET consumed_at = now() WHERE model = $1 AND digest = $2 AND consumed_at IS NULL
     RETURNING grant_id AS "grantId"`,
    idOf(asked),
  )
  return row
}

/** What it hangs on; null: on nothing. undefined: it is not there. */
export async function grantOfArtifact(
  db: Queryable,
  asked: Pick<OauthArtifact, 'model' | 'digest'>,
): Promise<string | null | undefined> {
  const [row] = await db.query<{ grantId: string | null }>(
    'SELECT grant_id AS "grantId" FROM oauth_artifact WHERE model = $1 AND digest = $2',
    idOf(asked),
  )
  return row?.grantId
}

/** Returns whether it was there. */
export async function dropArtifact(
  db: Queryable,
  asked: Pick<OauthArtifact, 'model' | 'digest'>,
): Promise<boolean> {
  const rows = await db.query(
    'DELETE FROM oauth_artifact WHERE model = $1 AND digest = $2 RETURNING model',
    idOf(asked),
  )
  return rows.length > 0
}

/** Forgets what is over, `most` at most; returns how many. What was used up stays until then: its use again is seen. */
export async function pruneArtifacts(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM oauth_artifact WHERE (model, digest) IN (
       SELECT model, digest FROM oauth_artifact WHERE expires_at < now() LIMIT $1) RETURNING model`,
    [most],
  )
  return rows.length
}

/** Forgets what hangs on grants that have ended, `most` at most; returns how many. */
export async function pruneEndedArtifacts(db: Queryable, most: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM oauth_artifact WHERE (model, digest) IN (
       SELECT a.model, a.digest FROM oauth_grant g JOIN oauth_artifact a ON a.grant_id = g.id
       WHERE g.ended_at IS NOT NULL LIMIT $1) RETURNING model`,
    [most],
  )
  return rows.length
}
