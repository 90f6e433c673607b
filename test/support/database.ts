// A private database for one test file, on the server that LATCHKEY_TEST_DATABASE_URL names.

import { randomBytes } from 'node:crypto'
import { migrate } from '../../src/store/migrate.ts'
import { createPostgres, type Postgres } from '../../src/store/postgres.ts'

export interface TestDatabase {
  readonly url: string
  readonly db: Postgres
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** Makes an empty database and drops it in teardown. Throws where there is no server: such a test fails, never skips. */
export async function createEmptyDatabase(t: Teardown): Promise<TestDatabase> {
  const serverUrl = process.env['LATCHKEY_TEST_DATABASE_URL']
  if (serverUrl === undefined)
    throw new Error('LATCHKEY_TEST_DATABASE_URL is not set: start the tests with npm test')
  const name = `latchkey_${process.pid}_${randomBytes(4).toString('hex')}`
  const options = { applicationName: 'latchkey-test', queryTimeoutMs: 20_000 }
  const server = createPostgres({ ...options, url: serverUrl, maxConnections: 1 })
  await server.query(`CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const db = createPostgres({ ...options, url: url.href })
  t.teardown(async () => {
    await db.close()
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await server.close()
  })
  return { url: url.href, db }
}

/** As `createEmptyDatabase`, with the schema of this program. */
export async function createDatabase(t: Teardown): Promise<TestDatabase> {
  const database = await createEmptyDatabase(t)
  await migrate({ url: database.url, applicationName: 'latchkey-test' })
  return database
}

/** Advisory locks that are held in this database: the server has those of other files' databases, too. */
export function advisoryLocksIn(db: Postgres): Promise<object[]> {
  return db.query(
    `SELECT pid FROM pg_locks
     WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
}
