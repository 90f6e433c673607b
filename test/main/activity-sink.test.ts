import t from 'tap'
import { createActivitySink } from '../../src/main/activity-sink.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createDatabase } from '../support/database.ts'

void t.test(
  'activity that the role may not store is told once, with the code, until it can be',
  async (t) => {
    const { url, db } = await createDatabase(t)
    const role = `counting_${process.pid}_${Date.now()}`
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'of-the-test-only'`)
    t.teardown(async () => {
      await db.query(`DROP OWNED BY ${role}`)
      await db.query(`DROP ROLE ${role}`)
    })
    const own = new URL(url)
    own.username = role
    own.password = 'of-the-test-only'
    const counting = createPostgres({ url: own.href, applicationName: 'latchkey-test' })
    t.teardown(() => counting.close())
    const log: Record<string, unknown>[] = []
    const stream = { write: (line: string) => void log.push({ ...Object(JSON.parse(line)) }) }
    const sink = createActivitySink(counting, createLog({ level: 'info', stream }).logger)
    const count = {
      ...{
        keyId: 'key_1',
        secretId: 'sec_1',
        api: 'a',
        environment: 'live',
        route: 'GET /',
        outcome: 'allow',
      },
      ...{ minuteMs: Date.now(), count: 1, lastUsedAtMs: null },
    }
    const batch = { id: 'one', counts: [count] }
    await t.rejects(sink(batch), { code: '42501' })
    await t.rejects(sink(batch), { code: '42501' })
    t.match(log, [{ msg: 'Activity cannot be stored', reason: /^42501: permission denied .*grant/ }])
    t.equal(log.length, 1)
    await db.query(
      `GRANT SELECT, INSERT, UPDATE ON activity, activity_batch, activity_sum, activity_summed, activity_total, activity_totalled, api_key, key_secret, key_use, oauth_client TO ${role}`,
    )
    await sink(batch)
    t.same(await db.query('SELECT count FROM activity'), [{ count: 1 }])
  },
)
