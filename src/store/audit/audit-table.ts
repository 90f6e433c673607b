// Who changed what, and why: one row a revision, written in the change's own transaction.

import { timeOfId } from '../../telemetry/request-id.ts'
import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Queryable } from '../postgres.ts'
import { isWhole, type Scope } from '../scope.ts'
import { milliseconds } from '../session.ts'

/** Who did it, and by what request. */
export interface Who {
  readonly actor: string
  /** Of the token that the admin API made; null: one of LATCHKEY_ADMIN_TOKEN. */
  readonly tokenId?: string | null
  /** Address that the request came from; null: not known. */
  readonly client?: string | null
  readonly requestId: string
  /** In the words of who did it; absent: none was given. */
  readonly reason?: string | undefined
}

export interface AuditEntry extends Who {
  /** Such as `key.rotate`. */
  readonly action: string
  /** Id of the key, merchant or token. */
  readonly target: string
  /** Without secrets and digests; null: it did not exist. */
  readonly before: object | null
  readonly after: object | null
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** null: none of its own, it stands beside the last one. */
  readonly revision: number | null
}

/** What an entry says besides who did it. */
export type AuditedChange = Pick<AuditEntry, 'action' | 'target' | 'before' | 'after'>

/** The entry of a change that takes no revision: it stands beside the last one. */
export function entryOf(origin: Who & { readonly nowMs: number }, change: AuditedChange): AuditEntry {
  const { actor, tokenId = null, client = null, requestId, reason, nowMs } = origin
  const { action, target, before, after } = change
  return {
    ...{ actor, tokenId, client, requestId, reason, action, target, before, after },
    ...{ atMs: nowMs, revision: null },
  }
}

/** An entry with its place in the list. */
export interface StoredAuditEntry extends Omit<AuditEntry, 'reason'> {
  readonly revision: number
  readonly id: number
  readonly reason: string | null
}

export interface AuditFilter {
  readonly target?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly requestId?: string | undefined
  /** From then on, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined
  /** Before then. */
  readonly untilMs?: number | undefined
  /** Newest first unless said. */
  readonly isOldestFirst?: boolean
}

/**
 * An entry, and what is kept beside it. Not for what takes a revision: others wait for all that comes behind that, so there
 * `writeBeside` is called before it, and `writeEntry` after.
 */
export async function writeAudit(tx: Queryable, entry: AuditEntry): Promise<void> {
  await writeBeside(tx, entry)
  await writeEntry(tx, entry)
}

/** To follow on `writeBeside`. */
export async function writeEntry(tx: Queryable, entry: AuditEntry): Promise<void> {
  await tx.query(
    `INSERT INTO audit (actor, action, target, before, after, request_id, at, revision)
     VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::bigint, (SELECT revision FROM head)))`,
    [
      entry.actor,
      entry.action,
      entry.target,
      entry.before && JSON.stringify(entry.before),
      entry.after && JSON.stringify(entry.after),
      entry.requestId,
      new Date(entry.atMs),
      entry.revision,
    ],
  )
}

/**
 * Why, by which token and from where: once a request, however many entries it has. Before the entries, as their links are over
 * both: outside a transaction an entry could be linked without.
 */
export async function writeBeside(
  tx: Queryable,
  { requestId, reason, tokenId = null, client = null, atMs }: Who & { readonly atMs: number },
): Promise<void> {
  const at = new Date(atMs)
  if (reason !== undefined) {
    await tx.query(
      'INSERT INTO change_reason (request_id, reason, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [requestId, reason, at],
    )
  }
  // Whether there is a place for it: not while a program waits for its migration.
  const [place] = await tx.query<{ isThere: boolean }>(
    `SELECT to_regclass('change_origin') IS NOT NULL AS "isThere"`,
  )
  if (place?.isThere !== true) return
  await tx.query(
    'INSERT INTO change_origin (request_id, token_id, client, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [requestId, tokenId, client, at],
  )
}

/**
 * Entries that match all of the filter, newest first unless said. The cursor is the id of the last one seen. Whoever sees a part of the
 * installation sees what became of its keys and merchants, and nothing of the platform's own doings.
 */
