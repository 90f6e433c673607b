// Brings the database's schema up to this program's: numbered SQL files, forward only, all that are missing in one transaction.
// Instances serve meanwhile. So nothing here waits for a table's lock for longer than a blink, as all that comes after it
// would queue behind: it gives up, says who holds the table, and tries again. The lock that lets one process go first
// ends with the transaction, so that a pooler in between cannot keep it.

import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPostgres, openSession, type PostgresOptions, type Queryable } from './postgres.ts'
import { StoreUnavailableError } from './postgres-errors.ts'
import { readHolders } from './lock-table.ts'

/** The database and the program do not fit together: the message says which way. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

export interface Migration {
  readonly version: number
  /** File name, such as `0001_keys.sql`. */
  readonly name: string
  readonly sql: string
  /** Lower-case hex SHA-256 of the SQL. */
  readonly checksum: string
  /** The oldest schema whose programs also run on this one: the file's first line, `-- runs with: 5`. */
  readonly runsWith: number
}

interface Applied {
  readonly version: number
  readonly checksum: string
  /** null: applied by a program that did not say. */
  readonly runsWith: number | null
}

/** How migrations wait for others. */
export interface Waiting {
  /** For a lock that another holds, tries included, in milliseconds. */
  readonly patienceMs?: number
  /** Told once of each holder of what is waited for. */
  readonly held?: (holder: string) => void
  /** Told of each file before it is applied. */
  readonly begins?: (name: string) => void
}

// The last column came later: read from the row as a whole, it may be missing.
const readApplied = `SELECT version, checksum, (to_jsonb(m) ->> 'runs_with')::integer AS "runsWith"
  FROM schema_migration m ORDER BY version`

const defaultPatienceMs = 10_000
/** What serves queues behind a wait for a table for this long at most, and then has the pause for itself. */
const lockTimeoutMs = 100
const pauseMs = 1_000
const turnEveryMs = 50

// From build/src/store: the SQL is shipped where it is written.
const shippedDirectory = new URL('../../../src/store/migrations/', import.meta.url)
// Any number that no other program locks in this database.
const lockId = 7_317_093_121

/**
 * Applies what is missing and returns the names of the files applied, in order (empty: nothing to do).
 * Throws SchemaError where the database is newer than the program can run on, or a file has changed since it was applied;
 * StoreUnavailableError where there is no answer, or the lock of a table or of another migration was not to be had (55P03,
 * with its holder); StatementError where a file fails (then it has left no trace).
 */
export async function migrate(options: PostgresOptions, waiting: Waiting = {}): Promise<readonly string[]> {
  const migrations = await readMigrations(shippedDirectory)
  if ((await missingOf(options, migrations)).length === 0) return []
  const session = await openSession(options)
  try {
    return await applyMissing(session, migrations, waiting)
  } finally {
    await session.close()
  }
}

/** The names of the files that `migrate` would apply. Changes nothing; throws as `migrate` does. */
export async function pendingMigrations(options: PostgresOptions): Promise<readonly string[]> {
  const missing = await missingOf(options, await readMigrations(shippedDirectory))
  return missing.map(({ name }) => name)
}

/** Nearly always there are none: that is found out without the lock, and with the deadlines of other questions. */
async function missingOf(
  options: PostgresOptions,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  const db = createPostgres({ ...options, maxConnections: 1 })
  try {
    return remaining(migrations, await db.query<Applied>(readApplied))
  } catch (error) {
    // 42P01: no such table yet.
    if (error instanceof StoreUnavailableError && error.code === '42P01') return migrations
    throw error
  } finally {
    await db.close()
  }
}

/** The numbered files of a directory, in order. Throws SchemaError on a gap or a double number. */
export async function readMigrations(directory: URL): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).toSorted()
  const migrations = await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, directory), 'utf8')
      const version = Number(name.slice(0, 4))
      const [, runsWith = version] = /^-- runs with: (\d+)\n/.exec(sql) ?? []
      return { version, name, sql, checksum: hash('sha256', sql, 'hex'), runsWith: Number(runsWith) }
    }),
  )
  const misnumbered = migrations.find((migration, index) => migration.version !== index + 1)
  if (misnumbered) throw new SchemaError(`Migration ${misnumbered.name} breaks the numbering`)
  return migrations
}

