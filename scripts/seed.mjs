// A database as large as an installation gets, to look at pages and measure them: 1,000 merchants, 100,000 keys, 90 days of
// activity. `DATABASE_URL=postgres://… node scripts/seed.mjs`, after `latchkey migrate`, into a database without merchants.
// None of its secrets is known to anybody.
import { sumBackward, sumForward } from '../build/src/store/activity/activity-sum-table.js'
import { totalDay } from '../build/src/store/activity/activity-total-table.js'
import { createPostgres } from '../build/src/store/postgres.js'

const url = process.env['DATABASE_URL']
if (url === undefined) throw new Error('DATABASE_URL is not set')
const db = createPostgres({ url, applicationName: 'latchkey-seed', queryTimeoutMs: 600_000 })

const merchants = 1_000
const keys = 100_000
/** Keys with activity: by the day for 90 days, by the hour for a week, by five minutes for a day. */
const used = { day: 4_000, hour: 1_500, minute: 400 }

const [{ count }] = await db.query('SELECT count(*)::int AS count FROM merchant')
if (count > 0) throw new Error('there are merchants already: seed a database of its own')

const steps = {
  merchants: [
    `INSERT INTO merchant (id, name, status, created_at, revision)
     SELECT 'mer_0' || lpad(i::text, 20, '0'), 'Merchant ' || i,
       CASE WHEN i % 50 = 0 THEN 'suspended' ELSE 'active' END, now() - make_interval(days => $1::int - i), 1
     FROM generate_series(1, $1::int) i`,
    [merchants],
  ],
  keys: [
    `INSERT INTO api_key (id, merchant_id, api, environment, name, status, prefix, permissions, created_at, expires_at, revision)
     SELECT 'key_0' || lpad(i::text, 20, '0'), 'mer_0' || lpad((1 + i % $2::int)::text, 20, '0'), 'flintn',
       CASE WHEN i % 4 = 0 THEN 'sandbox' ELSE 'live' END,
       (ARRAY['Checkout', 'Back office', 'Reporting', 'Refund desk', 'Till'])[1 + i % 5] || ' ' || i,
       CASE WHEN i % 17 = 0 THEN 'revoked' WHEN i % 13 = 0 THEN 'disabled' ELSE 'active' END,
       CASE WHEN i % 4 = 0 THEN 'pk_test_' ELSE 'pk_live_' END,
       CASE WHEN i % 9 = 0 THEN ARRAY['*'] ELSE ARRAY['transaction.read', 'transaction.search'] END,
       now() - make_interval(hours => ($1::int - i) / 40),
       CASE WHEN i % 11 = 0 THEN now() + make_interval(days => 1 + i % 60) END, 1
     FROM generate_series(1, $1::int) i`,
    [keys, merchants],
  ],
  secrets: [
    `INSERT INTO key_secret (id, key_id, digest, last4, created_at, last_used_at)
     SELECT replace(id, 'key_', 'sec_'), id, sha256((id || random())::bytea), right(md5(id), 4), created_at,
       CASE WHEN random() < 0.6 THEN created_at + random() * (now() - created_at) END
     FROM api_key`,
    [],
  ],
  'the revision': ['UPDATE head SET revision = greatest(revision, 1)', []],
  days: [rollup('day', 90, 7), [used.day]],
  hours: [rollup('hour', 7 * 24, 24), [used.hour]],
  latencies: [latencies('all', `SELECT ''`, { five_minutes: 2 * 288, hour: 8 * 24, day: 90 }), []],
  'latencies of merchants': [latencies('merchant', 'SELECT id FROM merchant', { hour: 8 * 24, day: 90 }), []],
  'latencies of keys': [
    latencies('key', 'SELECT id FROM (SELECT id FROM api_key ORDER BY id DESC LIMIT $1) k', {
      hour: 8 * 24,
      day: 90,
    }),
    [used.minute],
  ],
  minutes: [
    `INSERT INTO activity (key_id, minute, secret_id, api, environment, route, outcome, count)
     SELECT k.id, date_trunc('hour', now()) - make_interval(mins => 5 * t), replace(k.id, 'key_', 'sec_'), k.api, k.environment,
       'GET /v1/transactions/{id}', CASE WHEN t % 9 = 0 THEN 'INSUFFICIENT_PERMISSIONS' ELSE 'allow' END, 1 + (t * 7) % 40
     FROM (SELECT * FROM api_key ORDER BY id DESC LIMIT $1) k, generate_series(1, 288) t`,
    [used.minute],
  ],
}

/** So many steps of each span, of whoever `names` gives: most answers within 20 ms, some far behind. */
function latencies(kind, names, steps) {
  const spans = Object.entries(steps).map(([span, count]) => `('${span}', ${count})`)
  return `INSERT INTO activity_latency (kind, span, name, start, api, environment, bucket, answers, upstream)
     SELECT '${kind}', s.span, n.name, CASE s.span WHEN 'five_minutes' THEN to_timestamp(300 * floor(extract(epoch FROM now()) / 300)) - make_interval(mins => 5 * t)
         WHEN 'hour' THEN date_trunc('hour', now(), 'UTC') - make_interval(hours => t) ELSE date_trunc('day', now(), 'UTC') - make_interval(days => t) END,
       'flintn', 'live', 20 + b * (b + 1) / 2, 1 + (t * 7) % 90 / (b + 1), 1 + (t * 7) % 90 / (b + 1)
     FROM (${names}) n (name), (VALUES ${spans.join(', ')}) s (span, steps), LATERAL generate_series(0, s.steps) t, generate_series(0, 6) b`
}

/** Rows of one span, from `count` of them ago to `until` ago. */
function rollup(span, count, until) {
  return `INSERT INTO activity_rollup (key_id, span, start, secret_id, api, environment, route, outcome, count)
     SELECT k.id, '${span}', date_trunc('${span}', now()) - make_interval(${span}s => t), replace(k.id, 'key_', 'sec_'), k.api,
       k.environment, CASE WHEN t % 3 = 0 THEN 'GET /v1/transactions' ELSE 'GET /v1/transactions/{id}' END,
       CASE WHEN t % 10 = 0 THEN 'INSUFFICIENT_PERMISSIONS' ELSE 'allow' END, 1 + (t * 13) % 900
     FROM (SELECT * FROM api_key ORDER BY id DESC LIMIT $1) k, generate_series(${until}, ${count}) t`
}

for (const [name, [statement, values]] of Object.entries(steps)) {
  const startMs = performance.now()
  await db.query(statement, values)
  console.log(`${name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
}
const startMs = performance.now()
// As housekeeping does it over time.
await db.query(
  "UPDATE activity_summed SET since = d, hours_since = d, until = d FROM date_trunc('day', now(), 'UTC') d",
)
while ((await sumForward(db, 5_000)) > 0);
// What is older stands there by the day, so of it no hours may be promised.
while ((await sumBackward(db, 7 * 86_400_000, 5_000)) > 0);
await db.query("UPDATE activity_totalled SET since = d, until = d FROM date_trunc('day', now(), 'UTC') d")
while ((await totalDay(db, 5_000)) > 0);
await db.query(
  `INSERT INTO key_use SELECT key_id, date_trunc('minute', max(last_used_at), 'UTC') FROM key_secret
   WHERE last_used_at IS NOT NULL GROUP BY key_id`,
)
console.log(`sums: ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
await db.query('ANALYZE')
await db.close()
