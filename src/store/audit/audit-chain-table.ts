// The chain over the audit (migration 10): each link holds the SHA-256 of the one before. What is changed, removed or put in
// between no longer fits. Here it is written, batch by batch, behind the changes, and read again and compared. Whoever owns the
// database can make the whole chain anew: the digests of its ends stand in the log besides, where that one does not reach.

import { createHash } from 'node:crypto'
import type { Queryable } from '../postgres.ts'

/** Where the chain ends. */
export interface ChainEnd {
  readonly seq: number
  /** Lower-case hex SHA-256. */
  readonly digest: string
}

export interface Sealed extends ChainEnd {
  /** How many entries got a link. */
  readonly count: number
}

/** Links up to `most` entries that have none; undefined: another process is at it. */
export async function sealAudit(db: Queryable, most: number): Promise<Sealed | undefined> {
  const [row] = await db.query<{ sealed: number | null; seq: number; digest: string }>(
    `SELECT sealed, seq, encode(digest, 'hex') AS digest FROM seal_audit($1)`,
    [most],
  )
  if (row === undefined || row.sealed === null) return undefined
  return { count: row.sealed, seq: row.seq, digest: row.digest }
}

/** Lower-case hex SHA-256 of a link; undefined: there is none of that number. */
export async function digestOfLink(db: Queryable, seq: number): Promise<string | undefined> {
  const rows = await db.query<{ digest: string }>(
    `SELECT encode(digest, 'hex') AS digest FROM audit_link WHERE seq = $1`,
    [seq],
  )
  return rows[0]?.digest
}

export const chainFaultKinds = ['changed', 'removed', 'inserted', 'broken', 'unlinked'] as const

export interface ChainFault {
  readonly kind: (typeof chainFaultKinds)[number]
  /** Of the audit; null: the link of none. */
  readonly entry: number | null
  /** Of the chain; null: the entry has no link. */
  readonly seq: number | null
  readonly message: string
}

/** How far a reading has come; what the next link is compared with. */
export interface ChainPlace extends ChainEnd {
  /** Of the last change of a key or merchant; null: none yet. */
  readonly revision: number | null
  /** When the oldest entry is from that is there still, in milliseconds since the epoch; null: forgotten ones alone so far. */
  readonly keptFromMs: number | null
}

export const chainBeginning: ChainPlace = {
  seq: 0,
  digest: '00'.repeat(32),
  revision: null,
  keptFromMs: null,
}

export interface ChainPart {
  readonly place: ChainPlace
  readonly checked: number
  /** Links at the beginning whose entries are kept no longer. */
  readonly forgotten: number
  readonly faults: readonly ChainFault[]
  readonly isEnd: boolean
}

interface LinkRow {
  readonly seq: number
  readonly entry: number
  readonly before: string
  readonly digest: string
  /** SHA-256 of the entry, as it was. */
  readonly was: string
  readonly atUs: string
  readonly sealedUs: string
  /** Whether the entry may have been forgotten by now. */
  readonly isOld: boolean
  /** null: the entry is gone. */
  readonly content: string | null
  readonly revision: number | null
  readonly isChange: boolean | null
}

/** Times that a link can be made of: what lies beyond does not fit into microseconds. */
const isCalendar = (column: string) =>
  `${column} >= timestamptz '0001-01-01 00:00:00+00' AND ${column} < timestamptz '10000-01-01 00:00:00+00'`

/** As in the migration: another text would be another digest. `at` whatever the session says of times. */
const content = `jsonb_strip_nulls(to_jsonb(a) - 'before' - 'after'
    || jsonb_build_object('at', CASE WHEN ${isCalendar('a.at')} THEN (extract(epoch FROM a.at) * 1000000)::bigint END,
      'token_id', o.token_id, 'client', o.client, 'reason', r.reason))::text
  || E'\\n' || coalesce(a.before::text, '') || E'\\n' || coalesce(a.after::text, '')`

/** What takes a revision of its own: every one, without a gap. A report stands beside the change that it has led to, or the last one. */
const isReport = `(a.action = 'key.exposed'
  OR a.action = 'key.braked' AND coalesce(a.after #>> '{brake,action}', 'notify') <> 'notify')`
const isChange = `(a.action LIKE 'key.%' AND NOT ${isReport} OR a.action LIKE 'merchant.%')`

/** Nothing younger is forgotten (forget_audit). */
const keptDays = 90

