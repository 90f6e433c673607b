import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import {
  applyMissing,
  migrate,
  type Migration,
  pendingMigrations,
  readMigrations,
  SchemaError,
} from '../../src/store/migrate.ts'
import { createPostgres, openSession, type Postgres } from '../../src/store/postgres.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { readCredentials } from '../../src/store/keys/credential-table.ts'
import { createKey } from '../../src/store/keys/key-change-table.ts'
import { getKey } from '../../src/store/keys/key-table.ts'
import { advisoryLocksIn, createEmptyDatabase } from '../support/database.ts'
import { keyOf, origin, seedMerchant, view } from './seed.ts'

const applicationName = 'latchkey-test'
const shipped = new URL('../../../src/store/migrations/', import.meta.url)

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
  const good = { version: 1, name: '0001_good.sql', sql: 'CREATE TABLE good ()', checksum: 'a', runsWith: 1 }
  const bad = {
    version: 2,
    name: '0002_bad.sql',
    sql: 'CREATE TABLE half (); SELECT 1 / 0',
    checksum: 'b',
    runsWith: 2,
  }
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

/** A reader of `instance` that stays: what a backup holds. */
async function holdTable(t: { teardown(fn: () => Promise<void>): unknown }, url: string, table: string) {
  const backup = await openSession({ url, applicationName: 'nightly-backup' })
  t.teardown(() => backup.close())
  await backup.query('BEGIN')
  await backup.query(`SELECT FROM ${table} LIMIT 1`)
  return backup
}

const altering = {
  version: 1,
  name: '0001_held.sql',
  sql: 'ALTER TABLE kept ADD COLUMN more int',
  checksum: 'a',
  runsWith: 1,
}

void t.test(
  'a table that a backup holds: others use it meanwhile, and the line names the holder',
  async (t) => {
    const { url, db } = await createEmptyDatabase(t)
    await db.query('CREATE TABLE kept (id int)')
    const backup = await holdTable(t, url, 'kept')
    const session = await openSession({ url, applicationName })
    t.teardown(() => session.close())
    const held: string[] = []
    const applying = applyMissing(session, [altering], {
      patienceMs: 60_000,
      held(holder) {
        held.push(holder)
      },
    })
    const other = createPostgres({ url, applicationName, queryTimeoutMs: 1_000 })
    t.teardown(() => other.close())
    let reads = 0
    while (held.length === 0 || reads < 200) {
      await other.query('INSERT INTO kept VALUES (1)')
      await other.query('SELECT id FROM kept LIMIT 1')
      reads++
    }
    // What is held for long is told of again.
    t.match(
      held[0],
      /^0001_held\.sql waits for kept, held for \d+ s by process \d+ \(nightly-backup, user \w+, idle in transaction\)(; kept, held .*)?$/,
    )
    await backup.query('COMMIT')
    t.same(await applying, ['0001_held.sql'])
  },
)

void t.test('a table that stays held ends it with the holder, and without a trace', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  await db.query('CREATE TABLE kept (id int)')
  await holdTable(t, url, 'kept')
  const session = await openSession({ url, applicationName })
  t.teardown(() => session.close())
  await t.rejects(applyMissing(session, [altering], { patienceMs: 500 }), {
    name: 'StoreUnavailableError',
    code: '55P03',
    text: /waits for kept, held .*nightly-backup/,
  })
  t.same(await db.query(`SELECT to_regclass('schema_migration') AS made`), [{ made: null }])
})

void t.test('what would be applied is listed without a trace', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  const pending = await pendingMigrations({ url, applicationName })
  t.equal(pending[0], '0001_keys.sql')
  t.same(await db.query(`SELECT to_regclass('schema_migration') AS made`), [{ made: null }])
  t.same(await migrate({ url, applicationName }), pending)
  t.same(await pendingMigrations({ url, applicationName }), [])
})

void t.test(
  'the lock of a migration ends with its transaction, whoever gets the connection next',
  async (t) => {
    const { url, db } = await createEmptyDatabase(t)
    const session = await openSession({ url, applicationName })
    t.teardown(() => session.close())
    await applyMissing(session, await readMigrations(shipped))
    t.same(await advisoryLocksIn(db), [])
    t.same(
      await session.query(
        `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement`,
      ),
      [{ lock: '0', statement: '0' }],
    )
  },
)

void t.test('a program goes on with a newer schema that says it may, and with no other', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  await migrate({ url, applicationName })
  const known = await readMigrations(shipped)
  const next = (runsWith: number): Migration => ({
    version: known.length + 1,
    name: `${String(known.length + 1).padStart(4, '0')}_next.sql`,
    sql: 'CREATE TABLE of_the_next (id int)',
    checksum: 'n',
    runsWith,
  })
  await applyMissing(db, [...known, next(known.length)])
  t.same(await migrate({ url, applicationName }), [], 'one release back')
  await db.query('UPDATE schema_migration SET runs_with = version WHERE name LIKE $1', ['%_next.sql'])
  await t.rejects(migrate({ url, applicationName }), { name: 'SchemaError', message: /newer program/ })
})

void t.test(
  'a table of an older program, without the column of compatibility, is read and mended',
  async (t) => {
    const { url, db } = await createEmptyDatabase(t)
    const known = await readMigrations(shipped)
    await applyMissing(db, known.slice(0, 5))
    await db.query('ALTER TABLE schema_migration DROP COLUMN runs_with')
    const pending = known.slice(5).map(({ name }) => name)
    t.same(await pendingMigrations({ url, applicationName }), pending)
    t.same(await migrate({ url, applicationName }), pending)
  },
)

