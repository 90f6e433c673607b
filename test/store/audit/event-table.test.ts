import t from 'tap'
import { changesBehind, lastChangeId } from '../../../src/store/audit/event-table.ts'
import { createDatabase } from '../../support/database.ts'
import { seedKey } from '../seed.ts'

void t.test('changes of keys and merchants are told from an entry on, the newest of too many', async (t) => {
  const { db } = await createDatabase(t)
  t.equal(await lastChangeId(db), 0)
  const key = await seedKey(db)
  const all = await changesBehind(db, 0, 10)
  t.match(all, [
    { action: 'merchant.create', target: key.merchantId, merchantId: key.merchantId, api: null },
    { action: 'key.create', target: key.id, merchantId: key.merchantId, api: 'flintn', environment: 'live' },
  ])
  t.match(await changesBehind(db, 0, 1), [{ action: 'key.create' }])
  t.same(await changesBehind(db, await lastChangeId(db), 10), [])
  await db.query(
    `INSERT INTO audit (at, actor, action, target, request_id, revision) VALUES (now(), 'ann', 'key.exposed', $1, 'req_1', 2)`,
    [key.id],
  )
  t.same(
    await changesBehind(db, 0, 10),
    all,
    'a report is no change, and has no number in the order of commits',
  )
})