/** Reads and compares up to `most` links after `from`. */
export async function verifyLinks(db: Queryable, from: ChainPlace, most: number): Promise<ChainPart> {
  const rows = await db.query<LinkRow>(
    `SELECT l.seq, l.entry, encode(l.before, 'hex') AS before, encode(l.digest, 'hex') AS digest,
       encode(l.content, 'hex') AS was, (extract(epoch FROM l.at) * 1000000)::bigint::text AS "atUs",
       (extract(epoch FROM l.sealed_at) * 1000000)::bigint::text AS "sealedUs",
       l.at < now() - interval '${keptDays} days' AS "isOld",
       ${content} AS content, a.revision, ${isChange} AS "isChange"
     FROM (SELECT * FROM audit_link WHERE seq > $1 ORDER BY seq LIMIT $2) l LEFT JOIN audit a ON a.id = l.entry
       LEFT JOIN change_origin o ON o.request_id = a.request_id
       LEFT JOIN change_reason r ON r.request_id = a.request_id
     ORDER BY l.seq`,
    [from.seq, most],
  )
  const faults: ChainFault[] = []
  let place = from
  let forgotten = 0
  for (const row of rows) {
    if (isForgotten(row, place)) forgotten += 1
    faults.push(...faultsOf(row, place))
    place = placeAfter(row, place)
  }
  return { place, checked: rows.length, forgotten, faults, isEnd: rows.length < most }
}

const atMsOf = ({ atUs }: LinkRow): number => Math.floor(Number(atUs) / 1000)

/** Entries go by their own times, the oldest first: one that is younger than another that is there was taken out. */
function isForgotten(row: LinkRow, { keptFromMs }: ChainPlace): boolean {
  return row.content === null && row.isOld && (keptFromMs === null || atMsOf(row) < keptFromMs)
}

function placeAfter(row: LinkRow, before: ChainPlace): ChainPlace {
  return {
    seq: row.seq,
    digest: row.digest,
    revision: row.isChange === true ? Math.max(row.revision ?? 0, before.revision ?? 0) : before.revision,
    keptFromMs:
      row.content === null ? before.keptFromMs : Math.min(before.keptFromMs ?? Infinity, atMsOf(row)),
  }
}

/** Of a link that is not where it should be, no more is said. */
function faultsOf(row: LinkRow, place: ChainPlace): readonly ChainFault[] {
  const ofLink = linkFaults(row, place)
  const ofEntry = entryFaults(row, place)
  if (ofLink.length > 0 || ofEntry.length > 0) return [...ofLink, ...ofEntry]
  return revisionFaults(row, place)
}

function linkFaults({ seq, entry, before }: LinkRow, place: ChainPlace): ChainFault[] {
  if (seq !== place.seq + 1) {
    const message = `links ${place.seq + 1} to ${seq - 1} are missing`
    return [{ kind: 'broken', entry, seq, message }]
  }
  if (before === place.digest) return []
  return [{ kind: 'broken', entry, seq, message: `link ${seq} does not follow on link ${place.seq}` }]
}

function entryFaults(row: LinkRow, place: ChainPlace): ChainFault[] {
  const { seq, entry } = row
  if (row.content === null && !isForgotten(row, place)) {
    return [{ kind: 'removed', entry, seq, message: `entry ${entry} is gone` }]
  }
  const was = Buffer.from(row.was, 'hex')
  // What the link says stood before it may be a lie; behind a gap there is nothing better.
  const before = seq === place.seq + 1 ? place.digest : row.before
  const hash = createHash('sha256').update(Buffer.from(before, 'hex'))
  const digest = hash.update(`${seq} ${entry} ${row.atUs} ${row.sealedUs}\n`).update(was).digest('hex')
  if (row.content === null) {
    const message = `link ${seq}, whose entry is kept no longer, is not as it was made`
    return digest === row.digest ? [] : [{ kind: 'broken', entry, seq, message }]
  }
  const isSame = createHash('sha256').update(row.content).digest().equals(was)
  if (digest === row.digest && isSame) return []
  return [{ kind: 'changed', entry, seq, message: `entry ${entry} is not as it was when it was linked` }]
}

/** Revisions have no gaps: what was taken out or put in before it got its link shows, too. */
function revisionFaults(
  { seq, entry, revision, isChange: takesOne }: LinkRow,
  place: ChainPlace,
): ChainFault[] {
  if (takesOne !== true || revision === null || place.revision === null) return []
  const expected = place.revision + 1
  if (revision === expected) return []
  if (revision < expected) {
    const message = `entry ${entry} has revision ${revision}, which another has`
    return [{ kind: 'inserted', entry, seq, message }]
  }
  const last = revision - 1
  const which = expected === last ? `of revision ${expected}` : `of revisions ${expected} to ${last}`
  return [{ kind: 'removed', entry: null, seq, message: `the entry ${which} is gone` }]
}

