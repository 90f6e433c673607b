import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import type { Postgres } from '../../../src/store/postgres.ts'
import { everything } from '../../../src/store/scope.ts'
import { typeOf } from '../../../src/store/webhooks/webhook-catalogue.ts'
import { pruneDeliveries } from '../../../src/store/webhooks/webhook-delivery-table.ts'
import {
  dueEndpoints,
  endLease,
  holdLease,
  nextOutgoing,
  passBy,
  readFigures,
  recordDelivered,
} from '../../../src/store/webhooks/webhook-sending-table.ts'
import { createEndpoint, deleteEndpoint } from '../../../src/store/webhooks/webhook-endpoint-change-table.ts'
import { pruneEndpoints } from '../../../src/store/webhooks/webhook-endpoint-table.ts'
import { addEvents, pruneEvents, takeChanges } from '../../../src/store/webhooks/webhook-event-table.ts'
import { createDatabase } from '../../support/database.ts'
import { seedKey } from '../seed.ts'

const nowMs = Date.now()
const origin = { actor: 'ann', requestId: 'req_1', nowMs, scope: everything }
const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 20)}`

async function makeEndpoint(db: Postgres, id = 'whk_1'): Promise<void> {
  const secret = { id: `${id}s`, sealed: 'v1.x.y', last4: 'abcd' }
  const about = { merchantId: null, api: null, name: null, url: 'https://a.example/', events: ['*'] }
  await createEndpoint(db, origin, { id, ...about, secret })
}

async function take(db: Postgres): Promise<number> {
  return takeChanges(db, newId, () => false)
}

async function typesIn(db: Postgres): Promise<string[]> {
  const rows = await db.query<{ type: string }>('SELECT type FROM webhook_event ORDER BY seq')
  return rows.map(({ type }) => type)
}

async function insertEntries(db: Postgres, count: number, action: string): Promise<void> {
  await db.query(
    `WITH head AS (UPDATE head SET revision = revision + $1 RETURNING revision)
     INSERT INTO audit (actor, action, target, after, request_id, at, revision)
     SELECT 'ann', $2, 'key_' || n, jsonb_build_object('merchant_id', 'mer_1', 'api', 'flintn', 'n', n), 'req_1', now(),
       head.revision - $1 + n FROM head, generate_series(1, $1::integer) n ORDER BY n`,
    [count, action],
  )
}

void t.test(
  'each change is taken once, in order, also by many at once; what is no change is not',
  async (t) => {
    const { db } = await createDatabase(t)
    await makeEndpoint(db)
    await insertEntries(db, 2_500, 'key.update')
    await insertEntries(db, 1, 'merchant.update')
    await Promise.all([take(db), take(db), take(db)])
    const rows = await db.query<{ seq: number; n: number }>(
      `SELECT seq, (payload::jsonb #>> '{data,n}')::integer AS n FROM webhook_event ORDER BY seq`,
    )
    t.equal(rows.length, 2_500)
    t.ok(rows.every(({ seq, n }, index) => seq === index + 1 && n === index + 1))
    t.equal(await take(db), 0)
  },
)

void t.test(
  'a change that is not committed yet holds up those behind it, and is not passed by',
  async (t) => {
    const { db } = await createDatabase(t)
    await makeEndpoint(db)
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    let isIn = () => {}
    const inside = new Promise<void>((resolve) => (isIn = resolve))
    const first = db.transaction(async (tx) => {
      await tx.query('UPDATE head SET revision = revision + 1')
      await tx.query(
        `INSERT INTO audit (actor, action, target, after, request_id, at, revision)
       VALUES ('ann', 'key.create', 'key_a', '{}', 'req_1', now(), 1)`,
      )
      isIn()
      await held
    })
    await inside
    // Has a higher number, and is committed before: no change, so it waits for nobody.
    await db.query(
      `INSERT INTO audit (actor, action, target, request_id, at, revision) VALUES ('ann', 'audit.read', 'audit', 'r', now(), 0)`,
    )
    t.equal(await take(db), 0)
    release()
    await first
    await insertEntries(db, 1, 'key.revoke')
    await take(db)
    t.same(await typesIn(db), ['api_key.created', 'api_key.revoked'])
  },
)

void t.test('a report of an exposed key is taken, also one that was committed late, and once', async (t) => {
  const { db } = await createDatabase(t)
  await makeEndpoint(db)
  const { keyId } = await seedIds(t, db)
  const expose = `INSERT INTO audit (actor, action, target, after, request_id, at, revision)
    SELECT 'ann', 'key.exposed', $1, '{"url":"https://x.example"}', 'req_2', now(), revision FROM head`
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  let isIn = () => {}
  const inside = new Promise<void>((resolve) => (isIn = resolve))
  const late = db.transaction(async (tx) => {
    await tx.query(expose, [keyId])
    isIn()
    await held
  })
  await inside
  await insertEntries(db, 1, 'key.update')
  await take(db)
  release()
  await late
  await take(db)
  await take(db)
  const types = await typesIn(db)
  t.same(types.filter((type) => type === 'api_key.exposed').length, 1)
  const [row] = await db.query<{ payload: string }>(
    `SELECT payload FROM webhook_event WHERE type = 'api_key.exposed'`,
  )
  t.match(JSON.parse(row?.payload ?? ''), { data: { id: keyId, exposure: { url: 'https://x.example' } } })
})

