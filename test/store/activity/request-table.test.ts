import t from 'tap'
import {
  addRequests,
  findRequest,
  forgetRequests,
  listRequests,
  prepareRequests,
} from '../../../src/store/activity/request-table.ts'
import { everything } from '../../../src/store/scope.ts'
import { createDatabase as createBareDatabase } from '../../support/database.ts'
import { keptRequest } from '../seed.ts'

const dayMs = 86_400_000

/** With the days that are written to. */
async function createDatabase(t: Parameters<typeof createBareDatabase>[0]) {
  const database = await createBareDatabase(t)
  await prepareRequests(database.db)
  return database
}

void t.test('a request is found as it was kept, whatever its id', async (t) => {
  const { db } = await createDatabase(t)
  const refused = keptRequest({ id: 'a.b:c@d+e/f={g}-h', required: ['a.read', 'b.write'] })
  const failed = keptRequest({
    ...{
      id: 'req_2',
      merchantId: null,
      keyId: null,
      decision: 'error',
      code: 'UPSTREAM_ERROR',
      reason: 'reset',
    },
    ...{ status: 502, upstreamMs: 12.345, cut: 'upstream', upstreamStatus: 200 },
  })
  t.equal(await addRequests(db, [refused, failed]), 2)
  t.same(await findRequest(db, refused.id, everything), refused)
  t.same(await findRequest(db, 'req_2', everything), failed)
  t.equal(await findRequest(db, 'req_3', everything), undefined)
  t.equal(await addRequests(db, []), 0)
})

void t.test('a batch that comes again counts once; of one id twice the newest is found', async (t) => {
  const { db } = await createDatabase(t)
  const one = keptRequest({ id: 'req_1' })
  const later = { ...one, atMs: one.atMs + 5, reason: 'disabled' }
  t.equal(await addRequests(db, [one, later]), 2)
  t.equal(await addRequests(db, [one, later]), 2)
  t.same(await db.query('SELECT count(*) AS count FROM kept_request'), [{ count: 2 }])
  t.match(await findRequest(db, 'req_1', everything), { reason: 'disabled' })
})

void t.test('everybody sees their own requests alone', async (t) => {
  const { db } = await createDatabase(t)
  await addRequests(db, [
    keptRequest({ id: 'req_1', merchantId: 'mer_1', api: 'flintn' }),
    keptRequest({ id: 'req_2', merchantId: 'mer_2', api: 'flint' }),
    keptRequest({ id: 'req_3', merchantId: null, api: 'flintn' }),
  ])
  const seen = async (merchantIds: string[] | null, apis: string[] | null) => {
    const scope = { merchantIds, apis }
    const { rows } = await listRequests(db, { scope }, { after: null, limit: 10 })
    const found = []
    for (const id of ['req_1', 'req_2', 'req_3']) if (await findRequest(db, id, scope)) found.push(id)
    t.same(rows.map(({ id }) => id).toSorted(), found)
    return found
  }
  t.same(await seen(null, null), ['req_1', 'req_2', 'req_3'])
  t.same(await seen(['mer_1'], null), ['req_1'])
  t.same(await seen(null, ['flintn']), ['req_1', 'req_3'])
  t.same(await seen(['mer_2'], ['flintn']), [])
  t.same(await seen([], null), [])
})

void t.test('the list goes from the newest on, page by page, by key, merchant, code and time', async (t) => {
  const { db } = await createDatabase(t)
  const atMs = Date.now() - 60_000
  await addRequests(
    db,
    Array.from({ length: 7 }, (_, i) =>
      keptRequest({
        ...{
          id: `req_${i}`,
          atMs: atMs + Math.floor(i / 2),
          keyId: `key_${i % 2}`,
          merchantId: `mer_${i % 3}`,
        },
        code: i % 2 === 0 ? 'INVALID_API_KEY' : 'UPSTREAM_ERROR',
      }),
    ),
  )
  const ids = async (filter: object) => {
    const { rows } = await listRequests(db, { scope: everything, ...filter }, { after: null, limit: 10 })
    return rows.map(({ id }) => id.slice(4)).join('')
  }
  t.equal(await ids({}), '6543210')
  t.equal(await ids({ keyId: 'key_1' }), '531')
  t.equal(await ids({ merchantId: 'mer_0' }), '630')
  t.equal(await ids({ code: 'UPSTREAM_ERROR', merchantId: 'mer_1' }), '1')
  t.equal(await ids({ sinceMs: atMs + 1, untilMs: atMs + 3 }), '5432')
  let seen = ''
  let after: { atMs: number; id: string } | null = null
  for (;;) {
    const page: Awaited<ReturnType<typeof listRequests>> = await listRequests(
      db,
      { scope: everything },
      { after, limit: 2 },
    )
    seen += page.rows.map(({ id }) => id.slice(4)).join('')
    after = page.rows.at(-1) ?? null
    if (!page.hasMore) break
  }
  t.equal(seen, '6543210')
})

