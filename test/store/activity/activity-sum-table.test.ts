// That an answer is the same from the sums as from the rows: whatever comes late, is moved meanwhile, or comes at once.

import { randomUUID } from 'node:crypto'
import t from 'tap'
import { rollUpActivity } from '../../../src/store/activity/activity-rollup-table.ts'
import { listActivitySeries } from '../../../src/store/activity/activity-series-table.ts'
import {
  pruneSums,
  readSummed,
  sumBackward,
  sumForward,
} from '../../../src/store/activity/activity-sum-table.ts'
import { type ActivityCount, addActivity } from '../../../src/store/activity/activity-table.ts'
import { pruneTotals, readTotalled, totalDay } from '../../../src/store/activity/activity-total-table.ts'
import { listActivityTotals } from '../../../src/store/activity/activity-totals-table.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import type { Queryable } from '../../../src/store/queryable.ts'
import { everything } from '../../../src/store/scope.ts'
import { createDatabase } from '../../support/database.ts'
import { seedKey } from '../seed.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const ages = { minutesMs: 7 * dayMs, hoursMs: 90 * dayMs, daysMs: 732 * dayMs }
const whole = 5_000

type Seeded = Awaited<ReturnType<typeof seedKey>>

/** What is answered without any sums. */
function rowsOnly(db: Queryable): Queryable {
  return {
    async query<Row extends object>(...[statement, values]: Parameters<Queryable['query']>) {
      const text = typeof statement === 'string' ? statement : statement.text
      if (/FROM activity_(?:summed|totalled)$/.test(text.trim())) return []
      return db.query<Row>(statement, values)
    },
  }
}

/** The count of one hour before now, of one of the keys; `i` decides which, of what route, and how it went. */
function useOf(keys: readonly Seeded[], i: number, atMs: number): ActivityCount {
  const key = keys[i % keys.length]
  return {
    keyId: key?.id ?? 'key_of_nobody',
    ...{ secretId: key?.secret.id ?? '', api: i % 5 === 0 ? 'flint' : 'flintn' },
    environment: i % 3 === 0 ? 'sandbox' : 'live',
    route: `GET /v1/${i % 4}`,
    outcome: ['allow', 'INSUFFICIENT_PERMISSIONS', 'allow', 'UPSTREAM_ERROR'][i % 4] ?? '',
    ...{ minuteMs: atMs, count: 1 + (i % 7), lastUsedAtMs: null },
  }
}

async function add(db: Queryable, counts: readonly ActivityCount[]): Promise<void> {
  await addActivity(db, { id: randomUUID(), counts })
}

async function sumAll(db: Postgres): Promise<void> {
  while ((await sumForward(db, whole)) > 0);
  while ((await sumBackward(db, ages.hoursMs, whole)) > 0);
  while ((await totalDay(db, whole)) > 0);
}

/** Everything that may be asked, over ranges that end where nothing begins. */
async function answers(db: Queryable, keys: readonly Seeded[], nowMs: number): Promise<unknown[]> {
  const all: unknown[] = []
  const [one] = keys
  const merchant = one?.merchantId ?? ''
  const filters = [
    { scope: everything },
    { scope: everything, merchantId: merchant },
    { scope: { merchantIds: [merchant], apis: null } },
    { scope: { merchantIds: null, apis: ['flint'] } },
    { scope: everything, environment: 'live', api: 'flintn' },
    { scope: everything, outcome: 'allow' },
    { scope: everything, route: 'GET /v1/1' },
    { scope: everything, keyId: one?.id },
  ]
  const page = { after: null, limit: 100 }
  for (const [fromMs, toMs] of [
    [nowMs - dayMs, nowMs],
    [nowMs - 12.4 * dayMs, nowMs - 3.3 * hourMs],
    [nowMs - 95.7 * dayMs, nowMs + hourMs],
  ] as const) {
    for (const filter of filters) {
      for (const by of ['merchant', 'key', 'api', 'environment', 'route', 'outcome', 'day'] as const)
        all.push((await listActivityTotals(db, { ...filter, by, fromMs, toMs }, page)).rows)
      for (const stepSeconds of [3_600, 86_400]) {
        const asked = { ...filter, stepSeconds, fromMs, toMs, failures: ['UPSTREAM_ERROR'] }
        all.push(await listActivitySeries(db, asked))
      }
    }
  }
  return all
}

async function seed(db: Postgres, nowMs: number): Promise<readonly Seeded[]> {
  const keys = [await seedKey(db), await seedKey(db), await seedKey(db)]
  const counts = Array.from({ length: 900 }, (_, i) => useOf(keys, i, nowMs - i * 2.7 * hourMs))
  await add(db, counts)
  // Of a key that there is not, as a row may be that is odd.
  await add(db, [{ ...useOf(keys, 1, nowMs - 2 * dayMs), keyId: 'key_of_nobody' }])
  return keys
}