/** A block that does nothing but change functions, which locks no table. */
const onlyFunctions =
  /^DO \$\$(?:(?!\$\$|\b(?:EXECUTE|PERFORM|INSERT|UPDATE|DELETE|TABLE)\b)[\s\S]|EXECUTE format\('ALTER FUNCTION )*\$\$;/gm

/** Of a file after 0005, what would change or lock a table that is in use. */
function alteredInPlace(sql: string): string[] {
  const plain = sql
    .replace(/--.*$/gm, '')
    .replace(onlyFunctions, '')
    .replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
  const made = new Set(
    [...plain.matchAll(/create\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)/gi)].map(([, name]) => name),
  )
  return plain
    .split(';')
    .map((statement) => statement.trim().replace(/\s+/g, ' '))
    .filter((statement) => {
      // A rule that falls away: no row is looked at, and what older programs write fits without it.
      if (/^alter table \w+ drop constraint if exists \w+_check$/i.test(statement)) return false
      if (statement === '' || /^(?:create (?:or replace )?function|select set_config\() ?/i.test(statement))
        return false
      if (/^create table /i.test(statement))
        return /\breferences (\w+)/i.test(statement) && !made.has(/\breferences (\w+)/i.exec(statement)?.[1])
      const [, table] =
        /^(?:create (?:unique )?index (?:if not exists )?\w+ on|insert into|comment on table) (\w+)/i.exec(
          statement,
        ) ?? []
      return table === undefined || !made.has(table)
    })
}

void t.test('no migration alters in place what older programs use beside newer ones', async (t) => {
  t.same(alteredInPlace('CREATE TABLE a (id int); CREATE INDEX b ON a (id); -- ALTER TABLE instance'), [])
  for (const bad of [
    'ALTER TABLE instance ADD COLUMN a int',
    'ALTER TABLE instance ADD CONSTRAINT a_check CHECK (true)',
    'ALTER TABLE instance DROP CONSTRAINT instance_pkey',
    'ALTER TABLE instance DROP CONSTRAINT IF EXISTS a_check, DROP COLUMN a',
    'CREATE INDEX a ON api_key (name)',
    'CREATE INDEX IF NOT EXISTS a ON api_key (name)',
    'DROP TABLE audit',
    'UPDATE head SET revision = 1',
    'CREATE TABLE a (id text REFERENCES instance (id))',
    "DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN a int', 'instance'); END $$;",
    "DO $$ BEGIN EXECUTE format('ALTER FUNCTION a() %s', ''); EXECUTE 'DROP TRIGGER a ON b'; END $$;",
    'CREATE TRIGGER a BEFORE INSERT ON outbox EXECUTE FUNCTION b()',
  ]) {
    t.equal(alteredInPlace(bad).length, 1, bad)
  }
  for (const { name, version, sql, runsWith } of await readMigrations(shipped)) {
    if (version <= 5) continue
    t.same(alteredInPlace(sql), [], name)
    t.ok(runsWith < version, `${name} says which older programs run on it`)
  }
})

void t.test(
  'one release back, to a program that knew no word of compatibility, and forward again',
  async (t) => {
    const { url, db } = await createEmptyDatabase(t)
    const applied = await migrate({ url, applicationName })
    await db.query('DELETE FROM schema_migration WHERE version > 5')
    t.same(await migrate({ url, applicationName }), applied.slice(5))
  },
)

void t.test(
  'rows from when there were two environments keep their meaning, and others may join them',
  async (t) => {
    const { db } = await createEmptyDatabase(t)
    const known = await readMigrations(shipped)
    await applyMissing(db, known.slice(0, 8))
    // What this program itself looks into.
    await db.query(known.find(({ name }) => name.endsWith('_limits.sql'))?.sql ?? '')
    const merchantId = await seedMerchant(db)
    for (const environment of ['live', 'sandbox']) await insertOldKey(db, merchantId, environment)
    const rows = "SELECT * FROM api_key WHERE environment <> 'production' ORDER BY id"
    const before = await db.query<{ id: string; environment: string }>(rows)
    t.equal(before.length, 2)
    // A program that waits for its migration.
    const own = { ...keyOf(merchantId), environment: 'production' }
    await t.rejects(insertOldKey(db, merchantId, own.environment), {
      ...{ name: 'StoreUnavailableError', code: 'not_migrated' },
    })
    const digests = before.map(({ id }) => digestOf(id).toString('hex'))
    const { records } = await readCredentials(db, digests)
    t.equal(records.size, 2, 'a gateway that does not migrate decides what it is asked')
    t.same((await applyMissing(db, known)).slice(0, 1), ['0009_environments.sql'])
    t.same((await readCredentials(db, digests)).records, records)
    await createKey(db, origin, own)
    t.same(await db.query(rows), before)
    for (const { id, environment } of [own, ...before])
      t.equal((await getKey(db, id, view))?.environment, environment)
    // A program from before goes on beside it.
    t.same(await applyMissing(db, known.slice(0, 8)), [])
    await createKey(db, origin, { ...keyOf(merchantId), environment: 'sandbox' })
  },
)

let oldKeys = 0

/** As the programs of then wrote it. */
async function insertOldKey(db: Postgres, merchantId: string, environment: string): Promise<void> {
  const id = `key_old_${++oldKeys}`
  await db.query(
    `INSERT INTO api_key (id, merchant_id, api, environment, name, status, prefix, permissions, created_at, revision)
     VALUES ($1, $2, 'flintn', $3, 'old', 'active', 'pk_live_', '{*}', now(), 1)`,
    [id, merchantId, environment],
  )
  await db.query(
    "INSERT INTO key_secret (id, key_id, digest, last4, created_at) VALUES ($1, $2, $3, 'abcd', now())",
    [`sec_old_${oldKeys}`, id, digestOf(id)],
  )
}

function digestOf(id: string): Buffer {
  return createHash('sha256').update(id).digest()
}
