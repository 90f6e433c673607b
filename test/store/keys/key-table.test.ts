import t from 'tap'
import { createKey, transitionKey } from '../../../src/store/keys/key-change-table.ts'
import { type KeyFilter, listKeys } from '../../../src/store/keys/key-table.ts'
import { createDatabase } from '../../support/database.ts'
import { keyOf, nowMs, origin, seedMerchant, view } from '../seed.ts'

void t.test('filters narrow the list, and all of them must hold', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const live = { ...keyOf(merchantId, 'secret-AAAA'), name: '100% Shop_x' }
  const sandbox = { ...keyOf(merchantId, 'secret-BBBB'), environment: 'sandbox', api: 'flint' } as const
  const other = keyOf(await seedMerchant(db), 'secret-CCCC')
  for (const key of [live, sandbox, other]) await createKey(db, origin, key)
  await transitionKey(db, origin, { id: other.id, action: 'disable' })
  const found = async (filter: KeyFilter) => {
    const page = await listKeys(db, { ...filter, ...view }, { after: null, limit: 10 })
    return page.rows.map(({ id }) => id)
  }
  t.same(await found({}), [other.id, sandbox.id, live.id])
  t.same(await found({ merchantId }), [sandbox.id, live.id])
  t.same(await found({ merchantId, environment: 'live' }), [live.id])
  t.same(await found({ api: 'flint' }), [sandbox.id])
  t.same(await found({ status: 'disabled' }), [other.id])
  t.same(await found({ status: 'expired' }), [])
  const past = { ...keyOf(merchantId, 'secret-DDDD'), expiresAtMs: nowMs }
  const later = { ...keyOf(merchantId, 'secret-EEEE'), expiresAtMs: nowMs + 1 }
  const dead = { ...keyOf(merchantId, 'secret-FFFF'), expiresAtMs: nowMs }
  for (const key of [past, later, dead]) await createKey(db, origin, key)
  await transitionKey(db, origin, { id: dead.id, action: 'disable' })
  t.same(await found({ status: 'expired' }), [past.id], 'the active ones whose time is over')
  t.same(await found({ text: 'shop_' }), [live.id], 'no wildcards: the text itself')
  t.same(await found({ text: '0%' }), [live.id])
  t.same(await found({ text: 'bbb' }), [sandbox.id])
  t.same(await found({ last4: 'BBBB' }), [sandbox.id])
  t.same(await found({ last4: 'bbbb' }), [], 'case counts, unlike in a text')
  t.same(await found({ last4: 'BBBB', api: 'flintn' }), [])
  t.same(await found({ text: other.id.slice(4) }), [other.id])
  t.same(await found({ text: 'nowhere' }), [])
})

void t.test('pages join without a gap or a repeat', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const keys = Array.from({ length: 5 }, () => keyOf(merchantId))
  for (const key of keys) await createKey(db, origin, key)
  const first = await listKeys(db, { ...view }, { after: null, limit: 3 })
  const second = await listKeys(db, { ...view }, { after: first.rows[2]?.id ?? '', limit: 3 })
  t.same([first.hasMore, second.hasMore], [true, false])
  t.same(
    [...first.rows, ...second.rows].map(({ id }) => id),
    keys.map(({ id }) => id).toReversed(),
  )
})