/** Applies to a session's database what it lacks. Throws as `migrate` does. */
export async function applyMissing(
  session: Queryable,
  migrations: readonly Migration[],
  waiting: Waiting = {},
): Promise<readonly string[]> {
  const { patienceMs = defaultPatienceMs, held = () => {}, begins = () => {} } = waiting
  const told = new Set<string>()
  const endsAt = performance.now() + patienceMs
  for (;;) {
    const attempt = await tryApply(session, migrations, begins)
    if (attempt.kind === 'done') return attempt.names
    if (attempt.kind === 'held' && !told.has(attempt.holder)) {
      told.add(attempt.holder)
      held(attempt.holder)
    }
    if (performance.now() >= endsAt) {
      const reason = attempt.kind === 'held' ? attempt.holder : 'another process is migrating this database'
      throw new StoreUnavailableError('55P03', reason)
    }
    await sleep(attempt.kind === 'held' ? pauseMs * (0.75 + Math.random() / 2) : turnEveryMs)
  }
}

type Attempt =
  /** What was applied. */
  | { readonly kind: 'done'; readonly names: readonly string[] }
  /** Another process is migrating. */
  | { readonly kind: 'busy' }
  /** A table is held; `holder` says by whom. */
  | { readonly kind: 'held'; readonly holder: string }

/** All that is missing, in one transaction. Nobody who serves waits for the advisory lock. */
async function tryApply(
  session: Queryable,
  migrations: readonly Migration[],
  begins: (name: string) => void,
): Promise<Attempt> {
  const names: string[] = []
  let at = 'schema_migration'
  await session.query('BEGIN')
  try {
    await session.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`)
    await session.query('SET LOCAL statement_timeout = 0')
    const [lock] = await session.query<{ isMine: boolean }>(
      'SELECT pg_try_advisory_xact_lock($1) AS "isMine"',
      [lockId],
    )
    if (lock?.isMine !== true) {
      await session.query('ROLLBACK')
      return { kind: 'busy' }
    }
    await prepareRecord(session)
    for (const migration of remaining(migrations, await session.query<Applied>(readApplied))) {
      at = migration.name
      begins(migration.name)
      await apply(session, migration)
      names.push(migration.name)
    }
    await session.query('COMMIT')
    return { kind: 'done', names }
  } catch (error) {
    await session.query('ROLLBACK').catch(() => undefined)
    if (!(error instanceof StoreUnavailableError) || error.code !== '55P03') throw error
    return { kind: 'held', holder: `${at} waits for ${await readHolders(session, lockTimeoutMs)}` }
  }
}

/** The table of what was applied: read at starts alone, never while serving. */
async function prepareRecord(session: Queryable): Promise<void> {
  await session.query(`CREATE TABLE IF NOT EXISTS schema_migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`)
  const columns = await session.query(
    `SELECT FROM pg_attribute WHERE attrelid = 'schema_migration'::regclass AND attname = 'runs_with'`,
  )
  if (columns.length === 0) await session.query('ALTER TABLE schema_migration ADD COLUMN runs_with integer')
}

async function apply(
  session: Queryable,
  { sql, version, name, checksum, runsWith }: Migration,
): Promise<void> {
  await session.query(sql)
  await session.query(
    'INSERT INTO schema_migration (version, name, checksum, runs_with) VALUES ($1, $2, $3, $4)',
    [version, name, checksum, runsWith],
  )
}

/** What is not applied yet. Throws SchemaError where what is applied is not this program's. */
function remaining(migrations: readonly Migration[], applied: readonly Applied[]): readonly Migration[] {
  for (const row of applied) checkApplied(migrations, row)
  return migrations.slice(applied.length)
}

function checkApplied(migrations: readonly Migration[], { version, checksum, runsWith }: Applied): void {
  const known = migrations[version - 1]
  if (known === undefined) {
    // A newer program was here, and said that this one still runs on what it has made.
    if (runsWith !== null && runsWith <= migrations.length) return
    throw new SchemaError(
      `The database is at schema version ${version}, this program knows only ${migrations.length}: start a newer program`,
    )
  }
  if (known.checksum !== checksum) {
    throw new SchemaError(`Migration ${known.name} differs from the one that the database was made with`)
  }
}
