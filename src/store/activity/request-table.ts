// What became of single requests, for whoever is asked about one by its id. A table by the day (migrations/0014): a day is
// forgotten whole. Written in batches; a row that comes again is known by its id and time.

import { type Page, type PageRequest, pageOf } from '../page.ts'
import type { Queryable } from '../postgres.ts'
import type { Scope } from '../scope.ts'
import { milliseconds } from '../session.ts'

/** Times in milliseconds, `atMs` since the epoch. */
export interface KeptRequest {
  readonly id: string
  /** When it began. */
  readonly atMs: number
  readonly method: string
  readonly api: string
  /** Empty: not known when it was over; so the route. */
  readonly environment: string
  /** Method and template. */
  readonly route: string
  /** null: the route is public, or the key was not looked at. */
  readonly merchantId: string | null
  readonly keyId: string | null
  readonly decision: string
  /** null: it was let through. */
  readonly code: string | null
  readonly reason: string | null
  /** Permissions that the route asks for, where one was lacking. */
  readonly required: readonly string[]
  /** Who ended it before its time; null: nobody. */
  readonly cut: string | null
  /** What the client was answered; 0: nothing. */
  readonly status: number
  /** null: it did not answer, or not so that it was passed on. */
  readonly upstreamStatus: number | null
  readonly totalMs: number
  readonly gatewayMs: number
  /** null: it was never waited for. */
  readonly upstreamMs: number | null
  readonly clientMs: number
  readonly heldMs: number
}

export const requestsKeptDays = 7

/** Days that are made ahead: for so long requests are kept while nobody makes more. */
const daysAhead = 2

const types = {
  id: 'text',
  atMs: 'bigint',
  method: 'text',
  api: 'text',
  environment: 'text',
  route: 'text',
  merchantId: 'text',
  keyId: 'text',
  decision: 'text',
  code: 'text',
  reason: 'text',
  required: 'text[]',
  cut: 'text',
  status: 'integer',
  upstreamStatus: 'integer',
  totalMs: 'double precision',
  gatewayMs: 'double precision',
  upstreamMs: 'double precision',
  clientMs: 'double precision',
  heldMs: 'double precision',
} as const satisfies Record<keyof KeptRequest, string>

const columns = Object.keys(types).map((name) =>
  name === 'atMs' ? 'at' : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
)

// Into days that are there: rows from before yesterday have waited for the database for too long.
const addStatement = {
  name: 'add_requests',
  text: `
    WITH item AS (
      SELECT * FROM jsonb_to_recordset($1) AS i (${Object.entries(types)
        .map(([name, type]) => `"${name}" ${type}`)
        .join(', ')})
      WHERE "atMs" >= extract(epoch FROM date_trunc('day', now(), 'UTC') - interval '24 hours') * 1000
        AND "atMs" < extract(epoch FROM date_trunc('day', now(), 'UTC') + interval '48 hours') * 1000
    ), added AS (
      INSERT INTO kept_request (${columns.join(', ')})
      SELECT ${Object.keys(types)
        .map((name) => (name === 'atMs' ? `to_timestamp("atMs" / 1000.0)` : `"${name}"`))
        .join(', ')}
      FROM item ON CONFLICT DO NOTHING
    )
    SELECT count(*) AS count FROM item`,
}

/**
 * Keeps requests; returns how many, without those whose time is too far from now. When it throws, perhaps all, and they may be
 * sent again. Throws StatementError 23514 where a day is not there (`prepareRequests`).
 */
export async function addRequests(db: Queryable, requests: readonly KeptRequest[]): Promise<number> {
  const rows = await db.query<{ count: number }>(addStatement, [JSON.stringify(requests)])
  return rows[0]?.count ?? 0
}

/** Makes the days to come; returns how many. */
export async function prepareRequests(db: Queryable): Promise<number> {
  const rows = await db.query<{ made: number }>('SELECT prepare_requests($1) AS made', [daysAhead])
  return rows[0]?.made ?? 0
}

/** Forgets the days that are kept no longer; returns how many. */
export async function forgetRequests(db: Queryable): Promise<number> {
  const rows = await db.query<{ gone: number }>(
    `SELECT forget_requests(now() - $1 * interval '24 hours') AS gone`,
    [requestsKeptDays],
  )
  return rows[0]?.gone ?? 0
}

const selected = `SELECT ${Object.keys(types)
  .map((name, i) => (name === 'atMs' ? `${milliseconds('at')} AS "atMs"` : `${columns[i]} AS "${name}"`))
  .join(', ')} FROM kept_request`

// A day is forgotten whole, so some are there for longer than is said.
const isKept = `at >= now() - interval '${requestsKeptDays * 24} hours'`

/** What somebody sees of a scope's requests: those of no merchant belong to the platform. */
function conditionsOf({ merchantIds, apis }: Scope, put: (value: unknown) => string): string[] {
  return [
    isKept,
    ...(merchantIds === null ? [] : [`merchant_id = ANY (${put(merchantIds)}::text[])`]),
    ...(apis === null ? [] : [`api = ANY (${put(apis)}::text[])`]),
  ]
}

/** The newest request of that id; several have it where a trusted proxy gives one twice. */
export async function findRequest(db: Queryable, id: string, scope: Scope): Promise<KeptRequest | undefined> {
  const values: unknown[] = [id]
  const where = ['id = $1', ...conditionsOf(scope, (value) => `$${values.push(value)}`)].join(' AND ')
  const rows = await db.query<KeptRequest>(`${selected} WHERE ${where} ORDER BY at DESC LIMIT 1`, values)
  return rows[0]
}

export interface RequestFilter {
  readonly scope: Scope
  readonly keyId?: string | undefined
  readonly merchantId?: string | undefined
  readonly code?: string | undefined
  /** From then on, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined
  /** Before then. */
  readonly untilMs?: number | undefined
}

/** Where a page ended. */
export type RequestPlace = Pick<KeptRequest, 'atMs' | 'id'>

/** Newest first. The cursor is the last row seen. */
export async function listRequests(
  db: Queryable,
  { scope, keyId, merchantId, code, sinceMs, untilMs }: RequestFilter,
  page: PageRequest<RequestPlace>,
): Promise<Page<KeptRequest>> {
  const values: unknown[] = []
  const put = (value: unknown) => `$${values.push(value)}`
  const conditions = conditionsOf(scope, put)
  if (keyId !== undefined) conditions.push(`key_id = ${put(keyId)}`)
  if (merchantId !== undefined) conditions.push(`merchant_id = ${put(merchantId)}`)
  if (code !== undefined) conditions.push(`code = ${put(code)}`)
  if (sinceMs !== undefined) conditions.push(`at >= ${put(new Date(sinceMs))}`)
  if (untilMs !== undefined) conditions.push(`at < ${put(new Date(untilMs))}`)
  if (page.after !== null)
    conditions.push(`(at, id) < (${put(new Date(page.after.atMs))}::timestamptz, ${put(page.after.id)})`)
  const rows = await db.query<KeptRequest>(
    `${selected} WHERE ${conditions.join(' AND ')} ORDER BY at DESC, id DESC LIMIT ${put(page.limit + 1)}`,
    values,
  )
  return pageOf(rows, page.limit)
}
