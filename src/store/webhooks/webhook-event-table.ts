// What webhooks tell: one row an event, numbered in the order of commits. Changes of keys and merchants are taken from the
// audit, which was written in their own transactions: none is lost, and none is there that was not made. Whoever adds
// events holds the one row of webhook_head, so that who has seen a number has seen all before it.

import type { Postgres, Queryable } from '../postgres.ts'
import { milliseconds } from '../session.ts'
import { exposedAction, type testType, typeOf, type WebhookType } from './webhook-catalogue.ts'

export interface NewEvent {
  readonly id: string
  readonly type: WebhookType | typeof testType
  readonly merchantId: string | null
  readonly api: string | null
  readonly entry: number | null
  /** Of the change that it tells of; null: of none. */
  readonly revision: number | null
  /** The one endpoint that it is for; null: all whom it concerns. */
  readonly endpointId: string | null
  /** The body, as it is signed. */
  readonly payload: string
  readonly atMs: number
}

export interface WebhookHead {
  readonly seq: number
  readonly entry: number
  readonly revision: number
}

/** Holds up whoever else adds events, or endpoints, until the transaction ends. */
export async function lockWebhookHead(tx: Queryable): Promise<WebhookHead> {
  const [row] = await tx.query<WebhookHead>('SELECT seq, entry, revision FROM webhook_head FOR UPDATE')
  if (row === undefined) throw new Error('The row of webhook_head is missing: the database was tampered with')
  return row
}

/** Adds events behind all others and returns the number of the last one. */
export async function addEvents(tx: Queryable, events: readonly NewEvent[]): Promise<number> {
  const { seq } = await lockWebhookHead(tx)
  if (events.length === 0) return seq
  const rows = events.map((event, index) => ({
    ...{ seq: seq + index + 1, id: event.id, type: event.type, merchant_id: event.merchantId },
    ...{ api: event.api, entry: event.entry, endpoint_id: event.endpointId, payload: event.payload },
    revision: event.revision,
    created_at: new Date(event.atMs).toISOString(),
  }))
  await tx.query(
    `INSERT INTO webhook_event (seq, id, type, merchant_id, api, entry, revision, endpoint_id, payload, created_at)
     SELECT seq, id, type, merchant_id, api, entry, revision, endpoint_id, payload, created_at
     FROM jsonb_to_recordset($1::jsonb) AS e (seq bigint, id text, type text, merchant_id text, api text, entry bigint,
       revision bigint, endpoint_id text, payload text, created_at timestamptz)`,
    [JSON.stringify(rows)],
  )
  await tx.query('UPDATE webhook_head SET seq = $1', [seq + events.length])
  return seq + events.length
}

interface EntryRow {
  readonly id: number
  readonly action: string
  readonly target: string
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly revision: number
  readonly atMs: number
}

const entryColumns = `a.id, a.action, a.target, a.before, a.after, a.revision, ${milliseconds('a.at')} AS "atMs"`

/**
 * Reports of exposed keys have no revision that would order them, so one may be committed after another with a higher number. It is
 * found within 20,000 entries and a week, for which its event outlasts it.
 */
const exposures = `FROM audit a, webhook_head w
  WHERE a.action = '${exposedAction}' AND a.id > greatest(w.entry - 20000, w.first_entry)
    AND a.at > now() - interval '7 days' AND NOT EXISTS (SELECT FROM webhook_event e WHERE e.entry = a.id)`

/** Whether the audit has what was not taken yet. */
async function isDue(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ isDue: boolean }>(
    `SELECT w.revision < (SELECT revision FROM head) OR EXISTS (SELECT ${exposures}) AS "isDue" FROM webhook_head w`,
  )
  return row?.isDue ?? false
}

/**
 * Makes events of what the audit has since the last time; returns how many changes were looked at. Where nobody is to be told, none are
 * made. Throws StoreUnavailableError.
 */
export async function takeChanges(
  db: Postgres,
  newId: (prefix: 'evt') => string,
  isOver: () => boolean,
): Promise<number> {
  if (!(await isDue(db))) return 0
  let looked = await takeExposures(db, newId)
  for (let batch = mostAtOnce; batch === mostAtOnce && !isOver(); ) {
    batch = await takeBatch(db, newId)
    looked += batch
  }
  return looked
}

/** Payloads of some KiB each. */
const mostAtOnce = 1_000

