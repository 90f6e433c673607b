// How a key or merchant changes: row, revision, outbox and audit in one transaction.

import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditEntry, type Who, writeBeside, writeEntry } from './audit/audit-table.ts'
import { type Change, stampColumn } from './change-table.ts'
import { claimReplay, type IdempotentRequest, keepReplay } from './idempotency-table.ts'
import type { Postgres, Queryable } from './postgres.ts'
import { OutcomeUnknownError, StoreUnavailableError } from './postgres-errors.ts'
import type { View } from './scope.ts'

/** On whose behalf, what of the installation that one sees, and when by the program's clock. */
export interface ChangeOrigin extends Who, View {
  /** Of a request that may be repeated: a repeat changes nothing. */
  readonly replayOf?: IdempotentRequest | undefined
  /** Told of access tokens that end with what is done; to be spread once that is committed. */
  readonly ended?: ((change: Change) => void) | undefined
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
  /** Another, equal request has made it before; the object is as it was then. */
  readonly isReplay?: true
}

/**
 * The one way in which a key or merchant changes: `plan` locks the row and decides; then, in the same transaction,
 * the next revision is taken (its lock orders the commits), the rows, the outbox and the audit are written.
 * What `plan` throws rolls everything back. Throws StoreUnavailableError, and then nothing was changed; OutcomeUnknownError,
 * where the database could not be asked whether it was; IDEMPOTENCY_MISMATCH where the origin's Idempotency-Key has made something else.
 */
export async function commitChange<T>(
  db: Postgres,
  origin: ChangeOrigin,
  plan: (tx: Queryable) => Promise<Plan<T>>,
): Promise<Committed<T>> {
  return commitTraced(db, async (tx, trace) => {
    const { replayOf } = origin
    const made = replayOf && (await claimReplay<T>(tx, replayOf, origin.nowMs))
    if (made !== undefined) return { object: made, change: null, isReplay: true }
    const planned = await plan(tx)
    if (planned.kind === 'unchanged') {
      if (replayOf) await keepReplay(tx, replayOf, planned.object)
      return { object: planned.object, change: null }
    }
    await writeBeside(tx, { ...origin, atMs: origin.nowMs })
    const { revision, transactionId } = await nextRevision(tx)
    const committed = await writeChange(tx, { planned, origin, revision })
    if (replayOf) await keepReplay(tx, replayOf, committed.object)
    return trace(transactionId, committed)
  })
}

/**
 * What is neither key nor merchant, made once however often the request is repeated: no revision is taken, and nothing is spread.
 * As `commitTraced`; IDEMPOTENCY_MISMATCH where the origin's Idempotency-Key has made something else.
 */
export async function commitOnce<T>(
  db: Postgres,
  { replayOf, nowMs }: ChangeOrigin,
  make: (tx: Queryable) => Promise<T>,
): Promise<Committed<T>> {
  return commitTraced<Committed<T>>(db, async (tx, trace) => {
    const made = replayOf && (await claimReplay<T>(tx, replayOf, nowMs))
    if (made !== undefined) return { object: made, change: null, isReplay: true }
    const object = await make(tx)
    if (replayOf) await keepReplay(tx, replayOf, object)
    return trace(await transactionOf(tx), { object, change: null })
  })
}

/**
 * One transaction of which it is found out whether it took place when the answer to its commit is lost. `work` calls
 * `trace` last, with what it returns. Throws OutcomeUnknownError where that could not be found out.
 */
export async function commitTraced<R>(
  db: Postgres,
  work: (tx: Queryable, trace: (transactionId: string, result: R) => R) => Promise<R>,
): Promise<R> {
  let written: { readonly result: R; readonly transactionId: string } | undefined
  try {
    return await db.transaction((tx) =>
      work(tx, (transactionId, result) => {
        written = { result, transactionId }
        return result
      }),
    )
  } catch (error) {
    // Only the commit was left: the connection may have ended before it arrived, or before its answer did.
    if (!(error instanceof StoreUnavailableError) || written === undefined) throw error
    const outcome = await outcomeOf(db, written.transactionId)
    if (outcome === 'committed') return written.result
    // A commit may still wait for a standby, or for a server that comes back.
    throw outcome === 'unknown' ? new OutcomeUnknownError(error.code, error.text) : error
  }
}

