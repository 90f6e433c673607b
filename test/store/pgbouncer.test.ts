// Postgres by way of a PgBouncer that gives its server processes to one transaction, or one client, after the other.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import t from 'tap'
import { readChanges } from '../../src/store/change-table.ts'
import { readCredentials } from '../../src/store/keys/credential-table.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { createDatabase } from '../support/database.ts'
import { poolModes, startPgbouncer } from '../support/pgbouncer-service.ts'

t.setTimeout(180_000)
const applicationName = 'latchkey-test'
const digest = () => randomBytes(32).toString('hex')

for (const mode of poolModes) {
  t.test(`${mode} mode`, async (t) => {
    const { url: direct, db } = await createDatabase(t)
    // Fewer server processes than clients, where that can be: each statement meets another one.
    const size = mode === 'session' ? 12 : 3
    const pooler = await startPgbouncer(direct, mode, { default_pool_size: size })
    t.teardown(() => pooler.stop())
    const url = pooler.url(direct)

    await t.test('look-ups and polls are answered, whichever process they meet', async (t) => {
      const pooled = createPostgres({ url, applicationName })
      t.teardown(() => pooled.close())
      const beat = { id: 'a', role: 'all', host: 'h', pid: 1, version: '1', appliedRevision: 0 }
      const asked = Array.from({ length: 200 }, async (_, index) => {
        await sleep(index)
        if (index % 2 === 0) return (await readCredentials(pooled, [digest()])).revision
        return (await readChanges(pooled, { after: 0, limit: 10, beat })).head
      })
      t.same(new Set(await Promise.all(asked)), new Set([0]))
    })

    await t.test('a transaction is one, and is undone where it fails', async (t) => {
      const pooled = createPostgres({ url, applicationName })
      t.teardown(() => pooled.close())
      const writing = pooled.transaction(async (tx) => {
        await tx.query({ name: 'mark', text: 'UPDATE head SET revision = $1' }, [7])
        throw new Error('changed my mind')
      })
      await t.rejects(writing, { message: 'changed my mind' })
      t.same(await pooled.query('SELECT revision FROM head'), [{ revision: 0 }])
    })

    await t.test('what waits for a lock ends on the server, too', async (t) => {
      const pooled = createPostgres({ url, applicationName, queryTimeoutMs: 1_000 })
      t.teardown(() => pooled.close())
      const waiting = async () =>
        db.query(
          `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
      await db.transaction(async (tx) => {
        await tx.query('LOCK TABLE key_secret IN ACCESS EXCLUSIVE MODE')
        const asked = Array.from({ length: 24 }, () => readCredentials(pooled, [digest()]))
        const answers = await Promise.allSettled(asked)
        t.ok(answers.every(({ status }) => status === 'rejected'))
        const reasons = answers.map((answer) => answer.status === 'rejected' && answer.reason)
        t.ok(reasons.every((reason) => reason instanceof StoreUnavailableError))
        while ((await waiting()).length > 0) await sleep(50)
        t.same(await waiting(), [], 'while the lock is still held')
      })
      await t.resolves(readCredentials(pooled, [digest()]))
    })

    await t.test('nothing is left to others in the processes that they share', async (t) => {
      const client = new Client({ connectionString: url })
      await client.connect()
      t.teardown(() => client.end())
      for (let i = 0; i < 20; i++) {
        const { rows } = await client.query(
          `SELECT current_setting('statement_timeout') AS a, current_setting('idle_in_transaction_session_timeout') AS b,
             (SELECT count(*)::int FROM pg_prepared_statements) AS c`,
        )
        t.same(rows, [{ a: '0', b: '0', c: 0 }])
      }
    })
  })
}

t.test('a connection of its own has the time-outs for the whole session, and named statements', async (t) => {
  const { url } = await createDatabase(t)
  const db = createPostgres({ url, applicationName, maxConnections: 1, queryTimeoutMs: 1_000 })
  t.teardown(() => db.close())
  await readCredentials(db, [digest()])
  t.same(
    await db.query(
      `SELECT current_setting('statement_timeout') AS a, (SELECT count(*)::int FROM pg_prepared_statements) AS c`,
    ),
    [{ a: '900ms', c: 1 }],
  )
})
