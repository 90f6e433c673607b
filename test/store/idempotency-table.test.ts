import { hash } from 'node:crypto'
import t from 'tap'
import { commitChange } from '../../src/store/commit-table.ts'
import {
  claimReplay,
  idempotencyKeptMs,
  pruneReplays,
  readReplay,
} from '../../src/store/idempotency-table.ts'
import { createKey } from '../../src/store/keys/key-change-table.ts'
import { createMerchant } from '../../src/store/keys/merchant-table.ts'
import { createDatabase } from '../support/database.ts'
import { keyOf, newId, nowMs, origin, originAt, seedMerchant } from './seed.ts'

const requestOf = (body: string, key = 'order-1') => ({
  actor: 'ann',
  key,
  requestDigest: hash('sha256', body, 'hex'),
})

void t.test('of 20 equal requests at once one makes the object, and all get it', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const replayOf = requestOf('a')
  const committed = await Promise.all(
    Array.from({ length: 20 }, () => createKey(db, { ...origin, replayOf }, keyOf(merchantId))),
  )
  t.equal(committed.filter(({ isReplay }) => !isReplay).length, 1)
  t.equal(committed.filter(({ change }) => change !== null).length, 1)
  const [first] = committed
  for (const { object } of committed) t.same(object, first?.object)
  t.same(await db.query('SELECT count(*) FROM api_key'), [{ count: 1 }])
  t.same(await db.query('SELECT revision FROM head'), [{ revision: 2 }])
})

void t.test(
  'a key that was used for something else is refused; another actor has keys of its own',
  async (t) => {
    const { db } = await createDatabase(t)
    const make = (body: string, actor: string) =>
      createMerchant(
        db,
        { ...origin, replayOf: { ...requestOf(body), actor } },
        { id: newId('mer'), name: 'Acme' },
      )
    await make('a', 'ann')
    await t.rejects(make('b', 'ann'), { message: 'IDEMPOTENCY_MISMATCH: other_request' })
    t.notOk((await make('b', 'ben')).isReplay)
    t.ok((await make('a', 'ann')).isReplay)
  },
)

void t.test('a request that failed has used up nothing', async (t) => {
  const { db } = await createDatabase(t)
  const replayOf = requestOf('a')
  await t.rejects(createKey(db, { ...origin, replayOf }, keyOf(newId('mer'))))
  t.equal(await readReplay(db, replayOf, nowMs), undefined)
  const merchantId = await seedMerchant(db)
  t.notOk((await createKey(db, { ...origin, replayOf: requestOf('b') }, keyOf(merchantId))).isReplay)
})

void t.test('a change that was none is repeated as it was', async (t) => {
  const { db } = await createDatabase(t)
  const keep = (object: object) =>
    commitChange(db, { ...origin, replayOf: requestOf('a') }, async () => ({ kind: 'unchanged', object }))
  t.same(await keep({ n: 1 }), { object: { n: 1 }, change: null })
  t.same(await keep({ n: 2 }), { object: { n: 1 }, change: null, isReplay: true })
})

void t.test('after 24 hours a key is free again, and its row can be pruned', async (t) => {
  const { db } = await createDatabase(t)
  const replayOf = requestOf('a')
  const later = nowMs + idempotencyKeptMs
  const make = (ms: number) =>
    createMerchant(db, { ...originAt(ms), replayOf }, { id: newId('mer'), name: 'Acme' })
  const first = await make(nowMs)
  t.same((await make(later - 1)).object, first.object)
  const second = await make(later)
  t.not(second.object.id, first.object.id)
  t.same((await make(later + 1)).object, second.object)
  await db.query(`UPDATE idempotency SET created_at = now() - interval '25 hours'`)
  await createMerchant(
    db,
    { ...originAt(Date.now()), replayOf: requestOf('a', 'fresh') },
    { id: newId('mer'), name: 'Acme' },
  )
  t.equal(await pruneReplays(db, idempotencyKeptMs), 1)
  t.same(await db.query('SELECT key FROM idempotency'), [{ key: 'fresh' }])
})

void t.test('a claim is given back when its transaction fails', async (t) => {
  const { db } = await createDatabase(t)
  await t.rejects(
    db.transaction(async (tx) => {
      t.equal(await claimReplay(tx, requestOf('a'), nowMs), undefined)
      throw new Error('over')
    }),
    /over/,
  )
  t.same(await db.query('SELECT FROM idempotency'), [])
})
