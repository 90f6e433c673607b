import t from 'tap'
import { sealAudit } from '../../../src/store/audit/audit-chain-table.ts'
import {
  endSinkLease,
  holdSink,
  moveSink,
  readForSink,
  sinkLagSeconds,
} from '../../../src/store/audit/audit-sink-table.ts'
import { createDatabase } from '../../support/database.ts'

void t.test('one holds the lease at a time, and only who holds it moves on', async (t) => {
  const { db } = await createDatabase(t)
  t.equal(await holdSink(db, 'one', 60_000), 0)
  t.equal(await holdSink(db, 'two', 60_000), undefined)
  t.notOk(await moveSink(db, { holder: 'two', from: 0, to: 5 }))
  t.ok(await moveSink(db, { holder: 'one', from: 0, to: 5 }))
  t.notOk(await moveSink(db, { holder: 'one', from: 0, to: 6 }), 'never back')
  await endSinkLease(db, 'two')
  t.equal(await holdSink(db, 'two', 60_000), undefined, 'nobody ends the lease of another')
  await endSinkLease(db, 'one')
  t.equal(await holdSink(db, 'two', 0), 5)
  t.equal(await holdSink(db, 'one', 60_000), 5, 'one that is over')
})

void t.test('what is read is in the order of links, not of numbers', async (t) => {
  const { db } = await createDatabase(t)
  const add = (id: number) =>
    db.query(
      `INSERT INTO audit (id, actor, action, target, request_id, at, revision) OVERRIDING SYSTEM VALUE
       VALUES ($1, 'ann', 'deny.add', 'x', 'req', now(), 0)`,
      [id],
    )
  t.equal(await sinkLagSeconds(db), 0)
  for (const id of [3, 1, 2]) {
    await add(id)
    await sealAudit(db, 10)
  }
  const rows = await readForSink(db, 0, 10)
  t.same(
    rows.map(({ seq, entry }) => [seq, entry?.id]),
    [
      [1, 3],
      [2, 1],
      [3, 2],
    ],
  )
  t.same(
    (await readForSink(db, 1, 1)).map(({ seq }) => seq),
    [2],
  )
})
