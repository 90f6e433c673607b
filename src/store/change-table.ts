// The revision feed: what changed, in the order in which it was committed. Written by commitChange, which every change
// of a key or merchant goes through; followed by every instance with readChanges.

import { type AuditEntry, writeAudit } from './audit-table.ts'
import { beatValues, type InstanceBeat } from './instance-table.ts'
import type { Postgres, Queryable } from './postgres.ts'

export interface Change {
  readonly revision: number
  /** null: the merchant itself changed, and with it all of its keys. */
  readonly keyId: string | null
  readonly merchantId: string
  /** Lower-case hex SHA-256 of every secret that the change concerns. */
  readonly digests: readonly string[]
}

/** Where the database stands. An equal epoch means that revisions of both readings can be compared. */
export interface Head {
  readonly epoch: string
  readonly head: number
}

export interface ChangePage extends Head {
  readonly changes: Change[]
}

interface ChangeRow extends Head {
  /** null: nothing after the revision asked for. */
  readonly revision: number | null
  readonly keyId: string | null
  readonly merchantId: string
  readonly digests: string[]
}

// One statement, one snapshot: head and outbox fit together. The beat in it can only be written on a primary, so an
// answer is never that of a standby that lags behind.
const readChangesStatement = {
  name: 'read_changes',
  text: `
    WITH beat AS (
      INSERT INTO instance (id, role, host, pid, version, applied_revision, epoch)
      VALUES ($3, $4, $5, $6, $7, $8, $9)
      ON CONFLICT (id) DO UPDATE SET role = excluded.role, host = excluded.host, pid = excluded.pid,
        version = excluded.version, applied_revision = excluded.applied_revision, epoch = excluded.epoch,
        last_seen_at = now(), signed_off_at = NULL
    ), at AS MATERIALIZED (
      SELECT epoch || database_lineage() AS epoch, revision AS head FROM head
    )
    SELECT at.epoch, at.head, o.revision, o.key_id AS "keyId", o.merchant_id AS "merchantId", o.digests
    FROM at LEFT JOIN LATERAL (
      SELECT revision, key_id, merchant_id, digests FROM outbox
      WHERE revision > $1 ORDER BY revision LIMIT $2
    ) o ON true
    ORDER BY o.revision`,
}

/**
 * The changes after revision `after`, at most `limit`, oldest first, with the database's epoch and head; and the
 * caller's heartbeat. The snapshot is at least as new as the moment of the call. Revisions have no gaps: where the
 * first change is not `after + 1` although `head` is beyond `after`, older ones were pruned and the reader must
 * forget all that it holds. Throws StoreUnavailableError, also from a database that cannot be written to.
 */
export async function readChanges(
  db: Queryable,
  request: { readonly after: number; readonly limit: number; readonly beat: InstanceBeat },
): Promise<ChangePage> {
  const rows = await db.query<ChangeRow>(readChangesStatement, [
    request.after,
    request.limit,
    ...beatValues(request.beat),
  ])
  const changes: Change[] = []
  for (const { revision, keyId, merchantId, digests } of rows) {
    if (revision !== null) changes.push({ revision, keyId, merchantId, digests })
  }
  return { ...headOf(rows), changes }
}

/** Where the database stands. Throws StoreUnavailableError. */
export async function readHead(db: Queryable): Promise<Head> {
  const rows = await db.query<Head>('SELECT epoch || database_lineage() AS epoch, revision AS head FROM head')
  return headOf(rows)
}

/** Forgets changes made longer ago than `olderThanMs`; returns how many. */
export async function pruneOutbox(db: Queryable, olderThanMs: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM outbox WHERE created_at < now() - $1 * interval '1 millisecond' RETURNING revision`,
    [olderThanMs],
  )
  return rows.length
}

function headOf(rows: readonly Head[]): Head {
  const row = rows[0]
  if (!row) throw new Error('The head row is missing: the database was tampered with')
  return { epoch: row.epoch, head: row.head }
}

/** On whose behalf, and when by the program's clock. */
export interface ChangeOrigin {
  readonly actor: string
  readonly requestId: string
  readonly nowMs: number
}

/** What is to become of a locked row: nothing, as it is so already, or a change. */
export type Plan<T> =
  | { readonly kind: 'unchanged'; readonly object: T }
  | {
      readonly kind: 'change'
      /** Such as `key.rotate`. */
      readonly action: string
      readonly keyId: string | null
      readonly merchantId: string
      readonly before: T | null
      /** Writes the rows at this revision and returns the object as it then is. */
      readonly write: (tx: Queryable, revision: number) => Promise<T>
      /** The object for the audit: neither a secret nor a digest. */
      readonly snapshot: (object: T) => object
    }

export interface Committed<T> {
  readonly object: T
  /** To be spread; null: nothing changed. */
  readonly change: Change | null
}

/**
 * The one way in which a key or merchant changes: `plan` locks the row and decides; then, in the same transaction,
 * the next revision is taken (its lock orders the commits), the rows, the outbox and the audit are written.
 * What `plan` throws rolls everything back. Throws StoreUnavailableError.
 */
export async function commitChange<T>(
  db: Postgres,
  origin: ChangeOrigin,
  plan: (tx: Queryable) => Promise<Plan<T>>,
): Promise<Committed<T>> {
  return db.transaction(async (tx) => {
    const planned = await plan(tx)
    if (planned.kind === 'unchanged') return { object: planned.object, change: null }
    const { action, keyId, merchantId, before, write, snapshot } = planned
    const revision = await nextRevision(tx)
    const object = await write(tx, revision)
    const change = await writeOutbox(tx, { revision, keyId, merchantId })
    const entry: AuditEntry = {
      actor: origin.actor,
      action,
      target: keyId ?? merchantId,
      before: before && snapshot(before),
      after: snapshot(object),
      requestId: origin.requestId,
      atMs: origin.nowMs,
      revision,
    }
    await writeAudit(tx, entry)
    return { object, change }
  })
}

async function nextRevision(tx: Queryable): Promise<number> {
  const rows = await tx.query<Head>(
    'UPDATE head SET revision = revision + 1 RETURNING epoch, revision AS head',
  )
  return headOf(rows).head
}

/** The digests are read after the head's lock: a key made meanwhile has committed before and is among them. */
async function writeOutbox(tx: Queryable, change: Omit<Change, 'digests'>): Promise<Change> {
  const rows = await tx.query<{ digests: string[] }>(
    `INSERT INTO outbox (revision, key_id, merchant_id, digests)
     SELECT $1, $2::text, $3::text, coalesce(array_agg(encode(s.digest, 'hex')), '{}')
     FROM key_secret s JOIN api_key k ON k.id = s.key_id
     WHERE k.merchant_id = $3 AND ($2 IS NULL OR k.id = $2)
     RETURNING digests`,
    [change.revision, change.keyId, change.merchantId],
  )
  return { ...change, digests: rows[0]?.digests ?? [] }
}
