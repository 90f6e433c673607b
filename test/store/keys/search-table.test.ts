import { Client } from 'pg'
import t from 'tap'
import { createKey } from '../../../src/store/keys/key-change-table.ts'
import { listKeys } from '../../../src/store/keys/key-table.ts'
import { openSession, type Postgres } from '../../../src/store/postgres.ts'
import { buildSearchIndexes, hasSearchIndexes, missingIndexes } from '../../../src/store/keys/search-table.ts'
import { advisoryLocksIn, createDatabase } from '../../support/database.ts'
import { rowsReadOf } from '../../support/rows-read.ts'
import { keyOf, origin, seedMerchant, view } from '../seed.ts'

const applicationName = 'latchkey-test'
const all = [
  ...[
    'api_key_search',
    'key_secret_search',
    'api_key_created',
    'api_key_name',
    'api_key_expires',
    'key_secret_age',
  ],
]

/** Keys whose ids come one after the other, newest last; every name has what all have, few have more. */
async function seedMany(db: Postgres, count: number): Promise<string> {
  const merchantId = await seedMerchant(db)
  await db.query(
    `INSERT INTO api_key (id, merchant_id, api, environment, name, status, prefix, permissions, created_at, revision)
     SELECT 'key_' || lpad(n::text, 16, '0'), $1, 'flintn', 'live',
       'Common ' || md5(n::text) || CASE WHEN n % 1000 = 7 THEN ' Seltene Straße Ü' ELSE '' END
         || CASE WHEN n < $2 / 2 THEN ' ältere' ELSE '' END,
       CASE WHEN n % 2 = 0 THEN 'active' ELSE 'disabled' END, 'pk_live_', '{*}', now(), n
     FROM generate_series(1, $2::int) n`,
    [merchantId, count],
  )
  await db.query(
    `INSERT INTO key_secret (id, key_id, digest, last4, created_at)
     SELECT 'sec_' || id, id, sha256(id::bytea), CASE WHEN revision = 4321 THEN 'aB9z' ELSE 'last' END, now() FROM api_key
     WHERE id LIKE 'key_00%'`,
  )
  return merchantId
}

void t.test('with the indexes a search finds what it finds without, in the same order', async (t) => {
  const { url, db } = await createDatabase(t)
  const merchantId = await seedMany(db, 12_000)
  const other = { ...keyOf(await seedMerchant(db), 'secret-aB9z'), name: 'Zz Straße' }
  await createKey(db, origin, other)
  const questions = [
    ...[
      'straße',
      'STRASSE',
      'Seltene',
      'common',
      'e Ü',
      'ü',
      'ÄLTERE',
      'ab9',
      'B9z',
      'AB9Z',
      'last',
      'nowhere at all',
    ],
    ...['key_0000000000004321', '00000004321', '4321', '%', '_00', "'; --", '😀😀', other.id],
  ]
  const ask = async () => {
    const answers: unknown[] = []
    for (const text of questions) {
      for (const filter of [{}, { merchantId }, { status: 'disabled' as const }]) {
        const first = await listKeys(db, { ...filter, text, ...view }, { after: null, limit: 20 })
        const after = first.rows.at(-1)?.id ?? null
        const second =
          after === null ? first : await listKeys(db, { ...filter, text, ...view }, { after, limit: 20 })
        answers.push([text, filter, first.hasMore, [...first.rows, ...second.rows].map(({ id }) => id)])
      }
    }
    return answers
  }
  t.notOk(await hasSearchIndexes(db))
  const without = await ask()
  t.same(await buildSearchIndexes({ url, applicationName }), all)
  t.ok(await hasSearchIndexes(db))
  t.same(await ask(), without)
})

