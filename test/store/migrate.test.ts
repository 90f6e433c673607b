import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { applyMissing, migrate, readMigrations, SchemaError } from '../../src/store/migrate.ts'
import { openSession } from '../../src/store/postgres.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { createEmptyDatabase } from '../support/database.ts'

const applicationName = 'latchkey-test'

void t.test('several processes that start at once apply each migration once', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  const runs = await Promise.all([1, 2, 3, 4].map(() => migrate({ url, applicationName })))
  const applied = runs.flat()
  t.same(new Set(applied).size, applied.length)
  t.same(
    await db.query('SELECT name FROM schema_migration ORDER BY version'),
    applied.map((name) => ({ name })),
  )
  t.same(await migrate({ url, applicationName }), [])
})

void t.test('with nothing to do a start does not wait for who holds the lock', async (t) => {
  const { url } = await createEmptyDatabase(t)
  await migrate({ url, applicationName })
  const frozen = await openSession({ url, applicationName })
  t.teardown(() => frozen.close())
  await frozen.query('SELECT pg_advisory_lock($1)', [7_317_093_121])
  t.same(await migrate({ url, applicationName }), [])
})

void t.test('with something to do it waits for the lock, but not for ever', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const frozen = await openSession({ url, applicationName })
  t.teardown(() => frozen.close())
  await frozen.query('SELECT pg_advisory_lock($1)', [7_317_093_121])
  await t.rejects(migrate({ url, applicationName }), StoreUnavailableError)
  await frozen.close()
  t.ok((await migrate({ url, applicationName })).length > 0)
})

void t.test('each database gets an epoch of its own', async (t) => {
  const epochs = await Promise.all(
    [1, 2].map(async () => {
      const { url, db } = await createEmptyDatabase(t)
      await migrate({ url, applicationName })
      return db.query<{ epoch: string; revision: number }>('SELECT epoch, revision FROM head')
    }),
  )
  t.match(epochs, [[{ epoch: /^[0-9a-f]{32}$/, revision: 0 }], [{ revision: 0 }]])
  t.not(epochs[0]?.[0]?.epoch, epochs[1]?.[0]?.epoch)
})

void t.test('a database that is newer than the program is refused', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  await migrate({ url, applicationName })
  await db.query(`INSERT INTO schema_migration (version, name, checksum) VALUES (9999, 'later', 'x')`)
  await t.rejects(migrate({ url, applicationName }), { name: 'SchemaError', message: /9999.*newer program/ })
})

void t.test('a migration that was edited after it was applied is refused', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  await migrate({ url, applicationName })
  await db.query(`UPDATE schema_migration SET checksum = 'x' WHERE version = 1`)
  await t.rejects(migrate({ url, applicationName }), {
    name: 'SchemaError',
    message: /0001_keys\.sql differs/,
  })
})

void t.test('a migration that fails leaves nothing behind', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  const good = { version: 1, name: '0001_good.sql', sql: 'CREATE TABLE good ()', checksum: 'a' }
  const bad = { version: 2, name: '0002_bad.sql', sql: 'CREATE TABLE half (); SELECT 1 / 0', checksum: 'b' }
  const session = await openSession({ url, applicationName })
  await t.rejects(applyMissing(session, [bad]), { code: '22012' })
  await session.close()
  t.same(await applyMissing(db, [good]), ['0001_good.sql'])
  t.same(await db.query(`SELECT to_regclass('half') AS half`), [{ half: null }])
})

void t.test('numbers with a gap are refused', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-migrations-'))
  t.teardown(() => rm(directory, { recursive: true }))
  await writeFile(join(directory, '0001_a.sql'), '')
  await writeFile(join(directory, '0003_c.sql'), '')
  await t.rejects(readMigrations(pathToFileURL(`${directory}/`)), SchemaError)
})

void t.test('a database that is away is unavailable', async (t) => {
  await t.rejects(migrate({ url: 'postgres://a@127.0.0.1:1/x', applicationName }), {
    name: 'StoreUnavailableError',
  })
})
