// Finding keys by a part of their name, their id or their last four characters, and the indexes that this and the orders of lists
// go by. These are built while all goes on (CREATE INDEX CONCURRENTLY), so not in a migration; until they are there, every key is looked at.

import { orderedBy } from './key-order.ts'
import { openSession, type PostgresOptions, type Queryable } from '../postgres.ts'

/** What a search needs of its text: the index knows nothing of shorter ones, and those are found among any few keys. */
export const shortestIndexed = 3

/** Of a key, by the alias `k`. The id's own collation must not decide what lower case is. */
export const textOfKey = `k.name || ' ' || k.id COLLATE "default"`

/**
 * What the index must have of a key to hold the text. Of a long text the end will do, as all that is found is looked at: the
 * beginnings of ids are those of all others of their time.
 */
export const gramsOf = (text: string) => `search_grams(right(lower(${text}), 12))`

const indexes = [
  {
    name: 'api_key_search',
    on: `api_key USING gin (search_grams(${textOfKey.replaceAll('k.', '')})) WITH (gin_pending_list_limit = 1024)`,
  },
  {
    name: 'key_secret_search',
    on: 'key_secret USING gin (search_grams(last4)) WITH (gin_pending_list_limit = 1024)',
  },
  { name: 'api_key_created', on: `api_key (${orderedBy.created('')}, id)` },
  { name: 'api_key_name', on: `api_key (${orderedBy.name('')}, id)` },
  { name: 'api_key_expires', on: `api_key ((${orderedBy.expires('')}), id)` },
  { name: 'key_secret_age', on: 'key_secret (created_at, key_id) WHERE expires_at IS NULL' },
] as const

type IndexName = (typeof indexes)[number]['name']
const ofSearch = ['api_key_search', 'key_secret_search'] as const satisfies readonly IndexName[]

// Any number that no other program locks in this database.
const lockId = 7_317_093_122

interface IndexRow {
  readonly name: string
  /** A build that broke off leaves one that is not. */
  readonly isValid: boolean
}

/** Whether searches may go by the indexes. */
export function hasSearchIndexes(db: Queryable): Promise<boolean> {
  return hasIndexes(db, ofSearch)
}

/** Whether all of these are there and whole. */
export async function hasIndexes(db: Queryable, names: readonly IndexName[]): Promise<boolean> {
  const missing = await missingIndexes(db)
  return names.every((name) => !missing.includes(name))
}

/** The names of those that are not there, or not whole. */
export async function missingIndexes(db: Queryable): Promise<readonly string[]> {
  const rows = await readIndexes(db)
  const whole = new Set(rows.filter(({ isValid }) => isValid).map(({ name }) => name))
  return indexes.map(({ name }) => name).filter((name) => !whole.has(name))
}

function readIndexes(db: Queryable): Promise<IndexRow[]> {
  return db.query<IndexRow>(
    `SELECT c.relname::text AS name, i.indisvalid AS "isValid"
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relname = ANY ($1) AND c.relnamespace = current_schema()::regnamespace`,
    [indexes.map(({ name }) => name)],
  )
}

export interface Building {
  readonly signal?: AbortSignal
  /** Told of each index before it is built. */
  readonly begins?: (name: string) => void
}

/**
 * Builds what is missing; returns the names, or undefined where another process is at it. Reads and writes go on meanwhile, and
 * it waits for transactions that are older than its own steps (a backup), which stops nobody; `signal` ends that. Two sessions: one builds; the
 * transaction of the other holds the lock that says so, as that of a session could be left behind in a pooler. Throws
 * StoreUnavailableError and StatementError.
 */
export async function buildSearchIndexes(
  options: PostgresOptions,
  { signal, begins = () => {} }: Building = {},
): Promise<readonly string[] | undefined> {
  const open: Awaited<ReturnType<typeof openSession>>[] = []
  // What is being built goes on in the server for a while, and is found whole or broken by the next who looks.
  const end = async () => void (await Promise.all(open.map((session) => session.close())))
  const isOver = () => void end()
  signal?.addEventListener('abort', isOver)
  try {
    const guard = await openSession(options)
    open.push(guard)
    signal?.throwIfAborted()
    if ((await missingIndexes(guard)).length === 0) return []
    await guard.query('BEGIN')
    // Building takes its time, whatever the role or the database says of transactions that wait.
    await guard.query('SET LOCAL idle_in_transaction_session_timeout = 0')
    // Without a parameter: the extended protocol would leave a portal, and with it a snapshot that the building waits for.
    const [lock] = await guard.query<{ isMine: boolean }>(
      `SELECT pg_try_advisory_xact_lock(${lockId}) AS "isMine"`,
    )
    if (lock?.isMine !== true) return undefined
    const session = await openSession(options)
    open.push(session)
    signal?.throwIfAborted()
    return await buildMissing(session, begins)
  } finally {
    signal?.removeEventListener('abort', isOver)
    await end()
  }
}

async function buildMissing(session: Queryable, begins: (name: string) => void): Promise<readonly string[]> {
  const missing = await missingIndexes(session)
  const broken = new Set((await readIndexes(session)).map(({ name }) => name))
  for (const { name, on } of indexes) {
    if (!missing.includes(name)) continue
    begins(name)
    if (broken.has(name)) await session.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`)
    await session.query(`CREATE INDEX CONCURRENTLY ${name} ON ${on}`)
  }
  // What the words in names are like is what the planner goes by.
  if (missing.length > 0) await session.query('ANALYZE api_key, key_secret')
  return missing
}
