import t, { type Test } from 'tap'
import { giveWay, mostAtOnce, sizeAfter } from '../../../../src/control/keys/import/pace.ts'
import { isHeadAwaited } from '../../../../src/store/keys/key-import-table.ts'
import { createMerchant } from '../../../../src/store/keys/merchant-table.ts'
import { createPostgres, openSession, type Queryable } from '../../../../src/store/postgres.ts'
import { createDatabase } from '../../../support/database.ts'
import { everything } from '../../../../src/store/scope.ts'

const origin = { actor: 'ann', requestId: 'r', nowMs: Date.UTC(2026, 0, 15), scope: everything }

void t.test('a batch that held others up is followed by a smaller one, a quick one by more', async (t) => {
  t.equal(sizeAfter(mostAtOnce, 1), mostAtOnce)
  t.equal(sizeAfter(mostAtOnce, 40), mostAtOnce)
  t.equal(sizeAfter(mostAtOnce, 80), 50)
  t.equal(sizeAfter(mostAtOnce, 60_000), 5)
  t.equal(sizeAfter(5, 1), 10, 'by and by')
  t.equal(sizeAfter(1, 0), 10)
  t.equal(sizeAfter(5, 60_000), 5, 'it comes forward')
})

/** A database whose head is held, and a change that waits for it. */
async function heldWith(t: Test) {
  const { url, db } = await createDatabase(t)
  const holder = await openSession({ url, applicationName: 'holder' })
  t.teardown(() => holder.close())
  await holder.query('BEGIN')
  await holder.query('SELECT FROM head FOR UPDATE')
  t.notOk(await isHeadAwaited(db), 'who has it does not wait')
  const patient = createPostgres({ url, applicationName: 'latchkey-test', queryTimeoutMs: 60_000 })
  t.teardown(() => patient.close())
  const changing = createMerchant(patient, origin, { id: 'mer_a', name: 'Acme' })
  while (!(await isHeadAwaited(db)));
  return { db, changing, release: () => holder.query('COMMIT') }
}

void t.test('an import waits until nobody waits for it any more', async (t) => {
  const { db, changing, release } = await heldWith(t)
  let looks = 0
  const watched: Queryable = {
    query: (...asked) => {
      looks++
      return db.query(...asked)
    },
  }
  let isOver = false
  const giving = giveWay(watched, 0, 60_000).finally(() => (isOver = true))
  while (looks < 5) await db.query('SELECT 1')
  t.notOk(isOver)
  await release()
  await changing
  await giving
})

void t.test('an import is not held up for ever', async (t) => {
  const { db, changing, release } = await heldWith(t)
  await giveWay(db, 0, 50)
  t.ok(await isHeadAwaited(db))
  await release()
  await changing
})