interface Step<T> {
  readonly planned: Extract<Plan<T>, { kind: 'change' }>
  readonly origin: ChangeOrigin
  readonly revision: number
}

async function writeChange<T>(tx: Queryable, { planned, origin, revision }: Step<T>): Promise<Committed<T>> {
  const { action, keyId, merchantId, before, write, snapshot } = planned
  const object = await write(tx, revision)
  const change = await writeOutbox(tx, { revision, keyId, merchantId })
  const entry: AuditEntry = {
    ...{ actor: origin.actor, tokenId: origin.tokenId ?? null, client: origin.client ?? null },
    action,
    target: keyId ?? merchantId,
    before: before && snapshot(before),
    after: snapshot(object),
    requestId: origin.requestId,
    reason: origin.reason,
    atMs: origin.nowMs,
    revision,
  }
  await writeEntry(tx, entry)
  return { object, change }
}

/**
 * A change that is no key's and no merchant's, within a transaction that has done all else: takes the next revision and tells
 * the instances what has moved.
 */
export async function takeChange(
  tx: Queryable,
  change: Omit<Change, 'revision' | 'stamp'>,
  write: (revision: number) => Promise<void>,
): Promise<Change> {
  const { revision } = await nextRevision(tx)
  await write(revision)
  const { keyId, merchantId, digests } = change
  const [written] = await tx.query<{ stamp: number }>(
    `INSERT INTO outbox (revision, key_id, merchant_id, digests) VALUES ($1, $2, $3, $4)
     RETURNING ${stampColumn} AS stamp`,
    [revision, keyId, merchantId, digests],
  )
  return { revision, keyId, merchantId, digests, ...(written && { stamp: written.stamp }) }
}

/** What each change waits in for its turn: so begins the statement of a session that does, as the database shows it. */
export const takesRevision = 'UPDATE head SET revision = revision + 1'

interface Taken {
  readonly revision: number
  readonly transactionId: string
}

async function nextRevision(tx: Queryable): Promise<Taken> {
  const rows = await tx.query<Taken>(
    `${takesRevision}
     RETURNING revision, pg_current_xact_id()::text AS "transactionId"`,
  )
  if (!rows[0]) throw new Error('The head row is missing: the database was tampered with')
  return rows[0]
}

/** What `trace` is told by a transaction that takes no revision. */
export async function transactionOf(tx: Queryable): Promise<string> {
  const [row] = await tx.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id')
  if (!row) throw new Error('The database gave no row')
  return row.id
}

const outcomeTimeoutMs = 3000
const outcomePauseMs = 200

type Outcome = 'committed' | 'aborted' | 'unknown'

/** What became of a transaction whose commit was not answered; unknown where nobody can say for 3 s. */
async function outcomeOf(db: Queryable, transactionId: string): Promise<Outcome> {
  const endsAt = performance.now() + outcomeTimeoutMs
  do {
    try {
      const rows = await db.query<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [
        transactionId,
      ])
      const status = rows[0]?.status
      if (status === 'committed' || status === 'aborted') return status
    } catch (error) {
      // A promoted standby that never saw the transaction calls its number invalid: there, nothing was changed.
      if (!(error instanceof StoreUnavailableError)) return 'aborted'
    }
    await sleep(outcomePauseMs)
  } while (performance.now() < endsAt)
  return 'unknown'
}

/**
 * The digests are read after the head's lock: a secret made meanwhile has committed before and is among them. A merchant's
 * change names none, however many keys it has: what rests on it is known by its id.
 */
async function writeOutbox(tx: Queryable, change: Omit<Change, 'digests'>): Promise<Change> {
  const rows = await tx.query<{ digests: string[]; stamp: number }>(
    `INSERT INTO outbox (revision, key_id, merchant_id, digests)
     SELECT $1, $2::text, $3::text, coalesce(array_agg(encode(s.digest, 'hex')), '{}')
     FROM key_secret s WHERE s.key_id = $2
     RETURNING digests, ${stampColumn} AS stamp`,
    [change.revision, change.keyId, change.merchantId],
  )
  const [written] = rows
  return { ...change, digests: written?.digests ?? [], ...(written && { stamp: written.stamp }) }
}
