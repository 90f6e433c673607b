// Keys found by a part of their name, their id or their last four characters, among a million (the long form; some
// thousands otherwise), as the admin API is asked for them.

import t from 'tap'
import { listKeys } from '../../src/store/keys/key-table.ts'
import { createPostgres, openSession, type Queryable } from '../../src/store/postgres.ts'
import { buildSearchIndexes } from '../../src/store/keys/search-table.ts'
import { createDatabase } from '../support/database.ts'
import { startTestProgram } from '../support/program.ts'
import { rowsReadOf } from '../support/rows-read.ts'
import { isLong, writeRow } from './table.ts'
import { postgresVersion } from './versions.ts'
import { everything } from '../../src/store/scope.ts'

t.setTimeout(1_800_000)
const count = isLong ? 1_000_000 : 40_000
const applicationName = 'latchkey-test'
const merchantOf = (n: number) => `mer_${String(n).padStart(26, '0')}`

/** Older first. Every fifth belongs to one merchant, the rest to a thousand others. */
async function seed(session: Queryable): Promise<void> {
  await session.query(
    `INSERT INTO merchant (id, name, status, created_at, revision)
     SELECT 'mer_' || lpad(n::text, 26, '0'), 'Merchant ' || n, 'active', now(), 0 FROM generate_series(0, 1000) n`,
  )
  await session.query(
    `INSERT INTO api_key (id, merchant_id, api, environment, name, status, prefix, permissions, created_at, revision)
     SELECT 'key_' || lpad(upper(to_hex(n)), 10, '0') || upper(substr(md5('id' || n), 1, 16)),
       'mer_' || lpad((CASE WHEN n % 5 = 0 THEN 0 ELSE 1 + n * 7919::bigint % 1000 END)::text, 26, '0'),
       CASE WHEN n % 3 = 0 THEN 'flint' ELSE 'flintn' END, CASE WHEN n % 4 = 0 THEN 'sandbox' ELSE 'live' END,
       (ARRAY['Checkout', 'Payroll', 'Backoffice', 'Terminal', 'Reporting'])[1 + n % 5] || ' ' || substr(md5('name' || n), 1, 6)
         || CASE WHEN n % (${count} / 10) = 7 THEN ' Zirkonia' WHEN n % 1000 = 3 THEN ' Tausend'
              WHEN n < ${count} / 20 THEN ' Vorjahr' ELSE '' END,
       CASE WHEN n % 50 = 0 THEN 'revoked' ELSE 'active' END, 'pk_live_', '{transaction.read,transaction.refund}', now(), n
     FROM generate_series(1, ${count}) n`,
  )
  await session.query(
    `INSERT INTO key_secret (id, key_id, digest, last4, created_at)
     SELECT 'sec' || substr(id, 4), id, sha256(id::bytea),
       translate(substr(encode(sha256(('last' || id)::bytea), 'base64'), 1, 4), '+/', 'xY'), created_at FROM api_key`,
  )
  await session.query(`UPDATE head SET revision = ${count}`)
}

t.test('names, ids and last four are found by index, with filters and from page to page', async (t) => {
  const { url, db: short } = await createDatabase(t)
  const session = await openSession({ url, applicationName })
  t.teardown(() => session.close())
  await seed(session)
  await buildSearchIndexes({ url, applicationName })
  await session.query('VACUUM ANALYZE')
  const [one] = await short.query<{ id: string; last4: string }>(
    `SELECT k.id, last4 FROM api_key k JOIN key_secret s ON key_id = k.id WHERE k.revision = $1`,
    [Math.floor(count / 2) + 1],
  )
  if (one === undefined) throw new Error('nothing was seeded')
  const { id, last4 } = one
  const { admin } = await startTestProgram(t, { databaseUrl: url })
  const took = new Map<string, number>()
  /** The fastest of three: what is asked the first time comes from the disk. */
  const ask = async (query: string): Promise<Record<string, unknown>> => {
    let fastest = Infinity
    let answer: Record<string, unknown> = {}
    for (let left = 3; left > 0; left--) {
      const startedAt = performance.now()
      const { status, body } = await admin.call('GET', `/keys?${query}`)
      fastest = Math.min(fastest, performance.now() - startedAt)
      t.equal(status, 200, `${query}: ${JSON.stringify(body).slice(0, 200)}`)
      answer = body
    }
    took.set(query, fastest)
    return answer
  }
  const idsOf = (body: Record<string, unknown>) => (body['data'] as { id: string }[]).map((key) => key.id)

  const few = [
    id,
    id.slice(14),
    last4,
    last4.slice(1),
    'zirkonia',
    'nowhere at all',
    'payroll zirkonia',
    'qqqqqq',
  ]
  const filters = [
    '',
    '&status=revoked',
    `&merchant_id=${merchantOf(0)}`,
    `&merchant_id=${merchantOf(7)}`,
    '&api=flint&environment=sandbox',
  ]
  for (const text of [...few, 'checkout', 'tausend']) {
    for (const filter of filters) {
      const first = await ask(`q=${encodeURIComponent(text)}${filter}`)
      const cursor = first['next_cursor']
      if (typeof cursor !== 'string') continue
      const second = await ask(`q=${encodeURIComponent(text)}${filter}&cursor=${cursor}`)
      t.ok(Math.max(...[second].map((page) => idsOf(page).length)) > 0)
      t.ok((idsOf(second)[0] ?? '') < (idsOf(first).at(-1) ?? ''), `${text}: older ones follow`)
    }
  }
  t.same(idsOf(await ask(`q=${id}`)), [id])
  t.ok(idsOf(await ask(`q=${encodeURIComponent(last4)}`)).includes(id))
  t.equal(idsOf(await ask('q=ZIRKONIA')).length, 10)

  const patient = createPostgres({ url, applicationName, queryTimeoutMs: 60_000 })
  t.teardown(() => patient.close())
  const watched = rowsReadOf(patient, 'api_key')
  const read = async (text: string) => {
    await listKeys(watched, { text, nowMs: Date.now(), scope: everything }, { after: null, limit: 50 })
    return watched.rows()
  }
  // The newest two thousand, twice, and what the index proposes: the same for forty thousand keys and for a million.
  for (const text of few) t.ok((await read(text)) < 10_000, text)
  // What a twentieth has, and none of the newest: what has it is looked at, not all that has not.
  if (isLong) t.ok((await read('vorjahr')) < 200_000)
  const times = [...took.values()].toSorted((a, b) => a - b)
  const [slowest] = [...took].toSorted(([, a], [, b]) => b - a)
  const middle = times[Math.floor(times.length / 2)] ?? 0
  const old = await ask('q=vorjahr')
  t.ok(idsOf(old).length > 0)
  writeRow(
    'Postgres, searches by name, id and last four among a million keys',
    `Postgres ${await postgresVersion(short)}`,
    `${took.size - 1} different questions: half within ${Math.ceil(middle)} ms, the longest ${Math.ceil(slowest?.[1] ?? 0)} ms; ` +
      `a word that 50,000 of the oldest have ${Math.ceil(took.get('q=vorjahr') ?? 0)} ms`,
  )
})
