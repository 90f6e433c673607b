import t from 'tap'
import { createHousekeeping, type HouseDeps, keepHouse } from '../../src/main/housekeeping.ts'
import type { Postgres } from '../../src/store/postgres.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { createDatabase } from '../support/database.ts'

const dayMs = 86_400_000

function houseOn(db: Postgres, auditKeptMs: number | null = null) {
  const log: Record<string, unknown>[] = []
  const stream = { write: (line: string) => void log.push({ ...Object(JSON.parse(line)) }) }
  const metrics = createMetrics()
  const deps: HouseDeps = {
    db,
    table: () => ({ maxStaleLimitMs: 900_000 }),
    auditKeptMs,
    sessionIdleMs: null,
    log: createLog({ level: 'info', stream }).logger,
    metrics,
  }
  return { deps, log, metrics, round: () => keepHouse(deps, () => false) }
}

void t.test('a round forgets what nobody needs any more, and nothing else', async (t) => {
  const { db } = await createDatabase(t)
  await db.query(`
    INSERT INTO outbox VALUES (1, NULL, 'mer_1', '{}', now() - interval '25 hours'), (2, NULL, 'mer_1', '{}', now());
    UPDATE head SET revision = 2;
    INSERT INTO instance (id, host, pid, role, version, applied_revision, last_seen_at)
      SELECT name, 'h', 1, 'all', '1', 1, now() - days * interval '1 day' FROM (VALUES ('gone', 8), ('here', 6)) i (name, days);
    INSERT INTO idempotency VALUES ('ann', 'old', decode(repeat('00', 32), 'hex'), '{}', now() - interval '25 hours'),
      ('ann', 'new', decode(repeat('00', 32), 'hex'), '{}', now() - interval '23 hours');
    INSERT INTO activity_batch VALUES ('old', now() - interval '8 days'), ('new', now());
    INSERT INTO activity VALUES ('k', now() - interval '8 days', 's', 'a', 'live', 'r', 'allow', 3),
      ('k', now() - interval '6 days', 's', 'a', 'live', 'r', 'allow', 4)`)
  const { round, log } = houseOn(db)
  await Promise.all(Array.from({ length: 5 }, round))
  t.same(log, [])
  t.same(await db.query('SELECT revision FROM outbox'), [{ revision: 2 }])
  t.same(await db.query('SELECT id FROM instance'), [{ id: 'here' }])
  t.same(await db.query('SELECT key FROM idempotency'), [{ key: 'new' }])
  t.same(await db.query('SELECT id FROM activity_batch'), [{ id: 'new' }])
  t.same(await db.query('SELECT count FROM activity'), [{ count: 4 }])
  t.same(await db.query('SELECT span, count FROM activity_rollup'), [{ span: 'hour', count: 3 }])
})

/** Makes each row that is deleted take a while: a table that is far larger than the time of one statement. */
async function slowDown(db: Postgres, table: string, seconds: number): Promise<void> {
  await db.query(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(${seconds}); RETURN OLD; END';
    CREATE TRIGGER dawdle BEFORE DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION dawdle()`)
}

void t.test(
  'a table that no single statement could clear in its time is cleared, and the rest too',
  async (t) => {
    const { url, db } = await createDatabase(t)
    await db.query(`
    INSERT INTO outbox SELECT n, NULL, 'mer_1', '{}', now() - interval '25 hours' FROM generate_series(1, 800) n;
    UPDATE head SET revision = 801; INSERT INTO outbox VALUES (801, NULL, 'mer_1', '{}', now() - interval '25 hours');
    INSERT INTO activity_batch VALUES ('old', now() - interval '8 days')`)
    // All at once would be 4 s.
    await slowDown(db, 'outbox', 0.005)
    const brief = createPostgres({ url, applicationName: 'latchkey-test', queryTimeoutMs: 1_000 })
    t.teardown(() => brief.close())
    const { round, log } = houseOn(brief)
    await round()
    t.same(log, [])
    t.same(await db.query('SELECT revision FROM outbox'), [{ revision: 801 }], 'the last one stays')
    t.same(await db.query('SELECT count(*) FROM activity_batch'), [{ count: 0 }])
  },
)

void t.test('a step that fails is told and counted, and the others go on', async (t) => {
  const { db } = await createDatabase(t)
  await db.query(
    `INSERT INTO activity_batch VALUES ('old', now() - interval '8 days'); DROP TABLE idempotency`,
  )
  const { round, log, metrics } = houseOn(db)
  await round()
  t.match(log, [{ step: 'replays', reason: /42P01: .*idempotency/, msg: /Housekeeping failed/ }])
  t.same(await db.query('SELECT count(*) FROM activity_batch'), [{ count: 0 }])
  const text = await metrics.text()
  t.match(text, /latchkey_housekeeping_failed_total\{step="replays"\} 1\n/)
  t.match(text, /latchkey_housekeeping_seconds_count\{step="activity_batches"\} 1\n/)
})

void t.test('the audit is kept for as long as is said, the youngest 90 days whatever is said', async (t) => {
  const { db } = await createDatabase(t)
  await db.query(`INSERT INTO audit (actor, action, target, request_id, at, revision)
    SELECT 'ann', 'key.create', 'key_' || days, 'req', now() - days * interval '1 day', 1 FROM unnest('{500, 401, 399, 1}'::int[]) days`)
  const kept = () => db.query('SELECT target FROM audit ORDER BY id')
  await houseOn(db).round()
  t.equal((await kept()).length, 4, 'for ever, unless said')
  const two = [houseOn(db, 400 * dayMs), houseOn(db, 400 * dayMs)]
  await Promise.all(two.map(({ round }) => round()))
  t.same(
    two.map(({ log }) => log),
    [[], []],
  )
  t.same(await kept(), [{ target: 'key_399' }, { target: 'key_1' }])
  const { round, log } = houseOn(db, dayMs)
  await round()
  t.match(log, [{ step: 'audit', reason: /90 days/ }])
  t.equal((await kept()).length, 2)
})

void t.test('it can be stopped before its first round', async (t) => {
  const { db } = await createDatabase(t)
  await createHousekeeping(houseOn(db).deps).stop()
  t.pass()
})
