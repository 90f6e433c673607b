// Keys made elsewhere, many at once: one transaction and one statement for a batch, a revision for each key.

import { normalName } from '../../credentials/name.ts'
import type { KeyStatus } from '../../credentials/record.ts'
import { writeBeside } from '../audit/audit-table.ts'
import { isSameAbout } from './key-about-table.ts'
import type { Change } from '../change-table.ts'
import { type ChangeOrigin, commitTraced, takesRevision } from '../commit-table.ts'
import type { NewKey } from './key-change-table.ts'
import { type KeyMetadata, keySnapshot } from './key-table.ts'
import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'

export interface ImportedKey extends NewKey {
  readonly status: KeyStatus
  /** Whether the status was said, or is what keys are without saying: a repeat then leaves a changed one alone. */
  readonly isStatusSaid: boolean
}

/** What there is of a digest, or what became of it. */
export type ImportOutcome =
  | { readonly kind: 'created' | 'unchanged'; readonly id: string; readonly revision: number }
  /** The digest belongs to a key with other data. */
  | { readonly kind: 'conflict' }

export interface ImportedBatch {
  /** In the order of the keys. */
  readonly outcomes: readonly ImportOutcome[]
  /** To be spread. */
  readonly changes: readonly Change[]
  /** For how long no other change could be made, in milliseconds. */
  readonly heldMs: number
}

interface KnownRow {
  readonly digest: string
  readonly id: string
  readonly merchantId: string
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly status: KeyStatus
  readonly permissions: readonly string[]
  readonly expiresAtMs: number | null
  readonly revision: number
  readonly metadata: KeyMetadata
  readonly owner: string | null
}

/** Of these merchants, those that there are. */
export async function knownMerchants(db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>('SELECT id FROM merchant WHERE id = ANY ($1::text[])', [ids])
  return new Set(rows.map(({ id }) => id))
}

/** What there is of each key's digest, in order; undefined: nothing. */
export async function compareKeys(
  db: Queryable,
  keys: readonly ImportedKey[],
): Promise<readonly (ImportOutcome | undefined)[]> {
  const rows = await db.query<KnownRow>(
    `SELECT encode(s.digest, 'hex') AS digest, k.id, k.merchant_id AS "merchantId", k.api, k.environment, k.name,
       k.status, k.permissions, ${milliseconds('k.expires_at')} AS "expiresAtMs", k.revision,
       coalesce(a.metadata, '{}') AS metadata, a.owner
     FROM key_secret s JOIN api_key k ON k.id = s.key_id LEFT JOIN key_about a ON a.key_id = k.id
     WHERE s.digest = ANY ($1::bytea[])`,
    [keys.map(({ secret }) => Buffer.from(secret.digest, 'hex'))],
  )
  const known = new Map(rows.map((row) => [row.digest, row]))
  return keys.map((key) => {
    const row = known.get(key.secret.digest)
    if (!row) return undefined
    return isSame(key, row) ? { kind: 'unchanged', id: row.id, revision: row.revision } : { kind: 'conflict' }
  })
}

/**
 * Makes those of the keys whose digests are not known yet; digests must not repeat and merchants must exist. The
 * head's lock comes first, so that no other change can bring in one of the digests, and is held for one statement.
 * Throws StoreUnavailableError, and then nothing was changed, and OutcomeUnknownError.
 */
export async function importKeys(
  db: Postgres,
  origin: ChangeOrigin,
  keys: readonly ImportedKey[],
): Promise<ImportedBatch> {
  let lockedAt = Number.NaN
  const made = await commitTraced<Omit<ImportedBatch, 'heldMs'>>(db, async (tx, trace) => {
    // Others wait for none of it; and a repeat that makes nothing leaves nothing behind.
    if ((await compareKeys(tx, keys)).includes(undefined))
      await writeBeside(tx, { ...origin, atMs: origin.nowMs })
    const { revision: head, transactionId } = await lockHead(tx)
    lockedAt = performance.now()
    const found = await compareKeys(tx, keys)
    const missing = keys.filter((_, index) => found[index] === undefined)
    const stamp = missing.length > 0 ? await insertKeys(tx, origin, { keys: missing, head }) : undefined
    let revision = head
    const changes: Change[] = []
    const outcomes = keys.map(({ id, merchantId, secret }, index): ImportOutcome => {
      const outcome = found[index]
      if (outcome) return outcome
      revision += 1
      changes.push({
        revision,
        keyId: id,
        merchantId,
        digests: [secret.digest],
        ...(stamp !== undefined && { stamp }),
      })
      return { kind: 'created', id, revision }
    })
    return trace(transactionId, { outcomes, changes })
  })
  return { ...made, heldMs: performance.now() - lockedAt }
}

