import t from 'tap'
import {
  keepTold,
  pruneMailedReminders,
  setReminders,
  takeMerchant,
  wantsReminders,
} from '../../../src/store/keys/mailed-reminder-table.ts'
import { makePerson } from '../../control/people/people.ts'
import { createDatabase } from '../../support/database.ts'

const nowMs = Date.now()
const state = { keyId: 'key_1', cause: 'unused', about: '1' } as const

void t.test('of those who tell at once one does', async (t) => {
  const { db } = await createDatabase(t)
  const told = await Promise.all(Array.from({ length: 5 }, () => keepTold(db, [state], nowMs)))
  t.equal(told.flat().length, 1)
  t.same(await keepTold(db, [state, { ...state, about: '2' }], nowMs), [{ ...state, about: '2' }])
  const taken = await Promise.all(Array.from({ length: 5 }, () => takeMerchant(db, 'mer_1', nowMs)))
  t.equal(taken.filter(Boolean).length, 1)
})

void t.test('what was told long ago is forgotten', async (t) => {
  const { db } = await createDatabase(t)
  await keepTold(db, [state], nowMs - 1_000_000)
  await keepTold(db, [{ ...state, about: '2' }], nowMs)
  t.equal(await pruneMailedReminders(db, 500_000), 1)
  t.same(await db.query('SELECT about FROM mailed_reminder'), [{ about: '2' }])
})

void t.test('who wants none has none, until they want them again', async (t) => {
  const { db } = await createDatabase(t)
  const personId = await makePerson(db, {})
  t.ok(await wantsReminders(db, personId))
  for (const isWanted of [false, false, true, true, false]) {
    await setReminders(db, { personId, isWanted, nowMs })
    t.equal(await wantsReminders(db, personId), isWanted)
  }
})