void t.test('what few keys have is found by the indexes, not by looking at all', async (t) => {
  const { url, db } = await createDatabase(t)
  await seedMany(db, 12_000)
  await buildSearchIndexes({ url, applicationName })
  const watched = rowsReadOf(db, 'api_key')
  const used = async (text: string, more: { merchantId?: string } = {}) => {
    await listKeys(watched, { ...more, text, ...view }, { after: null, limit: 20 })
    return watched.rows()
  }
  const all = await used('~~')
  t.ok(all >= 12_000, `two characters are looked for among all: ${all}`)
  for (const text of ['key_0000000000000042', 'nowhere at all', 'aB9z']) {
    const rows = await used(text)
    // The newest 2,000, once more to find where they end, and what the index proposes.
    t.ok(rows < 6_000, `${text}: ${rows}`)
  }
  const { rows: ending } = await listKeys(watched, { last4: 'aB9z', ...view }, { after: null, limit: 20 })
  t.match(ending, [{ id: 'key_0000000000004321' }])
  const looked = watched.rows()
  t.ok(looked < 100, `what a secret ends in: ${looked}`)
  const common = await listKeys(db, { last4: 'last', ...view }, { after: null, limit: 20 })
  t.equal(common.rows[0]?.id, 'key_0000000000012000', 'too many have it: in turn')
  const rows = await used('common', { merchantId: await seedMerchant(db) })
  t.ok(rows < 100, `of a merchant without many keys nobody else's are looked at: ${rows}`)
})

void t.test('a search starts no processes and compiles nothing', async (t) => {
  const { db } = await createDatabase(t)
  const settings = `SELECT name, setting FROM pg_settings WHERE name IN ('jit', 'max_parallel_workers_per_gather') ORDER BY 1`
  const wanted = [
    { name: 'jit', setting: 'off' },
    { name: 'max_parallel_workers_per_gather', setting: '0' },
  ]
  t.same(await db.query(settings), wanted)
})

void t.test('a text that many have, but none of the newest, is found in the same order', async (t) => {
  const { url, db } = await createDatabase(t)
  await seedMany(db, 44_000)
  const ask = () => listKeys(db, { text: 'ältere', ...view }, { after: null, limit: 20 })
  const without = await ask()
  t.equal(without.rows[0]?.id, 'key_0000000000021999')
  await buildSearchIndexes({ url, applicationName })
  t.same(await ask(), without)
})

void t.test(
  'several processes build once; what broke off is built anew; others write meanwhile',
  async (t) => {
    const { url, db } = await createDatabase(t)
    const merchantId = await seedMany(db, 3_000)
    const built = await Promise.all(
      [1, 2, 3].map(async () => {
        await createKey(db, origin, keyOf(merchantId))
        return buildSearchIndexes({ url, applicationName })
      }),
    )
    t.equal(built.filter((names) => names?.length === all.length).length, 1)
    await db.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'api_key_search'::regclass`)
    t.same(await missingIndexes(db), ['api_key_search'])
    t.same(await buildSearchIndexes({ url, applicationName }), ['api_key_search'])
    t.same(await buildSearchIndexes({ url, applicationName }), [])
    t.same(await advisoryLocksIn(db), [])
  },
)

void t.test('what a role or a database lets statements take does not end the building', async (t) => {
  const { url, db } = await createDatabase(t)
  await seedMany(db, 3_000)
  await db.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET statement_timeout = '2ms'`)
  const session = new Client({ connectionString: url })
  await session.connect()
  await t.rejects(session.query('SELECT pg_sleep(1)'), { code: '57014' })
  await session.end()
  t.same(await buildSearchIndexes({ url, applicationName }), all)
})

void t.test('a backup that runs holds up the building, and nobody else', async (t) => {
  const { url, db } = await createDatabase(t)
  const merchantId = await seedMany(db, 100)
  const backup = await openSession({ url, applicationName: 'nightly-backup' })
  t.teardown(() => backup.close())
  await backup.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await backup.query('SELECT FROM api_key')
  const ended = new AbortController()
  const building = buildSearchIndexes({ url, applicationName }, { signal: ended.signal })
  const isWaiting = async () =>
    (
      await db.query(
        `SELECT FROM pg_stat_activity WHERE wait_event = 'virtualxid' AND datname = current_database()`,
      )
    ).length > 0
  while (!(await isWaiting()));
  await createKey(db, origin, keyOf(merchantId))
  t.match(await listKeys(db, { text: 'common', ...view }, { after: null, limit: 1 }), { hasMore: true })
  ended.abort()
  await t.rejects(building, { name: 'StoreUnavailableError' }, 'a process that ends need not wait')
  await backup.query('COMMIT')
  while (!(await hasSearchIndexes(db))) await buildSearchIndexes({ url, applicationName })
  t.ok(await hasSearchIndexes(db))
})
