// Whatever a role or a database says of dates, zones and strings, and whether or not a connection could be told
// otherwise: times are read and written as they are.

import t, { type Test } from 'tap'
import { addActivity, listActivity } from '../../src/store/activity/activity-table.ts'
import { listAudit } from '../../src/store/audit/audit-table.ts'
import { readChanges } from '../../src/store/change-table.ts'
import { readCredentials } from '../../src/store/keys/credential-table.ts'
import { listInstances } from '../../src/store/instance-table.ts'
import { createKey, patchKey } from '../../src/store/keys/key-change-table.ts'
import { compareKeys } from '../../src/store/keys/key-import-table.ts'
import { rotateKey } from '../../src/store/keys/key-rotation-table.ts'
import { getKey, listKeys } from '../../src/store/keys/key-table.ts'
import { getMerchant } from '../../src/store/keys/merchant-table.ts'
import { createPostgres, type Postgres, type Queryable } from '../../src/store/postgres.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { createDatabase } from '../support/database.ts'
import { keyOf, nowMs, origin, secretOf, seedMerchant, view } from './seed.ts'
import { everything } from '../../src/store/scope.ts'

const oddSettings = [
  "DateStyle TO 'German'",
  "DateStyle TO 'SQL, DMY'",
  "DateStyle TO 'Postgres'",
  "TimeZone TO 'Asia/Kathmandu'",
  "IntervalStyle TO 'sql_standard'",
  "bytea_output TO 'escape'",
  'standard_conforming_strings TO off',
  'transform_null_equals TO on',
]
const dayMs = 24 * 60 * 60_000
const expiresAtMs = nowMs + 90 * dayMs

/** The store as it is where a pooler has lost what its connections were told. */
function forgetful(db: Postgres, setting: string): Postgres {
  const transaction = <T>(work: (tx: Queryable) => Promise<T>) =>
    db.transaction(async (tx) => {
      await tx.query(`SET LOCAL ${setting}`)
      return work(tx)
    })
  return {
    ...db,
    transaction,
    query: (statement, values) => transaction((tx) => tx.query(statement, values)),
  }
}

async function liveThrough(t: Test, db: Postgres): Promise<void> {
  const merchantId = await seedMerchant(db)
  const key = { ...keyOf(merchantId), expiresAtMs }
  await createKey(db, origin, key)
  const graceSeconds = 3_600
  await rotateKey(db, origin, { id: key.id, secret: secretOf(key.id), prefix: key.prefix, graceSeconds })
  const { object } = await patchKey(db, origin, { id: key.id, patch: { name: 'n' }, ifRevision: null })
  const graceEndMs = nowMs + graceSeconds * 1_000
  t.match(object, {
    expiresAtMs,
    createdAtMs: nowMs,
    secrets: [{ expiresAtMs: null }, { expiresAtMs: graceEndMs }],
  })
  t.match(await getKey(db, key.id, view), object)

  const { records } = await readCredentials(db, [key.secret.digest])
  t.match(records.get(key.secret.digest), { expiresAtMs, secretExpiresAtMs: graceEndMs })
  const { rows } = await listKeys(db, { merchantId, ...view }, { after: null, limit: 10 })
  t.match(rows, [object])
  t.match(await getMerchant(db, merchantId, everything), { createdAtMs: nowMs })
  const audit = await listAudit(db, { target: key.id, scope: everything }, { after: null, limit: 10 })
  t.match(audit.rows[0], { atMs: nowMs, after: { expires_at: new Date(expiresAtMs).toISOString() } })
  const again = { ...key, name: 'n', status: 'active' as const, isStatusSaid: false }
  t.match(await compareKeys(db, [again]), [{ kind: 'unchanged' }])

  const use = { keyId: key.id, secretId: key.secret.id, api: 'flintn', environment: 'live', route: 'GET /' }
  const minuteMs = nowMs + 7_000
  const counts = [{ ...use, outcome: 'forwarded', minuteMs, count: 1, lastUsedAtMs: minuteMs }]
  await addActivity(db, { id: key.id, counts })
  const filter = { keyId: key.id, fromMs: nowMs - 1, toMs: nowMs + dayMs }
  const activity = await listActivity(db, filter, { after: null, limit: 10 })
  t.match(activity.rows, [{ startMs: nowMs }])
  t.match(await getKey(db, key.id, view), { lastUsedAtMs: minuteMs })

  const beat = { id: key.id, role: 'all', host: 'h', pid: 1, version: '1', appliedRevision: 0 }
  await readChanges(db, { after: 0, limit: 10, beat })
  const [instance] = await listInstances(db, dayMs)
  t.ok(Math.abs((instance?.lastSeenAtMs ?? 0) - Date.now()) < 60_000)
  t.equal(instance?.lastSeenAtMs, instance?.startedAtMs)
}

t.test('times stay what they are where the database says otherwise', async (t) => {
  for (const setting of oddSettings) {
    const { url, db: other } = await createDatabase(t)
    const [{ name } = { name: '' }] = await other.query<{ name: string }>('SELECT current_database() AS name')
    await other.query(`ALTER DATABASE ${name} SET ${setting}`)
    const db = createPostgres({ url, applicationName: 'latchkey-test' })
    await t.test(setting, (t) => liveThrough(t, db))
    await db.close()
  }
})

t.test('times stay what they are where a pooler has lost what the connection was told', async (t) => {
  const { db } = await createDatabase(t)
  for (const setting of oddSettings) {
    await t.test(setting, async (t) => {
      await db.query('TRUNCATE instance')
      await liveThrough(t, forgetful(db, setting))
    })
  }
})

t.test('a connection is told how times are written', async (t) => {
  const { url, db: other } = await createDatabase(t)
  const [{ name } = { name: '' }] = await other.query<{ name: string }>('SELECT current_database() AS name')
  await other.query(`ALTER DATABASE ${name} SET DateStyle TO 'German'`)
  const db = createPostgres({ url, applicationName: 'latchkey-test' })
  t.same(await db.query(`SELECT '2026-02-03 04:05:06+00'::timestamptz::text AS at`), [
    { at: '2026-02-03 04:05:06+00' },
  ])
  t.same(await db.query('SELECT to_timestamp(1.5) AS at'), [{ at: 1500 }])
  await db.close()
})

t.test('a time that cannot be read is an error, never a number', async (t) => {
  const { db } = await createDatabase(t)
  for (const text of ['to_timestamp(0) AS at', "'infinity'::timestamptz AS at"]) {
    const read = forgetful(db, "DateStyle TO 'German'").query(`SELECT ${text}`)
    await t.rejects(read, new StoreUnavailableError('unreadable_time'), text)
  }
  t.same(await db.query('SELECT 1 AS one'), [{ one: 1 }])
})