void t.test('days are made once, and what belongs to none that is made is not kept', async (t) => {
  const { db } = await createBareDatabase(t)
  t.same([await prepareRequests(db), await prepareRequests(db)], [4, 0])
  const [{ name } = { name: '' }] = await db.query<{ name: string }>(
    `SELECT max(c.relname)::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'kept_request'::regclass`,
  )
  await db.query(`DROP TABLE ${name}`)
  const made = await Promise.all(Array.from({ length: 5 }, () => prepareRequests(db)))
  t.equal(
    made.reduce((sum, one) => sum + one, 0),
    1,
  )
  const now = Date.now()
  const times = [now - 3 * dayMs, now, now + 5 * dayMs]
  t.equal(
    await addRequests(
      db,
      times.map((atMs, i) => keptRequest({ id: `req_${i}`, atMs })),
    ),
    1,
  )
})

void t.test('whatever a session says of dates and zones, days begin at midnight UTC', async (t) => {
  const { db } = await createDatabase(t)
  await db.transaction(async (tx) => {
    await tx.query(`SET LOCAL TimeZone TO 'Asia/Kolkata'`)
    await tx.query(`SET LOCAL DateStyle TO 'German'`)
    await tx.query('SELECT prepare_requests(9)')
  })
  const bounds = await db.query<{ bounds: string }>(
    `SELECT pg_get_expr(c.relpartbound, c.oid) AS bounds FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'kept_request'::regclass`,
  )
  t.equal(bounds.length, 11)
  for (const one of bounds)
    t.match(one.bounds, /^FOR VALUES FROM \('\S+ 00:00:00\+00'\) TO \('\S+ 00:00:00\+00'\)$/)
})

void t.test('a day is forgotten 7 days after its end, and what is older is not shown before', async (t) => {
  const { db } = await createDatabase(t)
  // In days of their own, as a week ago they were made.
  const insert = async (id: string, daysAgo: number) => {
    const day = new Date(Date.now() - daysAgo * dayMs).toISOString().slice(0, 10)
    const next = new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10)
    await db.query(
      `CREATE TABLE IF NOT EXISTS kept_request_${day.replaceAll('-', '')} PARTITION OF kept_request
       FOR VALUES FROM ('${day}+00') TO ('${next}+00')`,
    )
    await db.query(
      `INSERT INTO kept_request SELECT $1, now() - $2 * interval '24 hours', method, api, environment, route, merchant_id,
         key_id, decision, code, reason, required, cut, status, upstream_status, total_ms, gateway_ms, upstream_ms, client_ms,
         held_ms FROM kept_request WHERE id = 'req_0'`,
      [id, daysAgo],
    )
  }
  await addRequests(db, [keptRequest({ id: 'req_0' })])
  for (const [id, daysAgo] of [
    ['req_old', 9],
    ['req_over', 7.01],
    ['req_kept', 6.9],
  ] as const)
    await insert(id, daysAgo)
  const { rows } = await listRequests(db, { scope: everything }, { after: null, limit: 10 })
  t.same(rows.map(({ id }) => id).toSorted(), ['req_0', 'req_kept'])
  t.equal(await findRequest(db, 'req_over', everything), undefined)
  t.equal(await forgetRequests(db), 1)
  t.same(await db.query(`SELECT id FROM kept_request WHERE id = 'req_old'`), [])
  t.equal(await forgetRequests(db), 0)
  await t.rejects(db.query('SELECT forget_requests(now())'), { code: '22023' })
})
