// Contract 11: what brakes do to a key, and how it is undone.

import t from 'tap'
import type { Brake } from '../../../src/config/brakes.ts'
import {
  chainBeginning,
  sealAudit,
  verifyEnd,
  verifyLinks,
} from '../../../src/store/audit/audit-chain-table.ts'
import { addKeyAddresses } from '../../../src/store/keys/key-address-table.ts'
import {
  pruneBrakes,
  pullBrake,
  releaseBrakes,
  settleBrakes,
} from '../../../src/store/keys/key-brake-table.ts'
import { createKey, patchKey, transitionKey } from '../../../src/store/keys/key-change-table.ts'
import { getKey } from '../../../src/store/keys/key-table.ts'
import { takeChanges } from '../../../src/store/webhooks/webhook-event-table.ts'
import { createDatabase } from '../../support/database.ts'
import { keyOf, newId, nowMs, origin, originAt, seedMerchant, view } from '../seed.ts'

const dayMs = 86_400_000

async function createSubject(t: Parameters<typeof createDatabase>[0]) {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const key = keyOf(merchantId)
  await createKey(db, originAt(nowMs - 60 * dayMs), key)
  const told: string[] = []
  const brakeOf = (action: Brake['action'], name = 'refund_burst'): Brake => ({
    ...{ api: 'flintn', name, permission: 'transaction.refund', action },
    ...{ routes: ['POST /v1/refunds'], times: 5, floor: 20 },
  })
  return {
    db,
    id: key.id,
    told,
    pull: (action: Brake['action'], { isNew = false, atMs = nowMs, name = 'refund_burst' } = {}) =>
      pullBrake(db, originAt(atMs), {
        brake: brakeOf(action, name),
        burst: { keyId: key.id, merchantId, count: 50, usual: 2, isNew },
        async beside(_, pulled) {
          told.push(`${pulled.action} ${pulled.instead}`)
        },
      }),
    async standing() {
      const found = await getKey(db, key.id, view)
      return [found?.status, found?.limits?.allowedIps ?? []]
    },
    audit: () =>
      db.query<{ action: string; after: object; revision: number }>(
        'SELECT action, after, revision FROM audit WHERE target = $1 ORDER BY id',
        [key.id],
      ),
    used: (...addresses: string[]) =>
      addKeyAddresses(
        db,
        addresses.map((address) => ({ keyId: key.id, address })),
        nowMs - 3 * dayMs,
      ),
  }
}

void t.test(
  'one that notifies tells once a day, in audit and webhooks, and leaves the key as it is',
  async (t) => {
    const { db, id, told, pull, standing, audit } = await createSubject(t)
    await db.query(
      `INSERT INTO webhook_endpoint (id, url, events, status, created_at, created_by, cursor_seq, first_revision)
     VALUES ('whk_a', 'https://hooks.example', '{*}', 'enabled', now(), 'test', 0, 0)`,
    )
    t.ok((await pull('notify')).change)
    t.equal((await pull('notify')).change, null)
    t.same(await standing(), ['active', []])
    t.same(told, ['notify null'])
    const [, entry] = await audit()
    t.match(entry, {
      action: 'key.braked',
      after: {
        api: 'flintn',
        brake: {
          name: 'refund_burst',
          permission: 'transaction.refund',
          action: 'notify',
          requests: 50,
          usual: 2,
        },
      },
    })
    await takeChanges(
      db,
      () => newId('evt'),
      () => false,
    )
    const events = await db.query<{ type: string; payload: string; merchant_id: string }>(
      `SELECT type, payload, merchant_id FROM webhook_event WHERE type = 'api_key.braked'`,
    )
    t.equal(events.length, 1)
    t.match(JSON.parse(events[0]?.payload ?? ''), {
      data: { id, brake: { name: 'refund_burst', requests: 50 } },
    })
    t.type(events[0]?.merchant_id, 'string')
    t.ok((await pull('notify', { atMs: nowMs + dayMs })).change, 'and the next day again')
  },
)

void t.test('of many at once, one disables the key; a release enables it', async (t) => {
  const { db, id, told, pull, standing, audit } = await createSubject(t)
  const made = await Promise.all(Array.from({ length: 6 }, () => pull('disable')))
  t.equal(made.filter(({ change }) => change !== null).length, 1)
  t.same(told, ['disable null'])
  t.same(await standing(), ['disabled', []])
  t.equal(await settleBrakes(db, nowMs), 1)
  const { change } = await releaseBrakes(db, origin, id)
  t.ok(change)
  t.same(await standing(), ['active', []])
  t.equal((await releaseBrakes(db, origin, id)).change, null, 'a repeat changes nothing')
  const entries = await audit()
  t.same(
    entries.map(({ action }) => action),
    ['key.create', 'key.braked', 'key.disable', 'key.enable'],
  )
  t.equal(entries[1]?.revision, entries[2]?.revision)
  t.equal(await settleBrakes(db, nowMs), 0)
})

