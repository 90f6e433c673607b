import t from 'tap'
import {
  type Change,
  commitChange,
  pruneOutbox,
  readChanges,
  readHead,
} from '../../src/store/change-table.ts'
import { createKey, transitionKey } from '../../src/store/key-change-table.ts'
import { transitionMerchant } from '../../src/store/merchant-table.ts'
import type { Postgres } from '../../src/store/postgres.ts'
import { createDatabase } from '../support/database.ts'
import { keyOf, origin, seedKey, seedMerchant } from './seed.ts'

const beat = { id: 'i1', role: 'all', host: 'h', pid: 1, version: '1', appliedRevision: 0 }

async function changesAfter(db: Postgres, after: number): Promise<readonly Change[]> {
  return (await readChanges(db, { after, limit: 1000, beat })).changes
}

void t.test(
  '50 changes at once get revisions without gaps, and a reader meanwhile never sees one',
  async (t) => {
    const { db } = await createDatabase(t)
    const merchantId = await seedMerchant(db)
    const seen: number[] = []
    const follow = async () => {
      let after = 1
      while (seen.length < 50) {
        const page = await readChanges(db, { after, limit: 7, beat })
        for (const { revision } of page.changes) seen.push(revision)
        t.ok(page.head >= after + page.changes.length)
        after = seen.at(-1) ?? after
      }
    }
    const following = follow()
    const committed = await Promise.all(
      Array.from({ length: 50 }, () => createKey(db, origin, keyOf(merchantId))),
    )
    await following
    const expected = Array.from({ length: 50 }, (_, index) => index + 2)
    t.same(seen, expected)
    t.same(
      committed.map(({ object }) => object.revision).toSorted((a, b) => a - b),
      expected,
    )
  },
)

void t.test('opposite changes of one key at once are put in order, and the last one stands', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const committed = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      transitionKey(db, origin, { id: key.id, action: index % 2 === 0 ? 'disable' : 'enable' }),
    ),
  )
  const made = committed.filter(({ change }) => change !== null).map(({ object }) => object)
  const last = made.toSorted((a, b) => a.revision - b.revision).at(-1)
  const rows = await db.query('SELECT status, revision FROM api_key')
  t.same(rows, [{ status: last?.status, revision: last?.revision }])
  t.equal((await readHead(db)).head, 2 + made.length)
})

void t.test('a change of a key names its secrets, one of a merchant those of all its keys', async (t) => {
  const { db } = await createDatabase(t)
  const first = await seedKey(db)
  const second = keyOf(first.merchantId)
  await createKey(db, origin, second)
  await seedKey(db)
  const { change } = await transitionMerchant(db, origin, { id: first.merchantId, action: 'suspend' })
  const digests = [first.secret.digest, second.secret.digest]
  t.same([...(change?.digests ?? [])].toSorted(), digests.toSorted())
  t.match(change, { keyId: null, merchantId: first.merchantId, revision: 6 })
  t.match(await changesAfter(db, 1), [
    { revision: 2, keyId: first.id, digests: [first.secret.digest] },
    { revision: 3, keyId: second.id },
    { revision: 4, digests: [] },
    { revision: 5 },
    change ?? {},
  ])
})

void t.test('a change that is refused in the middle takes no revision', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const failing = commitChange<object>(db, origin, async () => ({
    kind: 'change',
    action: 'x',
    keyId: null,
    merchantId,
    before: null,
    write: async () => {
      throw new Error('no')
    },
    snapshot: (object) => object,
  }))
  await t.rejects(failing, { message: 'no' })
  t.equal((await readHead(db)).head, 1)
  t.equal((await createKey(db, origin, keyOf(merchantId))).change?.revision, 2)
})

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
