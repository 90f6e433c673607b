import t from 'tap'
import { pruneOutbox, readChanges, readHead } from '../../src/store/change-table.ts'
import { createDatabase } from '../support/database.ts'
import { seedKey } from './seed.ts'

const beat = { id: 'i1', role: 'all', host: 'h', pid: 1, version: '1', appliedRevision: 0 }

void t.test(
  'the epoch names the database, its cluster and its timeline, the same in both readings',
  async (t) => {
    const { db } = await createDatabase(t)
    const { epoch } = await readHead(db)
    t.match(epoch, /^[0-9a-f]{32}:\d+:[0-9A-F]{8}$/)
    t.equal((await readChanges(db, { after: 0, limit: 1, beat })).epoch, epoch)
  },
)

void t.test('a role that may not ask for the cluster reads the same epoch', async (t) => {
  const { db } = await createDatabase(t)
  const { epoch } = await readHead(db)
  const other = await db.transaction(async (tx) => {
    await tx.query('CREATE ROLE latchkey_reader')
    await tx.query('GRANT SELECT ON head TO latchkey_reader')
    await tx.query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public')
    await tx.query('SET LOCAL ROLE latchkey_reader')
    const head = await readHead(tx)
    await tx.query('RESET ROLE')
    await tx.query('DROP OWNED BY latchkey_reader')
    await tx.query('DROP ROLE latchkey_reader')
    return head
  })
  t.equal(other.epoch, epoch)
})

void t.test('no confirmation comes from a database that cannot be written to', async (t) => {
  const { db } = await createDatabase(t)
  const reading = db.transaction(async (tx) => {
    await tx.query('SET TRANSACTION READ ONLY')
    await readChanges(tx, { after: 0, limit: 1, beat })
  })
  await t.rejects(reading, { name: 'StoreUnavailableError' })
})

void t.test('a reader can tell from the numbers that what it missed was pruned', async (t) => {
  const { db } = await createDatabase(t)
  await seedKey(db)
  t.equal(await pruneOutbox(db, 60_000), 0)
  await db.query(`UPDATE outbox SET created_at = now() - interval '2 minutes' WHERE revision = 1`)
  t.equal(await pruneOutbox(db, 60_000), 1)
  const page = await readChanges(db, { after: 0, limit: 10, beat })
  t.match(page, { head: 2, changes: [{ revision: 2 }] })
})

void t.test('what is forgotten leaves no gap, however many do it at once', async (t) => {
  const { db } = await createDatabase(t)
  // The clock of one change was behind that of the one before it.
  await db.query(`INSERT INTO outbox SELECT n, NULL, 'mer_1', '{}',
    now() - CASE WHEN n < 500 OR n = 501 THEN interval '2 minutes' ELSE interval '1 second' END FROM generate_series(1, 600) n`)
  await db.query('UPDATE head SET revision = 600')
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while ((await pruneOutbox(db, 60_000, 100)) > 0);
    }),
  )
  t.same(await db.query('SELECT min(revision) AS first, count(*) FROM outbox'), [{ first: 500, count: 101 }])
})
