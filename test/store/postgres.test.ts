import { createServer } from 'node:net'
import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { StatementError, StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { createEmptyDatabase } from '../support/database.ts'

const options = { applicationName: 'latchkey-test' }

void t.test('BIGINT comes back as a number, a timestamp as milliseconds, both null as null', async (t) => {
  const { db } = await createEmptyDatabase(t)
  const rows = await db.query(
    `SELECT 7::bigint AS n, to_timestamp(1.5) AS at, null::bigint AS no, null::timestamptz AS never, $1::bigint AS sent`,
    [9],
  )
  t.same(rows, [{ n: 7, at: 1500, no: null, never: null, sent: 9 }])
})

void t.test('a wrong statement is told apart from a database that is away', async (t) => {
  const { db } = await createEmptyDatabase(t)
  await t.rejects(db.query('SELEKT 1'), StatementError)
  await db.query('CREATE TABLE one (id int PRIMARY KEY)')
  await db.query('INSERT INTO one VALUES (1)')
  await t.rejects(db.query('INSERT INTO one VALUES (1)'), { code: '23505', constraint: 'one_pkey' })
  await t.rejects(db.query('SELECT 1 FROM not_there_yet'), StoreUnavailableError)
})

void t.test('a failed transaction leaves nothing and gives its connection back', async (t) => {
  const { db } = await createEmptyDatabase(t)
  await db.query('CREATE TABLE one (id int)')
  const failing = db.transaction(async (tx) => {
    await tx.query('INSERT INTO one VALUES (1)')
    throw new Error('changed my mind')
  })
  await t.rejects(failing, { message: 'changed my mind' })
  t.same(await db.query('SELECT * FROM one'), [])
  t.equal(db.gauges().idle, db.gauges().total)
})

void t.test('a refused connection, a password included, says only that', async (t) => {
  const db = createPostgres({ ...options, url: 'postgres://ann:hunter2hunter2@127.0.0.1:1/x' })
  const error: unknown = await db.ping().catch((error: unknown) => error)
  t.ok(error instanceof StoreUnavailableError)
  t.match(error, { code: 'ECONNREFUSED' })
  t.notMatch(JSON.stringify(error) + String(error instanceof Error && error.stack), 'hunter2')
  await db.close()
})

void t.test('a URL that cannot be read is refused without being repeated', async (t) => {
  t.throws(() => createPostgres({ ...options, url: 'postgres://ann:hunter2/hunter2@127.0.0.1:1/x' }), {
    message: 'The Postgres URL cannot be read',
    cause: undefined,
    input: undefined,
  })
})

void t.test('a server that accepts and stays silent is given up after the connect timeout', async (t) => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  t.teardown(() => silent.close())
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : 0
  const db = createPostgres({ ...options, url: `postgres://a@127.0.0.1:${port}/x`, connectTimeoutMs: 100 })
  const begin = Date.now()
  await t.rejects(db.ping(), StoreUnavailableError)
  t.ok(Date.now() - begin < 1000)
  await db.close()
})

void t.test('a statement that takes too long ends as unavailable', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const db = createPostgres({ ...options, url, queryTimeoutMs: 100 })
  await t.rejects(db.query('SELECT pg_sleep(5)'), StoreUnavailableError)
  await t.resolves(db.ping())
  await db.close()
})

void t.test(
  'connections that the server ends, idle or busy, end neither the process nor the pool',
  async (t) => {
    const { url, db: other } = await createEmptyDatabase(t)
    const warnings: unknown[] = []
    const log = { warn: (details: object) => warnings.push(details) }
    const db = createPostgres({ applicationName: 'victim', url, log })
    await db.ping()
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND datname = current_database()`
    await other.query(kill)
    while (warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    t.match(warnings, [{ code: '57P01' }])
    await t.resolves(db.ping())
    const busy = t.rejects(db.query('SELECT pg_sleep(5)'), StoreUnavailableError)
    const within = t.rejects(
      db.transaction(async (tx) => {
        await tx.query('SELECT pg_sleep(5)')
      }),
      StoreUnavailableError,
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    await other.query(kill)
    await Promise.all([busy, within])
    await t.resolves(db.ping())
    await db.close()
  },
)

void t.test('a server that only reads is unavailable', async (t) => {
  const { db } = await createEmptyDatabase(t)
  await db.query('CREATE TABLE one (id int)')
  const writing = db.transaction(async (tx) => {
    await tx.query('SET TRANSACTION READ ONLY')
    await tx.query('INSERT INTO one VALUES (1)')
  })
  await t.rejects(writing, { name: 'StoreUnavailableError', code: '25006' })
})

void t.test('after close every question is refused, and closing again is fine', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const db = createPostgres({ ...options, url })
  await db.ping()
  await Promise.all([db.close(), db.close()])
  await t.rejects(db.ping(), StoreUnavailableError)
})