async function takeBatch(db: Postgres, newId: (prefix: 'evt') => string): Promise<number> {
  return db.transaction(async (tx) => {
    const taken = await lockWebhookHead(tx)
    // Before the entries are read: what is committed in between is among them, and taken with the next batch besides.
    const [head] = await tx.query<{ revision: number }>('SELECT revision FROM head')
    const rows = await tx.query<EntryRow>(
      `SELECT ${entryColumns} FROM audit a
       WHERE a.id > $1 AND (a.action LIKE 'key.%' OR a.action LIKE 'merchant.%') AND a.action <> $3
       ORDER BY a.id LIMIT $2`,
      [taken.entry, mostAtOnce, exposedAction],
    )
    const last = rows.at(-1)
    if (await isAnybodyTold(tx))
      await addEvents(
        tx,
        rows.flatMap((row) => eventOf(row, newId('evt'))),
      )
    const isAll = rows.length < mostAtOnce
    const revision = Math.max(taken.revision, last?.revision ?? 0, isAll ? (head?.revision ?? 0) : 0)
    await tx.query('UPDATE webhook_head SET entry = $1, revision = $2', [last?.id ?? taken.entry, revision])
    return rows.length
  })
}

async function takeExposures(db: Postgres, newId: (prefix: 'evt') => string): Promise<number> {
  return db.transaction(async (tx) => {
    await lockWebhookHead(tx)
    const rows = await tx.query<EntryRow & { readonly key: Readonly<Record<string, unknown>> | null }>(
      `SELECT * FROM (SELECT ${entryColumns} ${exposures} ORDER BY a.id LIMIT ${mostAtOnce}) x
       LEFT JOIN LATERAL (SELECT jsonb_build_object('merchant_id', k.merchant_id, 'api', k.api, 'environment', k.environment,
         'name', k.name) AS key FROM api_key k WHERE k.id = x.target) k ON true`,
    )
    const events = rows.flatMap(({ key, ...row }) =>
      eventOf({ ...row, before: null, after: { ...key, exposure: row.after } }, newId('evt')),
    )
    await addEvents(tx, events)
    return rows.length
  })
}

async function isAnybodyTold(tx: Queryable): Promise<boolean> {
  const rows = await tx.query('SELECT FROM webhook_endpoint WHERE deleted_at IS NULL LIMIT 1')
  return rows.length > 0
}

function eventOf(row: EntryRow, id: string): NewEvent[] {
  const type = row.action === exposedAction ? 'api_key.exposed' : typeOf(row.action)
  if (type === undefined) return []
  const isMerchant = type.startsWith('merchant.')
  const { merchant_id: merchantId, api } = row.after ?? {}
  return [
    {
      ...{ id, type, entry: row.id, endpointId: null, atMs: row.atMs },
      revision: row.action === exposedAction ? null : row.revision,
      merchantId: isMerchant ? row.target : textOrNull(merchantId),
      api: isMerchant ? null : textOrNull(api),
      payload: payloadOf(type, row.atMs, dataOf(type, row)),
    },
  ]
}

/** The body of a message (Standard Webhooks 1.0). */
export function payloadOf(type: string, atMs: number, data: object): string {
  return JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data })
}

function dataOf(type: string, { target, revision, before, after }: EntryRow): object {
  const previous = type === 'api_key.updated' ? { previous: differing(before, after) } : {}
  const counted = type === 'api_key.exposed' ? {} : { revision }
  return { id: target, ...after, ...counted, ...previous }
}

/** What was otherwise before. */
function differing(before: EntryRow['before'], after: EntryRow['after']): object {
  const is = (name: string) => JSON.stringify(after?.[name])
  return Object.fromEntries(
    Object.entries(before ?? {}).filter(([name, was]) => JSON.stringify(was) !== is(name)),
  )
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Forgets events made longer ago than `olderThanMs`, `most` at most; returns how many. */
export async function pruneEvents(db: Queryable, olderThanMs: number, most = 5_000): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `WITH gone AS (DELETE FROM webhook_event WHERE seq IN (
       SELECT seq FROM webhook_event WHERE created_at < now() - $1 * interval '1 millisecond' ORDER BY created_at LIMIT $2)
       RETURNING 1) SELECT count(*) AS removed FROM gone`,
    [olderThanMs, most],
  )
  return rows[0]?.removed ?? 0
}
