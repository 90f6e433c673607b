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
