// Brings the database's schema up to this program's: numbered SQL files, forward only, each in its own transaction.
// Two processes that start at once are safe: a session's advisory lock lets one go first, the other finds nothing to do.

import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createPostgres, openSession, type PostgresOptions, type Queryable } from './postgres.ts'
import { StoreUnavailableError } from './postgres-errors.ts'

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
}

interface Applied {
  readonly version: number
  readonly checksum: string
}

const readApplied = 'SELECT version, checksum FROM schema_migration ORDER BY version'
const lockTimeoutMs = 10_000

// From build/src/store: the SQL is shipped where it is written.
const shippedDirectory = new URL('../../../src/store/migrations/', import.meta.url)
// Any number that no other program locks in this database.
const lockId = 7_317_093_121

/**
 * Applies what is missing and returns the names of the files applied, in order (empty: nothing to do).
 * Throws SchemaError where the database is newer than the program or a file has changed since it was applied,
 * StoreUnavailableError where there is no answer, StatementError where a file fails (then it has left no trace).
 */
export async function migrate(options: PostgresOptions): Promise<readonly string[]> {
  const migrations = await readMigrations(shippedDirectory)
  if (await isUpToDate(options, migrations)) return []
  const session = await openSession(options)
  try {
    // Who holds the lock may have frozen with it: the start goes on, and tries again later.
    await session.query(`SET lock_timeout = '${lockTimeoutMs}ms'`)
    await session.query('SELECT pg_advisory_lock($1)', [lockId])
    await session.query('SET lock_timeout = 0')
    return await applyMissing(session, migrations)
  } finally {
    // Ending the session releases the lock.
    await session.close()
  }
}

/** Nearly always there is nothing to do: that is found out without the lock, and with the deadlines of other questions. */
async function isUpToDate(options: PostgresOptions, migrations: readonly Migration[]): Promise<boolean> {
  const db = createPostgres({ ...options, maxConnections: 1 })
  try {
    const applied = await db.query<Applied>(readApplied)
    for (const { version, checksum } of applied) checkApplied(migrations, version, checksum)
    return applied.length === migrations.length
  } catch (error) {
    // 42P01: no such table yet.
    if (error instanceof StoreUnavailableError && error.code === '42P01') return false
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
      return { version: Number(name.slice(0, 4)), name, sql, checksum: hash('sha256', sql, 'hex') }
    }),
  )
  const misnumbered = migrations.find((migration, index) => migration.version !== index + 1)
  if (misnumbered) throw new SchemaError(`Migration ${misnumbered.name} breaks the numbering`)
  return migrations
}

/** Applies to a locked session what its database lacks. Throws as `migrate` does. */
export async function applyMissing(
  session: Queryable,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  await session.query(`CREATE TABLE IF NOT EXISTS schema_migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`)
  const applied = await session.query<Applied>(readApplied)
  for (const { version, checksum } of applied) checkApplied(migrations, version, checksum)
  const missing = migrations.slice(applied.length)
  for (const migration of missing) await apply(session, migration)
  return missing.map((migration) => migration.name)
}

function checkApplied(migrations: readonly Migration[], version: number, checksum: string): void {
  const known = migrations[version - 1]
  if (!known) {
    throw new SchemaError(
      `The database is at schema version ${version}, this program knows only ${migrations.length}: start a newer program`,
    )
  }
  if (known.checksum !== checksum) {
    throw new SchemaError(`Migration ${known.name} differs from the one that the database was made with`)
  }
}

async function apply(session: Queryable, migration: Migration): Promise<void> {
  await session.query('BEGIN')
  try {
    await session.query(migration.sql)
    await session.query('INSERT INTO schema_migration (version, name, checksum) VALUES ($1, $2, $3)', [
      migration.version,
      migration.name,
      migration.checksum,
    ])
    await session.query('COMMIT')
  } catch (error) {
    await session.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