void t.test('every answer is the same from the sums as from the rows', async (t) => {
  const { db } = await createDatabase(t)
  const nowMs = Date.now()
  const keys = await seed(db, nowMs)
  const before = await answers(rowsOnly(db), keys, nowMs)
  t.ok(before.flat().length > 1_000)
  t.same(await answers(db, keys, nowMs), before, 'without sums')
  await sumAll(db)
  const { sinceMs, hoursSinceMs, untilMs } = await readSummed(db)
  t.ok(sinceMs <= nowMs - 99 * dayMs && hoursSinceMs < nowMs - 85 * dayMs && untilMs > nowMs - 2 * hourMs)
  const totals = await readTotalled(db)
  t.ok(totals.sinceMs === sinceMs && totals.untilMs > nowMs - 26 * hourMs, 'each day is in the totals')
  t.same(await answers(db, keys, nowMs), before, 'with sums')
  // Late, some of it of times that are in the sums, and the same batch twice.
  const late = Array.from({ length: 300 }, (_, i) => useOf(keys, i * 7, nowMs - i * 7.1 * hourMs))
  const batch = { id: randomUUID(), counts: late }
  await addActivity(db, batch)
  await addActivity(db, batch)
  const after = await answers(rowsOnly(db), keys, nowMs)
  t.not(JSON.stringify(after), JSON.stringify(before))
  t.same(await answers(db, keys, nowMs), after, 'what comes late')
  await rollUpActivity(db, ages, () => false)
  // Of days of long ago, hours are told apart no more, in either.
  t.same(
    await answers(db, keys, nowMs),
    await answers(rowsOnly(db), keys, nowMs),
    'minutes are hours, hours days',
  )
  await pruneSums(db, ages, whole)
  t.same(await answers(db, keys, nowMs), await answers(rowsOnly(db), keys, nowMs), 'old sums are forgotten')
  const exact = JSON.stringify(await answers(db, keys, nowMs))
  await db.query('UPDATE activity_total SET count = count + 1')
  t.not(JSON.stringify(await answers(db, keys, nowMs)), exact, 'the totals are what is read')
  await db.query('UPDATE activity_sum SET count = count + 1')
  t.not(JSON.stringify(await answers(db, keys, nowMs)), JSON.stringify(after), 'the sums are what is read')
})

void t.test('what comes in while times are summed, by many at once, is in both', async (t) => {
  const { db } = await createDatabase(t)
  const nowMs = Date.now()
  const keys = await seed(db, nowMs)
  const writers = [0, 1, 2, 3].map(async (writer) => {
    for (let i = 0; i < 10; i++)
      await add(
        db,
        Array.from({ length: 20 }, (_, n) =>
          useOf(keys, writer + n, nowMs - ((i * 20 + n) % 70) * 0.7 * hourMs),
        ),
      )
  })
  const summers = [0, 1].map(() => sumAll(db))
  await Promise.all([...writers, ...summers, rollUpActivity(db, ages, () => false)])
  await sumAll(db)
  t.same(await answers(db, keys, nowMs), await answers(rowsOnly(db), keys, nowMs))
})

void t.test('minutes are not made hours before they are summed', async (t) => {
  const { db } = await createDatabase(t)
  const nowMs = Date.now()
  const keys = [await seedKey(db)]
  await add(db, [useOf(keys, 2, nowMs - 10 * dayMs), useOf(keys, 2, nowMs - 8 * dayMs)])
  await db.query(`UPDATE activity_summed SET since = d, hours_since = d, until = d + interval '3 hours 20 minutes'
    FROM date_trunc('day', now() - interval '9 days', 'UTC') d`)
  await rollUpActivity(db, ages, () => false)
  t.same(await db.query('SELECT count(*) FROM activity'), [{ count: 1 }])
  await sumAll(db)
  await rollUpActivity(db, ages, () => false)
  t.same(await db.query('SELECT count(*) FROM activity'), [{ count: 0 }])
  t.same(await answers(db, keys, nowMs), await answers(rowsOnly(db), keys, nowMs))
})

void t.test(
  'a part of an hour at a time comes to the same; too much for a day leaves it to its rows',
  async (t) => {
    const { db } = await createDatabase(t)
    const nowMs = Date.now()
    const keys = await seed(db, nowMs)
    await db.query(`UPDATE activity_summed SET since = d, hours_since = d, until = d
    FROM date_trunc('day', now() - interval '1 day', 'UTC') d`)
    for (let most = whole; (await sumForward(db, most)) > 0; most = Math.max(50, Math.floor(most / 2)));
    while ((await sumForward(db, 1_250)) > 0);
    t.equal(await sumBackward(db, ages.hoursMs, 1_250), 0)
    t.same(await answers(db, keys, nowMs), await answers(rowsOnly(db), keys, nowMs))
  },
)

void t.test('what is old is forgotten', async (t) => {
  const { db } = await createDatabase(t)
  await db.query(`INSERT INTO activity_sum
    SELECT kind, span, 'x', date_trunc(span, now() - days * interval '1 day', 'UTC'), 'a', 'live', '', 'allow', 1
    FROM unnest('{all,merchant,key}'::text[]) kind, unnest('{hour,day,week}'::text[]) span, unnest('{89,93,731,760}'::int[]) days`)
  await db.query(`UPDATE activity_summed SET hours_since = now() - interval '200 days'`)
  while ((await pruneSums(db, ages, 2)) > 0);
  await db.query(`INSERT INTO activity_total SELECT 'key', span, 'x', now() - days * interval '1 day', 'a', 'live', 1, 1
    FROM unnest('{day,week,four_weeks}'::text[]) span, unnest('{700,735,745,770}'::int[]) days`)
  while ((await pruneTotals(db, ages.daysMs, 2)) > 0);
  t.same(await db.query('SELECT span, count(*) FROM activity_total GROUP BY 1 ORDER BY 1'), [
    { span: 'day', count: 1 },
    { span: 'four_weeks', count: 3 },
    { span: 'week', count: 2 },
  ])
  const rows = await db.query<{ kind: string; span: string; count: number }>(
    `SELECT span, count(*) FROM activity_sum WHERE kind = 'key' GROUP BY 1 ORDER BY 1`,
  )
  t.same(rows, [
    { span: 'day', count: 3 },
    { span: 'hour', count: 1 },
    { span: 'week', count: 3 },
  ])
})