void t.test('a key may be restricted to where it was used from, and is given back what it had', async (t) => {
  const { db, id, told, pull, standing, used } = await createSubject(t)
  await patchKey(db, origin, {
    ...{ id, ifRevision: null },
    patch: { limits: { allowedIps: ['192.0.2.0/24', '2001:db8::/32'], inFlight: 7 } },
  })
  await used('192.0.2.7', '198.51.100.1', '2001:db8:0:1::/64')
  await pull('require_ip')
  t.same(told, ['require_ip null'])
  t.same(await standing(), ['active', ['192.0.2.7', '2001:db8:0:1::/64']], 'and never to more than it had')
  await db.query(`DELETE FROM key_address WHERE address = '192.0.2.7'`)
  await pull('require_ip', { name: 'another' })
  t.same(await standing(), ['active', ['2001:db8:0:1::/64']])
  t.equal(await settleBrakes(db, nowMs), 1)
  await releaseBrakes(db, origin, id)
  t.same(await standing(), ['active', ['192.0.2.0/24', '2001:db8::/32']])
  t.match((await getKey(db, id, view))?.limits, { inFlight: 7 })
})

void t.test('what somebody has changed since stays as it is, and the brake is released', async (t) => {
  const { db, id, pull, standing, used } = await createSubject(t)
  await used('192.0.2.7')
  await pull('require_ip')
  await patchKey(db, origin, { id, ifRevision: null, patch: { limits: { allowedIps: ['192.0.2.9'] } } })
  await releaseBrakes(db, origin, id)
  t.same(await standing(), ['active', ['192.0.2.9']])

  await pull('disable', { name: 'other' })
  await transitionKey(db, origin, { id, action: 'enable' })
  t.equal(await settleBrakes(db, nowMs), 0, 'who enables the key has released it')
  t.ok((await pull('disable', { name: 'other' })).change, 'so it may be pulled again')
  await transitionKey(db, origin, { id, action: 'revoke' })
  await releaseBrakes(db, origin, id)
  t.same((await standing())[0], 'revoked')
})

void t.test('where it cannot be done, or nobody knows what is usual, it is told instead', async (t) => {
  const { told, pull, standing, used } = await createSubject(t)
  await pull('disable', { isNew: true, name: 'a' })
  await pull('require_ip', { name: 'b' })
  await used(...Array.from({ length: 101 }, (_, i) => `192.0.2.${i}`))
  await pull('require_ip', { name: 'c' })
  t.same(told, ['notify new_key', 'notify no_addresses', 'notify many_addresses'])
  t.same(await standing(), ['active', []])
})

void t.test('brakes that hold nobody are forgotten', async (t) => {
  const { db, pull } = await createSubject(t)
  await pull('disable')
  t.equal(await pruneBrakes(db, 1_000, 10), 0)
  await db.query(`UPDATE key_brake SET released_at = now() - interval '1 hour'`)
  t.equal(await pruneBrakes(db, 1_000, 10), 1)
})

void t.test('a key tells the brakes that hold it, and for a day those that told of it', async (t) => {
  const { db, id, pull } = await createSubject(t)
  const told = async (afterMs = 0) => {
    const found = await getKey(db, id, { ...view, nowMs: nowMs + afterMs })
    return found?.brakes.map(({ name, action, pulledAtMs, endsAtMs }) => [name, action, pulledAtMs, endsAtMs])
  }
  await pull('notify', { name: 'reads' })
  await pull('disable', { atMs: nowMs + 1 })
  const notice = ['reads', 'notify', nowMs, nowMs + dayMs]
  t.same(await told(2), [['refund_burst', 'disable', nowMs + 1, null], notice])
  t.same(await told(dayMs), [['refund_burst', 'disable', nowMs + 1, null]])
  await transitionKey(db, originAt(nowMs + 2), { id, action: 'enable' })
  t.same(await told(3), [notice], 'what somebody has undone holds no more')
  await transitionKey(db, originAt(nowMs + 4), { id, action: 'disable' })
  await releaseBrakes(db, originAt(nowMs + 5), id)
  t.same(await told(6), [notice])
})

void t.test('the audit is whole where a brake has told, disabled and restricted', async (t) => {
  const { db, id, pull, used } = await createSubject(t)
  await used('203.0.113.4')
  await pull('notify', { name: 'reads' })
  await pull('require_ip', { name: 'lists' })
  await pull('disable')
  await releaseBrakes(db, originAt(nowMs + 5), id)
  await sealAudit(db, 100)
  t.match(await verifyLinks(db, chainBeginning, 100), { checked: 8, faults: [], isEnd: true })
  t.same(await verifyEnd(db, null), [])
})