/**
 * Whether other changes wait for the head's lock. Who waits for a row holds, or waits for, a lock on that version of it; but
 * not in the moments after the lock was given up, until it has been given a processor: its statement tells then.
 * Throws StoreUnavailableError.
 */
export async function isHeadAwaited(db: Queryable): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM pg_locks WHERE locktype = 'tuple' AND relation = 'head'::regclass
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     UNION ALL
     SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
       AND starts_with(query, '${takesRevision}')
     LIMIT 1`,
  )
  return rows.length > 0
}

async function lockHead(tx: Queryable): Promise<{ revision: number; transactionId: string }> {
  const rows = await tx.query<{ revision: number; transactionId: string }>(
    'SELECT revision, pg_current_xact_id()::text AS "transactionId" FROM head FOR NO KEY UPDATE',
  )
  if (!rows[0]) throw new Error('The head row is missing: the database was tampered with')
  return rows[0]
}

const insertStatement = {
  name: 'import_keys',
  text: `
    WITH item AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS i (revision bigint, id text, merchant_id text, api text,
        environment text, name text, status text, prefix text, permissions text[], expires_at timestamptz,
        secret_id text, digest text, last4 text, metadata jsonb, owner text, snapshot jsonb)
    ), made AS (
      INSERT INTO api_key (id, merchant_id, api, environment, name, status, prefix, permissions, created_at,
        expires_at, revision)
      SELECT id, merchant_id, api, environment, name, status, prefix, permissions, $2, expires_at, revision FROM item
    ), kept AS (
      INSERT INTO key_secret (id, key_id, digest, last4, created_at)
      SELECT secret_id, id, decode(digest, 'hex'), last4, $2 FROM item
    ), said AS (
      INSERT INTO key_about (key_id, metadata, owner, created_by) SELECT id, metadata, owner, $3 FROM item
    ), spread AS (
      INSERT INTO outbox (revision, key_id, merchant_id, digests)
      SELECT revision, id, merchant_id, ARRAY[digest] FROM item
    ), noted AS (
      INSERT INTO audit (actor, action, target, before, after, request_id, at, revision)
      SELECT $3, 'key.import', id, NULL, snapshot, $4, $2, revision FROM item ORDER BY revision
    )
    UPDATE head SET revision = revision + (SELECT count(*) FROM item)
    RETURNING (extract(epoch FROM now()) * 1000000)::bigint AS stamp`,
}

/** Returns the stamp of the changes: that of the transaction, as the outbox has it. */
async function insertKeys(
  tx: Queryable,
  origin: ChangeOrigin,
  batch: { readonly keys: readonly ImportedKey[]; readonly head: number },
): Promise<number | undefined> {
  const items = batch.keys.map((key, index) => itemOf(key, origin, batch.head + index + 1))
  const at = new Date(origin.nowMs)
  const values = [JSON.stringify(items), at, origin.actor, origin.requestId]
  const rows = await tx.query<{ stamp: number }>(insertStatement, values)
  return rows[0]?.stamp
}

/** What the audit says nothing of. */
const unknown = { createdBy: null, exposedAtMs: null, brakes: [] }

function itemOf(key: ImportedKey, origin: ChangeOrigin, revision: number): object {
  const { id, last4, digest } = key.secret
  const secrets = [{ id, last4, createdAtMs: origin.nowMs, expiresAtMs: null, lastUsedAtMs: null }]
  const about = { metadata: key.metadata ?? {}, owner: key.owner ?? null }
  const stored = {
    ...key,
    ...about,
    createdAtMs: origin.nowMs,
    lastUsedAtMs: null,
    revision,
    secrets,
    ...unknown,
  }
  return {
    revision,
    id: key.id,
    merchant_id: key.merchantId,
    api: key.api,
    environment: key.environment,
    name: key.name,
    status: key.status,
    prefix: key.prefix,
    permissions: key.permissions,
    expires_at: key.expiresAtMs === null ? null : new Date(key.expiresAtMs).toISOString(),
    secret_id: id,
    digest,
    last4,
    ...about,
    snapshot: keySnapshot(stored),
  }
}

function ownerOf({ owner }: ImportedKey, row: KnownRow): string | null {
  return owner === undefined ? row.owner : owner
}

function isSame(key: ImportedKey, row: KnownRow): boolean {
  return (
    key.merchantId === row.merchantId &&
    key.api === row.api &&
    key.environment === row.environment &&
    // Names that were made before there was a normal form stay as they are.
    key.name === normalName(row.name) &&
    key.expiresAtMs === row.expiresAtMs &&
    (!key.isStatusSaid || key.status === row.status) &&
    // What was not said is as it may be.
    isSameAbout({ metadata: key.metadata ?? row.metadata, owner: ownerOf(key, row) }, row) &&
    key.permissions.length === row.permissions.length &&
    key.permissions.every((name, index) => name === row.permissions[index])
  )
}
