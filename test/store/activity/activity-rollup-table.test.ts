import t from 'tap'
import { pruneActivityBatches, rollUpActivity } from '../../../src/store/activity/activity-rollup-table.ts'
import { addActivity, listActivity } from '../../../src/store/activity/activity-table.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import { createDatabase } from '../../support/database.ts'

const dayMs = 24 * 60 * 60 * 1000
const ages = { minutesMs: 7 * dayMs, hoursMs: 90 * dayMs, daysMs: 2 * 366 * dayMs }
const goOn = () => false

/** A minute of each of many keys, at an age. */
async function seed(
  db: Postgres,
  of: { keys: number; age: string; every?: string; rows?: number },
): Promise<void> {
  await db.query(
    `INSERT INTO activity (key_id, minute, secret_id, api, environment, route, outcome, count)
     SELECT 'key_' || k, date_trunc('minute', now() - $2::interval - n * $3::interval), 'sec_' || k, 'flintn', 'live',
       'GET /v1/x', CASE WHEN n % 3 = 0 THEN 'INVALID_API_KEY' ELSE 'allow' END, n
     FROM generate_series(1, $1) k, generate_series(1, $4) n`,
    [of.keys, of.age, of.every ?? '1 minute', of.rows ?? 100],
  )
}

async function sums(db: Postgres) {
  return db.query(
    `SELECT key_id, outcome, sum(count)::bigint AS count FROM (
       SELECT key_id, outcome, count FROM activity UNION ALL SELECT key_id, outcome, count FROM activity_rollup) a
     GROUP BY 1, 2 ORDER BY 1, 2`,
  )
}

void t.test('minutes of a week ago become hours, hours of long ago days; no figure changes', async (t) => {
  const { db } = await createDatabase(t)
  await seed(db, { keys: 2, age: '1 hour' })
  await seed(db, { keys: 2, age: '8 days' })
  await seed(db, { keys: 2, age: '100 days', every: '1 hour' })
  const before = await sums(db)
  t.ok((await rollUpActivity(db, ages, goOn)) > 400)
  t.same(await sums(db), before)
  const [minutes] = await db.query<{ count: number }>('SELECT count(*) FROM activity')
  t.equal(minutes?.count, 200)
  const odd = await db.query(
    `SELECT FROM activity_rollup WHERE start <> date_trunc(span, start, 'UTC')
       OR (span = 'hour') <> (start >= date_trunc('day', now() - interval '90 days', 'UTC'))`,
  )
  t.same(odd, [])
  t.equal(await rollUpActivity(db, ages, goOn), 0)
})

void t.test(
  'many processes at once neither lose nor double a count, also while counts come in',
  async (t) => {
    const { db } = await createDatabase(t)
    await seed(db, { keys: 60, age: '8 days', rows: 300 })
    const before = await db.query('SELECT sum(count)::bigint AS sum FROM activity')
    const late = {
      secretId: 'sec_1',
      api: 'flintn',
      environment: 'live',
      route: 'GET /v1/x',
      outcome: 'allow',
      count: 1,
      lastUsedAtMs: null,
    }
    const minuteMs = Date.now() - 8 * dayMs - 120_000
    const coming = Array.from({ length: 30 }, (_, index) =>
      addActivity(db, {
        id: `late-${index}`,
        counts: [{ ...late, keyId: `key_${(index % 5) + 1}`, minuteMs }],
      }),
    )
    await Promise.all([...Array.from({ length: 8 }, () => rollUpActivity(db, ages, goOn)), ...coming])
    await rollUpActivity(db, ages, goOn)
    t.same(await db.query('SELECT count(*) FROM activity'), [{ count: 0 }])
    const [sum] = await db.query<{ sum: number }>('SELECT sum(count)::bigint AS sum FROM activity_rollup')
    t.equal(sum?.sum, Number(Object(before[0]).sum) + 30)
  },
)

void t.test('days are forgotten at last, and a round can be ended early', async (t) => {
  const { db } = await createDatabase(t)
  await seed(db, { keys: 1, age: '800 days', rows: 1 })
  t.equal(await rollUpActivity(db, ages, () => true), 0)
  t.equal(await rollUpActivity(db, ages, goOn), 3)
  t.same(await sums(db), [])
})

void t.test(
  'a list goes over all of it, newest first, and each row is in one of two ranges that meet',
  async (t) => {
    const { db } = await createDatabase(t)
    await seed(db, { keys: 1, age: '1 hour', rows: 50 })
    await seed(db, { keys: 1, age: '8 days', rows: 200 })
    await seed(db, { keys: 1, age: '100 days', rows: 40, every: '1 hour' })
    const before = await sums(db)
    await rollUpActivity(db, ages, goOn)
    // Some come late: minutes in the time of hours.
    await seed(db, { keys: 1, age: '8 days', rows: 10 })
    const borders = [0, Date.now() - 99 * dayMs, Date.now() - 8 * dayMs - 5_000_000, Date.now() + dayMs]
    const found: { startMs: number; span: string; outcome: string; count: number }[] = []
    for (const [index, toMs] of borders.slice(1).entries()) {
      const range = { keyId: 'key_1', fromMs: borders[index] ?? 0, toMs }
      const rows = []
      let page = await listActivity(db, range, { after: null, limit: 7 })
      for (;;) {
        rows.push(...page.rows)
        if (!page.hasMore) break
        page = await listActivity(db, range, { after: page.rows.at(-1) ?? null, limit: 7 })
      }
      t.same(
        rows.map(({ startMs }) => startMs),
        rows.map(({ startMs }) => startMs).toSorted((a, b) => b - a),
      )
      found.push(...rows)
    }
    t.same(new Set(found.map(({ span }) => span)), new Set(['minute', 'hour', 'day']))
    const allowed = found
      .filter(({ outcome }) => outcome === 'allow')
      .reduce((sum, { count }) => sum + count, 0)
    // 1 + 2 + 4 + 5 + 7 + 8 + 10 of the late ones.
    t.equal(allowed, Number(Object(before[1]).count) + 37)
  },
)

void t.test('what batches were added is known for a while', async (t) => {
  const { db } = await createDatabase(t)
  await db.query(`INSERT INTO activity_batch VALUES ('old', now() - interval '8 days'), ('new', now())`)
  t.equal(await pruneActivityBatches(db, 7 * dayMs), 1)
  t.same(await db.query('SELECT id FROM activity_batch'), [{ id: 'new' }])
})
