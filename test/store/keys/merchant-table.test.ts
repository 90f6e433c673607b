import t from 'tap'
import { getMerchant, listMerchants, transitionMerchant } from '../../../src/store/keys/merchant-table.ts'
import { everything } from '../../../src/store/scope.ts'
import { createDatabase } from '../../support/database.ts'
import { newId, nowMs, origin, seedMerchant } from '../seed.ts'

void t.test('a merchant is suspended and resumed; a repeat changes nothing', async (t) => {
  const { db } = await createDatabase(t)
  const id = await seedMerchant(db)
  t.same(await getMerchant(db, id, everything), {
    id,
    name: 'Acme',
    limits: null,
    status: 'active',
    createdAtMs: nowMs,
    revision: 1,
  })
  const suspended = await transitionMerchant(db, origin, { id, action: 'suspend' })
  t.match(suspended, { object: { status: 'suspended', revision: 2 }, change: { keyId: null, digests: [] } })
  const again = await transitionMerchant(db, origin, { id, action: 'suspend' })
  t.match(again, { object: { revision: 2 }, change: null })
  await transitionMerchant(db, origin, { id, action: 'resume' })
  t.match(await getMerchant(db, id, everything), { status: 'active', revision: 3 })
  await t.rejects(transitionMerchant(db, origin, { id: newId('mer'), action: 'suspend' }), {
    message: /^NOT_FOUND/,
  })
})

void t.test('merchants are listed newest first, a page at a time', async (t) => {
  const { db } = await createDatabase(t)
  const ids = [await seedMerchant(db), await seedMerchant(db), await seedMerchant(db)]
  const first = await listMerchants(db, { scope: everything }, { after: null, limit: 2 })
  t.match(first, { hasMore: true, rows: [{ id: ids[2] }, { id: ids[1] }] })
  t.match(await listMerchants(db, { scope: everything }, { after: ids[1] ?? '', limit: 2 }), {
    hasMore: false,
    rows: [{ id: ids[0] }],
  })
})

void t.test('a merchant that is not seen is no place to go on from', async (t) => {
  const { db } = await createDatabase(t)
  const ids = [await seedMerchant(db), await seedMerchant(db), await seedMerchant(db)]
  for (const [index, id] of ids.entries())
    await db.query('UPDATE merchant SET name = $2 WHERE id = $1', [id, 'abc'[index]])
  const scope = { merchantIds: [ids[0] ?? '', ids[2] ?? ''], apis: null }
  for (const sort of ['name', '-name'] as const)
    for (const after of [ids[1] ?? '', newId('mer')]) {
      const page = await listMerchants(db, { scope, sort }, { after, limit: 5 })
      t.same(page.rows, [], `${sort}, ${after}`)
    }
  const page = await listMerchants(db, { scope, sort: 'name' }, { after: ids[0] ?? '', limit: 5 })
  t.match(page.rows, [{ id: ids[2] }])
})
