import t from 'tap'
import { createHousekeeping, keepHouse } from '../../src/main/housekeeping.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createDatabase } from '../support/database.ts'

const table = { maxStaleLimitMs: 900_000 }

void t.test('a round forgets what nobody needs any more, and nothing else', async (t) => {
  const { db } = await createDatabase(t)
  await db.query(`
    INSERT INTO outbox VALUES (1, NULL, 'mer_1', '{}', now() - interval '25 hours'), (2, NULL, 'mer_1', '{}', now());
    INSERT INTO idempotency VALUES ('ann', 'old', decode(repeat('00', 32), 'hex'), '{}', now() - interval '25 hours'),
      ('ann', 'new', decode(repeat('00', 32), 'hex'), '{}', now() - interval '23 hours');
    INSERT INTO activity_batch VALUES ('old', now() - interval '8 days'), ('new', now());
    INSERT INTO activity VALUES ('k', now() - interval '8 days', 's', 'a', 'live', 'r', 'allow', 3),
      ('k', now() - interval '6 days', 's', 'a', 'live', 'r', 'allow', 4)`)
  await Promise.all(Array.from({ length: 5 }, () => keepHouse(db, table, () => false)))
  t.same(await db.query('SELECT revision FROM outbox'), [{ revision: 2 }])
  t.same(await db.query('SELECT key FROM idempotency'), [{ key: 'new' }])
  t.same(await db.query('SELECT id FROM activity_batch'), [{ id: 'new' }])
  t.same(await db.query('SELECT count FROM activity'), [{ count: 4 }])
  t.same(await db.query('SELECT span, count FROM activity_rollup'), [{ span: 'hour', count: 3 }])
})

void t.test('it can be stopped before its first round', async (t) => {
  const { db } = await createDatabase(t)
  const log = createLog({ level: 'silent' }).logger
  await createHousekeeping(db, () => table, log).stop()
  t.pass()
})