async function seedIds(t: Test, db: Postgres): Promise<{ keyId: string }> {
  await seedKey(db)
  const [row] = await db.query<{ id: string }>('SELECT id FROM api_key')
  t.ok(row)
  return { keyId: row?.id ?? '' }
}

void t.test('where nobody is to be told nothing is kept', async (t) => {
  const { db } = await createDatabase(t)
  await insertEntries(db, 3, 'key.update')
  t.equal(await take(db), 3)
  t.same(await typesIn(db), [])
  await makeEndpoint(db)
  t.equal(await take(db), 0)
})

void t.test('one has the lease, until it ends or lets go', async (t) => {
  const { db } = await createDatabase(t)
  t.ok(await holdLease(db, 'a', 60_000))
  t.ok(await holdLease(db, 'a', 60_000))
  t.notOk(await holdLease(db, 'b', 60_000))
  await endLease(db, 'b')
  t.notOk(await holdLease(db, 'b', 60_000), 'nobody ends another’s')
  await endLease(db, 'a')
  t.ok(await holdLease(db, 'b', 1))
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.ok(await holdLease(db, 'a', 60_000), 'a dead one’s is over')
})

void t.test('what is delivered is passed, and old rows go', async (t) => {
  const { db } = await createDatabase(t)
  await makeEndpoint(db)
  await insertEntries(db, 2, 'key.update')
  await take(db)
  const due = () => dueEndpoints(db, { nowMs, besides: [], most: 5 })
  t.match(await due(), [{ id: 'whk_1', isFailing: false }])
  t.same(await dueEndpoints(db, { nowMs, besides: ['whk_1'], most: 5 }), [])
  for (let count = 0; count < 2; count++) {
    const outgoing = await nextOutgoing(db, 'whk_1', nowMs)
    if (outgoing === undefined) throw new Error('nothing to send')
    const made = {
      atMs: nowMs,
      status: 'delivered',
      responseStatus: 200,
      error: null,
      durationMs: 1,
    } as const
    await recordDelivered(db, { deliveryId: newId('dlv'), outgoing, ...made })
  }
  t.equal(await nextOutgoing(db, 'whk_1', nowMs), undefined)
  t.same(await due(), [])
  t.match(await readFigures(db), { enabled: 1, failing: 0, disabled: 0, oldestSeconds: 0 })
  await db.transaction((tx) =>
    addEvents(tx, [
      {
        ...{ id: 'evt_9', type: 'webhook.test', merchantId: null, api: null, entry: null, revision: null },
        ...{ endpointId: 'other', payload: '{}', atMs: nowMs },
      },
    ]),
  )
  await passBy(db)
  t.same(await due(), [])
  t.equal(await pruneEvents(db, 60_000), 0)
  await db.query(`UPDATE webhook_event SET created_at = created_at - interval '15 days'`)
  await db.query(`UPDATE webhook_delivery SET created_at = created_at - interval '15 days'`)
  t.equal(await pruneEvents(db, 14 * 86_400_000), 3)
  t.equal(await pruneDeliveries(db, 14 * 86_400_000), 2)
})

void t.test('what is told of the audit is told by its name', async (t) => {
  t.equal(typeOf('key.import'), 'api_key.created')
  t.equal(typeOf('token.create'), undefined)
  t.equal(typeOf('constructor'), undefined)
})

void t.test('endpoints that were deleted long ago are forgotten, and no others', async (t) => {
  const { db } = await createDatabase(t)
  for (const id of ['whk_1', 'whk_2', 'whk_3']) await makeEndpoint(db, id)
  for (const id of ['whk_1', 'whk_2']) await deleteEndpoint(db, origin, id)
  await db.query(`UPDATE webhook_endpoint SET deleted_at = now() - interval '31 days' WHERE id = 'whk_1'`)
  const thirtyDays = 30 * 86_400_000
  // What became of telling it is still there.
  await db.query(
    `INSERT INTO webhook_delivery (id, endpoint_id, seq, event_id, type, status, attempts, created_at)
     VALUES ('dlv_1', 'whk_1', 1, 'evt_1', 'webhook.test', 'pending', 0, now())`,
  )
  t.equal(await pruneEndpoints(db, thirtyDays), 0)
  await db.query('DELETE FROM webhook_delivery')
  t.equal(await pruneEndpoints(db, thirtyDays), 1)
  t.same(await db.query('SELECT id FROM webhook_endpoint ORDER BY id'), [{ id: 'whk_2' }, { id: 'whk_3' }])
})
