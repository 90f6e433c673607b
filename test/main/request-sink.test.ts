import t from 'tap'
import { createRequestSink } from '../../src/main/request-sink.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { keptRequest } from '../store/seed.ts'
import { createDatabase } from '../support/database.ts'

function logging() {
  const log: Record<string, unknown>[] = []
  const stream = { write: (line: string) => void log.push({ ...Object(JSON.parse(line)) }) }
  return { log, logger: createLog({ level: 'info', stream }).logger }
}

void t.test('a day that nobody has made yet is made', async (t) => {
  const { db } = await createDatabase(t)
  const { log, logger } = logging()
  const sink = createRequestSink(db, logger)
  t.equal(await sink([keptRequest({ id: 'req_1' })]), 1)
  t.same(await db.query('SELECT id FROM kept_request'), [{ id: 'req_1' }])
  t.same(log, [])
})

void t.test('what cannot be stored is told once; what never can be is given up', async (t) => {
  const { db } = await createDatabase(t)
  const { log, logger } = logging()
  const sink = createRequestSink(db, logger)
  t.equal(await sink([keptRequest()]), 1)
  const odd = keptRequest({ route: 'a\0b' })
  t.equal(await sink([odd]), 0)
  t.equal(await sink([odd]), 0)
  t.match(log, [{ msg: 'Requests cannot be kept for look-up' }])
  t.equal(log.length, 1)
  await db.query('ALTER TABLE kept_request RENAME TO away')
  await t.rejects(sink([keptRequest()]), { code: '42P01' })
  await db.query('ALTER TABLE away RENAME TO kept_request')
  t.equal(await sink([keptRequest()]), 1)
})

void t.test('a database that is away has it sent again', async (t) => {
  const { log, logger } = logging()
  const db = createPostgres({ url: 'postgres://a@127.0.0.1:1/x', applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  await t.rejects(createRequestSink(db, logger)([keptRequest()]), { name: 'StoreUnavailableError' })
  t.same(log, [], 'which others tell')
})
