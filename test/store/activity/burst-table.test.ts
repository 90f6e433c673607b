// Contract 11: what is usual for a key, and what is not.

import t from 'tap'
import type { Brake } from '../../../src/config/brakes.ts'
import { addActivity } from '../../../src/store/activity/activity-table.ts'
import { findBursts } from '../../../src/store/activity/burst-table.ts'
import { rollUpActivity } from '../../../src/store/activity/activity-rollup-table.ts'
import { createKey } from '../../../src/store/keys/key-change-table.ts'
import { createDatabase } from '../../support/database.ts'
import { keyOf, originAt, seedMerchant } from '../seed.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const nowMs = Math.floor(Date.now() / 60_000) * 60_000

const brake: Brake = {
  ...{ api: 'flintn', name: 'refund_burst', permission: 'transaction.refund', action: 'notify' },
  ...{ routes: ['POST /v1/refunds'], times: 5, floor: 20 },
}

async function createSubject(t: Parameters<typeof createDatabase>[0]) {
  const { db } = await createDatabase(t)
  const merchant = await seedMerchant(db)
  let batches = 0
  return {
    db,
    async key(ageMs = 60 * dayMs) {
      const key = keyOf(merchant)
      await createKey(db, originAt(nowMs - ageMs), key)
      return {
        id: key.id,
        /** Requests of a moment. */
        did: (count: number, agoMs: number, { route = 'POST /v1/refunds', outcome = 'allow' } = {}) =>
          addActivity(db, {
            id: `00000000-0000-4000-8000-${String(++batches).padStart(12, '0')}`,
            counts: [
              {
                ...{
                  keyId: key.id,
                  secretId: key.secret.id,
                  api: 'flintn',
                  environment: 'live',
                  route,
                  outcome,
                },
                ...{ minuteMs: nowMs - agoMs, count, lastUsedAtMs: null },
              },
            ],
          }),
      }
    },
    find: (of: Partial<Brake> = {}, agoMs = 61 * 60_000) =>
      findBursts(db, { ...brake, ...of }, { nowMs, sinceMs: nowMs - agoMs, most: 10 }),
  }
}

void t.test('a burst is what is far more than usual, and more than the floor', async (t) => {
  const { key, find, db } = await createSubject(t)
  const [batch, seldom, burst, unused] = [await key(), await key(), await key(), await key()]
  for (let day = 2; day < 12; day++) {
    await batch.did(100, day * dayMs)
    await burst.did(4, day * dayMs)
  }
  // Two a month are no burst when they are twelve.
  await seldom.did(1, 10 * dayMs)
  await seldom.did(12, 5 * 60_000)
  await batch.did(400, 5 * 60_000)
  await burst.did(15, 55 * 60_000)
  await burst.did(10, 60_000)
  await unused.did(30, 60_000)
  // Other routes, refusals, and what is over count nothing.
  await batch.did(500, 60_000, { route: 'GET /v1/refunds' })
  await batch.did(500, 60_000, { outcome: 'RATE_LIMITED' })
  await batch.did(500, 62 * 60_000)
  const expected = [
    { keyId: unused.id, count: 30, usual: 0, isNew: false },
    { keyId: burst.id, count: 25, usual: 4, isNew: false },
  ]
  const shown = async () =>
    (await find()).map(({ keyId, count, usual, isNew }) => ({ keyId, count, usual, isNew }))
  t.same(await shown(), expected)
  await rollUpActivity(db, { minutesMs: 2 * dayMs, hoursMs: 90 * dayMs, daysMs: 700 * dayMs }, () => false)
  t.same(await shown(), expected, 'minutes that are hours by now are as usual')
  t.same((await find({ floor: 31 })).length, 0)
  t.same(
    (await find({ times: 100 })).map(({ keyId }) => keyId),
    [unused.id],
  )
  await batch.did(200, 60_000)
  t.equal((await find())[0]?.keyId, batch.id)
})

void t.test(
  'only of keys that did something of late is there news, and of these all of the hour counts',
  async (t) => {
    const { key, find } = await createSubject(t)
    const one = await key()
    await one.did(25, 30 * 60_000)
    t.equal((await find()).length, 1)
    t.equal((await find({}, 3 * 60_000)).length, 0)
    await one.did(1, 60_000)
    t.match(await find({}, 3 * 60_000), [{ keyId: one.id, count: 26 }])
  },
)

void t.test('what built up within a day is not usual yet, nor is what is a month ago', async (t) => {
  const { key, find } = await createSubject(t)
  const one = await key()
  await one.did(100, 5 * hourMs)
  await one.did(100, 31 * dayMs)
  await one.did(25, 60_000)
  t.match(await find(), [{ keyId: one.id, usual: 0, count: 25 }])
})

void t.test('of a young key nobody knows what is usual; one that cannot be used has no burst', async (t) => {
  const { db, key, find } = await createSubject(t)
  const young = await key(6 * dayMs)
  const gone = await key()
  await young.did(25, 60_000)
  await gone.did(25, 60_000)
  await db.query(`UPDATE api_key SET status = 'disabled' WHERE id = $1`, [gone.id])
  t.match(await find(), [{ keyId: young.id, isNew: true }])
  t.equal((await find()).length, 1)
})

void t.test(
  'while a brake is pulled it is not found again, and what came before its release is over',
  async (t) => {
    const { db, key, find } = await createSubject(t)
    const one = await key()
    await one.did(25, 10 * 60_000)
    const set = (releasedAgoMs: number | null) =>
      db.query(
        `INSERT INTO key_brake (key_id, brake, action, pulled_at, released_at) VALUES ($1, $2, 'disable', $3, $4)
       ON CONFLICT (key_id, brake) DO UPDATE SET released_at = excluded.released_at`,
        [
          ...[one.id, brake.name, new Date(nowMs - hourMs)],
          releasedAgoMs === null ? null : new Date(nowMs - releasedAgoMs),
        ],
      )
    t.equal((await find()).length, 1)
    await set(null)
    t.equal((await find()).length, 0)
    t.equal((await find({ name: 'other' })).length, 1)
    await set(-dayMs)
    t.equal((await find()).length, 0, 'it was told today')
    await set(5 * 60_000)
    t.equal((await find()).length, 0)
    await one.did(24, 2 * 60_000)
    t.match(await find(), [{ count: 24 }])
    await set(20 * 60_000)
    t.match(await find(), [{ count: 49 }])
  },
)
