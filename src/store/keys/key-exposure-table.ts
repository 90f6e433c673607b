// Secrets that were reported to stand in public: what became of their keys, in one transaction with the audit of it.

import { type KeyAction, keyTransition } from '../../credentials/lifecycle.ts'
import { type AuditEntry, entryOf, writeAudit, writeEntry } from '../audit/audit-table.ts'
import { type ChangeOrigin, type Committed, commitChange, type Plan } from '../commit-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { keySnapshot, lockKey, mustGetKey, type StoredKey } from './key-table.ts'

/** A secret that there is, ended or not. */
export interface KnownSecret {
  readonly secretId: string
  readonly keyId: string
  readonly last4: string
  readonly api: string
  readonly environment: string
}

/** `over`: neither key nor secret worked any more. `repeated`: the place was reported before. */
export type ExposureOutcome = 'notified' | 'disabled' | 'revoked' | 'over' | 'repeated'

export interface Exposure {
  readonly secret: KnownSecret
  /** Who reports: `github`, or `admin`. */
  readonly reporter: string
  /** SHA-256 of reporter and place. */
  readonly place: Buffer
  /** A place that was reported before is left alone: else a late copy would undo what people have decided since. */
  readonly isOnce: boolean
  readonly policy: 'notify' | 'disable' | 'revoke'
  /** As they are to be kept: without a secret. */
  readonly url: string | null
  readonly type: string | null
  readonly source: string | null
}

/** By digest (lower-case hex). */
export async function findSecrets(
  db: Queryable,
  digests: readonly string[],
): Promise<ReadonlyMap<string, KnownSecret>> {
  const rows = await db.query<KnownSecret & { digest: string }>(
    `SELECT encode(s.digest, 'hex') AS digest, s.id AS "secretId", s.last4, k.id AS "keyId", k.api, k.environment
     FROM key_secret s JOIN api_key k ON k.id = s.key_id WHERE s.digest = ANY ($1::bytea[])`,
    [digests.map((digest) => Buffer.from(digest, 'hex'))],
  )
  return new Map(rows.map(({ digest, ...secret }) => [digest, secret]))
}

/** Does what the policy says, and keeps that it was reported. Throws as `commitChange` does. */
export async function exposeSecret(
  db: Postgres,
  origin: ChangeOrigin,
  exposure: Exposure,
): Promise<Committed<StoredKey> & { readonly outcome: ExposureOutcome }> {
  let outcome: ExposureOutcome = 'repeated'
  const committed = await commitChange<StoredKey>(db, origin, async (tx) => {
    const key = await lockKey(tx, exposure.secret.keyId, origin)
    const isNew = await keepPlace(tx, exposure, origin.nowMs)
    outcome = isNew || !exposure.isOnce ? outcomeOf(key, exposure) : 'repeated'
    const unchanged = { kind: 'unchanged', object: key } as const
    if (outcome === 'repeated') return unchanged
    const entry = exposureEntry(exposure, outcome, origin)
    if (outcome === 'disabled' || outcome === 'revoked')
      return endKey(key, origin, { entry, action: outcome === 'disabled' ? 'disable' : 'revoke' })
    await writeAudit(tx, entry)
    return unchanged
  })
  return { ...committed, outcome }
}

async function keepPlace(tx: Queryable, { secret, place }: Exposure, nowMs: number): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO key_exposure (secret_id, place, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
     RETURNING secret_id`,
    [secret.secretId, place, new Date(nowMs)],
  )
  return rows.length > 0
}

function outcomeOf(key: StoredKey, { secret, policy }: Exposure): ExposureOutcome {
  const isLive = key.secrets.some(({ id }) => id === secret.secretId)
  if (!isLive || key.status === 'revoked') return 'over'
  if (policy === 'notify') return 'notified'
  return keyTransition(key.status, policy).kind === 'changed' ? statusAfter[policy] : 'notified'
}

const statusAfter = { disable: 'disabled', revoke: 'revoked' } as const

function exposureEntry(exposure: Exposure, outcome: ExposureOutcome, origin: ChangeOrigin): AuditEntry {
  const { secret, reporter, policy, url, type, source } = exposure
  return entryOf(origin, {
    ...{ action: 'key.exposed', target: secret.keyId, before: null },
    after: {
      ...{ reporter, url, type, source },
      ...{ secret_id: secret.secretId, last4: secret.last4, policy, outcome },
    },
  })
}

/** The report first, then what it has led to: two entries of one revision. */
function endKey(
  key: StoredKey,
  origin: ChangeOrigin,
  { entry, action }: { readonly entry: AuditEntry; readonly action: KeyAction & keyof typeof statusAfter },
): Plan<StoredKey> {
  return {
    kind: 'change',
    action: `key.${action}`,
    keyId: key.id,
    merchantId: key.merchantId,
    before: key,
    async write(tx, revision) {
      await writeEntry(tx, { ...entry, revision })
      await tx.query('UPDATE api_key SET status = $2, revision = $3 WHERE id = $1', [
        ...[key.id, statusAfter[action], revision],
      ])
      return mustGetKey(tx, key.id, origin)
    },
    snapshot: keySnapshot,
  }
}

/**
 * Forgets places that were reported longer ago than `olderThanMs`, of secrets that work no longer, `most` at most; returns how many. A
 * place of one that works is kept: else its late copy would be acted on as a new one.
 */
export async function pruneExposures(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `WITH gone AS (DELETE FROM key_exposure WHERE (secret_id, place) IN (
       SELECT e.secret_id, e.place FROM key_exposure e
       WHERE e.at < now() - $1 * interval '1 millisecond' AND NOT EXISTS (
         SELECT FROM key_secret s JOIN api_key k ON k.id = s.key_id
         WHERE s.id = e.secret_id AND k.status <> 'revoked' AND (k.expires_at IS NULL OR k.expires_at > now())
           AND (s.expires_at IS NULL OR s.expires_at > now()))
       LIMIT $2) RETURNING 1) SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
