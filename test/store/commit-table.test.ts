import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { type Change, readChanges, readHead } from '../../src/store/change-table.ts'
import { commitChange } from '../../src/store/commit-table.ts'
import { createKey, transitionKey } from '../../src/store/keys/key-change-table.ts'
import { importKeys } from '../../src/store/keys/key-import-table.ts'
import { transitionMerchant } from '../../src/store/keys/merchant-table.ts'
import { createPostgres, type Postgres } from '../../src/store/postgres.ts'
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

void t.test('while others wait for their revision, nothing is written but what has one', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const statements: string[] = []
  const watched: Postgres = {
    ...db,
    transaction: (work) =>
      db.transaction((tx) =>
        work({
          query: (statement, values) => {
            statements.push(typeof statement === 'string' ? statement : statement.text)
            return tx.query(statement, values)
          },
        }),
      ),
  }
  const asked = { ...origin, requestId: 'req_9', tokenId: 'tok_1', client: '192.0.2.1', reason: 'seen' }
  const locks = /UPDATE head SET revision = revision|FROM head FOR NO KEY UPDATE/
  const behind = () => statements.slice(statements.findIndex((text) => locks.test(text)) + 1)
  await transitionKey(watched, asked, { id: key.id, action: 'disable' })
  t.equal(behind().length, 4)
  t.notMatch(behind().join(), /change_reason|change_origin/)
  statements.length = 0
  const made = { ...keyOf(key.merchantId), status: 'active', isStatusSaid: false } as const
  await importKeys(watched, { ...asked, requestId: 'req_10' }, [made])
  t.equal(behind().length, 2)
  t.notMatch(behind().join(), /change_reason|change_origin/)
  const beside = await db.query(
    `SELECT r.request_id AS request, reason, token_id AS token, client FROM change_reason r JOIN change_origin USING (request_id)
     ORDER BY r.at, r.request_id COLLATE "C"`,
  )
  t.match(beside, [
    { request: 'req_10', reason: 'seen', token: 'tok_1', client: '192.0.2.1' },
    { request: 'req_9', reason: 'seen', token: 'tok_1', client: '192.0.2.1' },
  ])
  await importKeys(db, { ...asked, requestId: 'req_11' }, [made])
  t.same(await db.query(`SELECT FROM change_origin WHERE request_id = 'req_11'`), [])
})

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

void t.test('a change of a key names its secrets, one of a merchant the merchant alone', async (t) => {
  const { db } = await createDatabase(t)
  const first = await seedKey(db)
  const second = keyOf(first.merchantId)
  await createKey(db, origin, second)
  await seedKey(db)
  const { change } = await transitionMerchant(db, origin, { id: first.merchantId, action: 'suspend' })
  t.match(change, { keyId: null, merchantId: first.merchantId, revision: 6, digests: [] })
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

type Cut = 'before the commit' | 'after the commit'

/** A way to the database that ends at the first COMMIT, before or after the server has had it. */
async function openCutLine(t: Test, url: string, cut: Cut): Promise<Postgres> {
  const server = new URL(url)
  let isCut = false
  const line = createServer((near) => {
    const far = connect(Number(server.port), server.hostname)
    const end = () => {
      near.destroy()
      far.destroy()
    }
    near.on('error', end).on('close', end)
    far.on('error', end).on('close', end)
    near.on('data', (bytes) => {
      const isCommit = !isCut && bytes.includes('COMMIT\0')
      isCut ||= isCommit
      if (isCommit && cut === 'before the commit') end()
      else far.write(bytes)
      if (isCommit) far.removeAllListeners('data').once('data', end)
    })
    far.on('data', (bytes) => near.write(bytes))
  }).listen(0, '127.0.0.1')
  await once(line, 'listening')
  const near = new URL(url)
  near.port = String((line.address() as AddressInfo).port)
  const db = createPostgres({ url: near.href, applicationName: 'latchkey-test' })
  t.teardown(async () => {
    await db.close()
    line.close()
  })
  return db
}

void t.test('a commit whose answer was lost is found done, and is no error', async (t) => {
  const { db, url } = await createDatabase(t)
  const key = keyOf(await seedMerchant(db))
  const cutLine = await openCutLine(t, url, 'after the commit')
  t.match(await createKey(cutLine, origin, key), { change: { revision: 2, keyId: key.id } })
  t.equal((await readHead(db)).head, 2)
})

void t.test('a commit that never arrived is unavailable, and nothing was changed', async (t) => {
  const { db, url } = await createDatabase(t)
  const key = keyOf(await seedMerchant(db))
  const cutLine = await openCutLine(t, url, 'before the commit')
  await t.rejects(createKey(cutLine, origin, key), { name: 'StoreUnavailableError' })
  t.equal((await readHead(db)).head, 1)
  t.equal((await createKey(db, origin, key)).change?.revision, 2)
})
