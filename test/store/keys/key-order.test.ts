import t from 'tap'
import { type KeySort, keySorts } from '../../../src/store/keys/key-order.ts'
import { noteKeyUses } from '../../../src/store/keys/key-use-table.ts'
import { listKeys } from '../../../src/store/keys/key-table.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import { buildSearchIndexes } from '../../../src/store/keys/search-table.ts'
import { createDatabase } from '../../support/database.ts'
import { plansOf } from '../../support/plans.ts'
import { seedMerchant, view } from '../seed.ts'

const applicationName = 'latchkey-test'

/** Keys whose times and names go their own ways, with equals among them; every third has no end, every fourth was never used. */
async function seedMany(db: Postgres, count: number): Promise<string> {
  const merchantId = await seedMerchant(db)
  await db.query(
    `INSERT INTO api_key (id, merchant_id, api, environment, name, status, prefix, permissions, created_at, expires_at, revision)
     SELECT 'key_' || lpad(n::text, 16, '0'), $1, 'flintn', 'live', (ARRAY['b', 'A', 'ä', 'Z', 'a'])[1 + n % 5] || n % 7, 'active',
       'pk_live_', '{*}', now() - interval '1 day' * ($2 - n),
       CASE WHEN n % 3 > 0 THEN now() + interval '1 hour' * (n * 37 % 11) END, n FROM generate_series(1, $2::int) n`,
    [merchantId, count],
  )
  await db.query(
    `INSERT INTO key_secret (id, key_id, digest, last4, created_at, last_used_at)
     SELECT 'sec_' || id, id, sha256(id::bytea), 'last', created_at,
       CASE WHEN revision % 4 > 0 THEN now() - interval '1 minute' * (revision * 53 % 13) END FROM api_key WHERE id LIKE 'key_00%'`,
  )
  return merchantId
}

async function pagesOf(db: Postgres, filter: { sort: KeySort; merchantId?: string; text?: string }) {
  const rows = []
  for (let after: string | null = null; ; ) {
    const page = await listKeys(db, { ...view, ...filter }, { after, limit: 7 })
    rows.push(...page.rows)
    after = page.hasMore ? (page.rows.at(-1)?.id ?? null) : null
    if (after === null) return rows
  }
}

void t.test('each order goes through all keys once, page by page, and back again', async (t) => {
  const { url, db } = await createDatabase(t)
  const merchantId = await seedMany(db, 60)
  await noteKeyUses(db)
  for (const kind of ['without indexes', 'with indexes']) {
    if (kind === 'with indexes') await buildSearchIndexes({ url, applicationName })
    for (const filter of [{}, { merchantId }, { text: 'key_0000' }]) {
      for (const sort of keySorts) {
        const rows = await pagesOf(db, { sort, ...filter })
        t.equal(new Set(rows.map(({ id }) => id)).size, 60, `${kind}, ${sort}`)
        const values = rows.map((row) => {
          if (sort.endsWith('name')) return Buffer.from(row.name.toLowerCase()).toString('hex')
          if (sort.endsWith('expires')) return row.expiresAtMs ?? Infinity
          if (sort.endsWith('last_used')) return row.lastUsedAtMs ?? -Infinity
          return row.id
        })
        const inOrder = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        t.same(values, sort.startsWith('-') ? inOrder.toReversed() : inOrder, `${kind}, ${sort}`)
      }
    }
  }
})

void t.test('a use that was noted at the secret alone loses no key from the list', async (t) => {
  const { db } = await createDatabase(t)
  await seedMany(db, 60)
  for (const noted of ['none', 'some', 'all']) {
    if (noted === 'some')
      await db.query(`INSERT INTO key_use SELECT key_id, date_trunc('minute', now() - interval '1 hour' * (1 + random()), 'UTC')
        FROM key_secret WHERE last_used_at IS NOT NULL AND key_id < 'key_0000000000000031'`)
    if (noted === 'all') await noteKeyUses(db)
    for (const sort of ['last_used', '-last_used'] as const) {
      const rows = await pagesOf(db, { sort })
      t.equal(rows.length, 60, `${noted}, ${sort}`)
      t.equal(new Set(rows.map(({ id }) => id)).size, 60, `${noted}, ${sort}`)
    }
  }
  const used = await db.query(`SELECT s.key_id FROM key_secret s LEFT JOIN key_use u USING (key_id)
    WHERE u.minute IS DISTINCT FROM date_trunc('minute', s.last_used_at, 'UTC')`)
  t.same(used, [], 'and it is brought over')
})

void t.test('a page of keys in any order is read by an index', async (t) => {
  const { url, db } = await createDatabase(t)
  await seedMany(db, 20_000)
  await noteKeyUses(db)
  await buildSearchIndexes({ url, applicationName })
  await db.query('ANALYZE')
  for (const sort of keySorts) {
    const asked = plansOf(db)
    const first = await listKeys(asked, { ...view, sort }, { after: null, limit: 50 })
    await listKeys(asked, { ...view, sort }, { after: first.rows.at(-1)?.id ?? null, limit: 50 })
    t.notMatch(asked.plans(), /Seq Scan on (?:api_key|key_secret)\b/, sort)
  }
})

void t.test('a key of somebody else is no place to go on from', async (t) => {
  const { db } = await createDatabase(t)
  const own = await seedMany(db, 20)
  const other = await seedMerchant(db)
  await db.query(`UPDATE api_key SET merchant_id = $1 WHERE id = 'key_0000000000000010'`, [other])
  const scope = { merchantIds: [own], apis: null }
  for (const sort of ['name', '-name', 'expires', '-expires', 'last_used', '-last_used'] as const)
    for (const after of ['key_0000000000000010', 'key_9999999999999999']) {
      const page = await listKeys(db, { ...view, scope, sort }, { after, limit: 50 })
      t.same(page.rows, [], `${sort}, ${after}`)
    }
  const page = await listKeys(db, { ...view, scope, sort: 'name' }, { after: null, limit: 5 })
  const rest = await listKeys(
    db,
    { ...view, scope, sort: 'name' },
    { after: page.rows.at(-1)?.id ?? '', limit: 50 },
  )
  t.equal(rest.rows.length, 14)
})