/** Before every entry: who puts one in may number it as they like. */
const entriesBeginning = Number.MIN_SAFE_INTEGER

/** How far a reading of the entries has come, and where it ends. */
export interface EntriesPlace {
  /** The last entry that was looked at. */
  readonly after: number
  /** The last entry that is to have its link; null: none. */
  readonly upTo: number | null
}

export interface EntriesPart {
  readonly place: EntriesPlace
  readonly faults: readonly ChainFault[]
  readonly isEnd: boolean
}

/**
 * Where a reading of the entries begins and ends: behind a link of over a minute ago, no entry is late any more. Looked for once
 * a reading, as it passes over each link of the last minute.
 */
export async function entriesToVerify(db: Queryable): Promise<EntriesPlace> {
  const [row] = await db.query<{ upTo: number | null }>(
    `SELECT max(entry) AS "upTo" FROM audit_link WHERE sealed_at < now() - interval '1 minute'`,
  )
  return { after: entriesBeginning, upTo: row?.upTo ?? null }
}

/** Entries without a link although later ones have theirs: looks at up to `most` more. */
export async function verifyEntries(db: Queryable, from: EntriesPlace, most: number): Promise<EntriesPart> {
  const rows = await db.query<{ id: number; isLinked: boolean }>(
    `SELECT a.id, l.entry IS NOT NULL AS "isLinked"
     FROM (SELECT id FROM audit WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) a
     LEFT JOIN audit_link l ON l.entry = a.id ORDER BY a.id`,
    [from.after, from.upTo, most],
  )
  const faults = rows
    .filter(({ isLinked }) => !isLinked)
    .map(({ id }): ChainFault => {
      return { kind: 'inserted', entry: id, seq: null, message: `entry ${id} has no link` }
    })
  const after = rows.at(-1)?.id ?? from.after
  return { place: { after, upTo: from.upTo }, faults, isEnd: rows.length < most }
}

/** An entry that others, which wait for a link for over a minute too, may stand behind. No clock is an hour wrong. */
async function unlinkedFault(db: Queryable, upTo: number | null): Promise<ChainFault | undefined> {
  const [row] = await db.query<{ id: number }>(
    `SELECT a.id FROM audit a
     WHERE (a.at < now() - interval '1 minute' OR a.at > now() + interval '1 hour')
       AND a.id > $1 AND NOT EXISTS (SELECT FROM audit_link l WHERE l.entry = a.id)
     ORDER BY a.id LIMIT 1`,
    [upTo ?? entriesBeginning],
  )
  if (row === undefined) return undefined
  const message = `entry ${row.id} has had no link for over a minute: nobody links, somebody holds it up, or an older audit is still being linked`
  return { kind: 'unlinked', entry: row.id, seq: null, message }
}

/** What was taken off the end: the last change of all must have its entry. And what waits without a link behind `upTo`. */
export async function verifyEnd(db: Queryable, upTo: number | null): Promise<readonly ChainFault[]> {
  const unlinked = await unlinkedFault(db, upTo)
  return [...(unlinked ? [unlinked] : []), ...(await headFaults(db))]
}

async function headFaults(db: Queryable): Promise<readonly ChainFault[]> {
  const [row] = await db.query<{ head: number; last: number | null }>(
    `SELECT head.revision AS head,
       (SELECT a.revision FROM audit a WHERE ${isChange} ORDER BY a.id DESC LIMIT 1) AS last
     FROM head`,
  )
  if (row === undefined || row.last === null || row.head === row.last) return []
  const message = `the last change has revision ${row.head}, and the last entry ${row.last}`
  return [{ kind: row.head > row.last ? 'removed' : 'inserted', entry: null, seq: null, message }]
}

/**
 * For how many seconds the oldest entry behind the last link has been there; 0: none is. By the database's clock and the entry's
 * own time; of one whose time is none, without end.
 */
export async function unlinkedSeconds(db: Queryable): Promise<number> {
  const [row] = await db.query<{ seconds: number }>(
    `SELECT greatest(0, CASE WHEN ${isCalendar('a.at')} THEN extract(epoch FROM now() - a.at) ELSE 'infinity' END)::float8 AS seconds
     FROM audit a WHERE a.id > coalesce((SELECT max(entry) FROM audit_link), $1) ORDER BY a.id LIMIT 1`,
    [entriesBeginning],
  )
  return row?.seconds ?? 0
}