export async function listAudit(
  db: Queryable,
  filter: AuditFilter & { readonly scope: Scope },
  page: PageRequest<number>,
): Promise<Page<StoredAuditEntry>> {
  const { sinceMs, untilMs, requestId } = filter
  const asked = requestId === undefined ? undefined : timeOfId(requestId)
  const from = await firstIdFrom(db, latest(sinceMs, asked), -mostApartMs)
  const to = await firstIdFrom(db, earliest(untilMs, asked), mostApartMs)
  const rows = await db.query<StoredAuditEntry>(
    `SELECT id, actor, action, target, before, after, request_id AS "requestId", ${milliseconds('a.at')} AS "atMs",
       revision, (SELECT reason FROM change_reason r WHERE r.request_id = a.request_id), o."tokenId", o.client
     FROM audit a LEFT JOIN LATERAL (
       SELECT token_id AS "tokenId", client FROM change_origin WHERE change_origin.request_id = a.request_id) o ON true
     WHERE ($1::text IS NULL OR target = $1)
       AND ($2::text IS NULL OR actor = $2)
       AND ($3::text IS NULL OR action = $3)
       AND ($4::text IS NULL OR request_id = $4)
       AND ($5::timestamptz IS NULL OR at >= $5)
       AND ($6::timestamptz IS NULL OR at < $6)
       AND ($7::bigint IS NULL OR id >= $7)
       AND ($8::bigint IS NULL OR id < $8)
       AND ($9::bigint IS NULL OR id ${filter.isOldestFirst ? '>' : '<'} $9)
       ${isWhole(filter.scope) ? '' : partOf('$11::text[]', '$12::text[]')}
     ORDER BY id ${filter.isOldestFirst ? 'ASC' : 'DESC'} LIMIT $10`,
    [
      filter.target ?? null,
      filter.actor ?? null,
      filter.action ?? null,
      requestId ?? null,
      sinceMs === undefined ? null : new Date(sinceMs),
      untilMs === undefined ? null : new Date(untilMs),
      from,
      to,
      page.after,
      page.limit + 1,
      ...(isWhole(filter.scope) ? [] : [filter.scope.merchantIds, filter.scope.apis]),
    ],
  )
  return pageOf(rows, page.limit)
}

/** What belongs to merchants and APIs: a merchant's own changes are no API's. The emergency stop is the platform's. */
function partOf(merchants: string, apis: string): string {
  return `AND action NOT LIKE 'deny.%' AND (
    target IN (SELECT k.id FROM api_key k WHERE (${merchants} IS NULL OR k.merchant_id = ANY (${merchants}))
      AND (${apis} IS NULL OR k.api = ANY (${apis})))
    OR (${apis} IS NULL AND target = ANY (${merchants}))
    OR (action LIKE ANY ('{client.%,grant.%,webhook.%}') AND ${ownedBy(merchants, apis)}))`
}

/**
 * Whose an OAuth client, a grant or a webhook is, the entry itself says: its row may be gone. A grant is of its client's API, and
 * clients stay. One of all merchants is the platform's, and so is who looked at any.
 */
function ownedBy(merchants: string, apis: string): string {
  const about = 'coalesce(a.after, a.before)'
  return `(${merchants} IS NULL OR ${about} ->> 'merchant_id' = ANY (${merchants}))
    AND (${apis} IS NULL OR ${about} ->> 'api' = ANY (${apis})
      OR EXISTS (SELECT FROM oauth_client c WHERE c.id = ${about} ->> 'client_id' AND c.api = ANY (${apis})))`
}

/** How far the order of ids and that of times may differ: programs' clocks, and transactions that take their time. */
const mostApartMs = 60 * 60 * 1000

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

/**
 * About where the entries from `ms` on begin, by halving: ids come in the order of time, and there is no index over times.
 * Without it, a time long ago would have all that came since looked at.
 */
async function firstIdFrom(db: Queryable, atMs: number | undefined, apartMs: number): Promise<number | null> {
  if (atMs === undefined) return null
  const ms = atMs + apartMs
  const [ends] = await db.query<{ low: number | null; high: number | null }>(
    'SELECT min(id) AS low, max(id) + 1 AS high FROM audit',
  )
  let low = ends?.low ?? 0
  let high = ends?.high ?? 0
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    const [row] = await db.query<{ id: number; atMs: number }>(
      `SELECT id, ${milliseconds('at')} AS "atMs" FROM audit WHERE id >= $1 ORDER BY id LIMIT 1`,
      [middle],
    )
    if (row !== undefined && row.atMs < ms) low = row.id + 1
    else high = middle
  }
  return low
}

/**
 * Forgets entries older than `olderThanMs`, `most` at most, the first ones first; returns how many. By a function of the
 * database, which takes nothing that is younger than 90 days: who serves needs no right to delete from the audit.
 */
export async function pruneAudit(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `SELECT forget_audit(now() - $1 * interval '1 millisecond', $2) AS removed`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
