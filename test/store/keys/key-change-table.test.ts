import t from 'tap'
import { createKey, patchKey, transitionKey } from '../../../src/store/keys/key-change-table.ts'
import { getKey } from '../../../src/store/keys/key-table.ts'
import { createDatabase } from '../../support/database.ts'
import { keyOf, newId, nowMs, origin, seedKey, seedMerchant, view } from '../seed.ts'

void t.test('a new key is there as it was asked for', async (t) => {
  const { db } = await createDatabase(t)
  const key = keyOf(await seedMerchant(db), 'abcdef')
  await createKey(db, origin, { ...key, expiresAtMs: nowMs + 1000 })
  const { secret, ...rest } = key
  t.same(await getKey(db, key.id, view), {
    ...rest,
    status: 'active',
    limits: null,
    expiresAtMs: nowMs + 1000,
    createdAtMs: nowMs,
    lastUsedAtMs: null,
    revision: 2,
    secrets: [{ id: secret.id, last4: 'cdef', createdAtMs: nowMs, expiresAtMs: null, lastUsedAtMs: null }],
    ...{ metadata: {}, owner: null, createdBy: 'ann', exposedAtMs: null, brakes: [] },
  })
})

void t.test('a key of an unknown merchant is refused and nothing is made', async (t) => {
  const { db } = await createDatabase(t)
  const key = keyOf(newId('mer'))
  await t.rejects(createKey(db, origin, key), {
    message: 'VALIDATION_FAILED: unknown_merchant',
  })
  t.equal(await getKey(db, key.id, view), undefined)
})

void t.test('a patch changes what it names; one that changes nothing takes no revision', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  const patch = { permissions: ['a', 'b'], expiresAtMs: nowMs + 5 }
  const { object } = await patchKey(db, origin, { id, patch, ifRevision: 2 })
  t.match(object, { name: 'Checkout', permissions: ['a', 'b'], expiresAtMs: nowMs + 5, revision: 3 })
  t.match(await patchKey(db, origin, { id, patch, ifRevision: null }), {
    change: null,
    object: { revision: 3 },
  })
  const cleared = await patchKey(db, origin, { id, patch: { expiresAtMs: null }, ifRevision: null })
  t.match(cleared.object, { expiresAtMs: null, permissions: ['a', 'b'], revision: 4 })
})

void t.test('of two patches from one revision one is made', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  const results = await Promise.allSettled(
    ['One', 'Two'].map((name) => patchKey(db, origin, { id, patch: { name }, ifRevision: 2 })),
  )
  t.match(
    results.find(({ status }) => status === 'rejected'),
    { reason: { denial: { code: 'REVISION_CONFLICT' } } },
  )
  t.equal((await getKey(db, id, view))?.revision, 3)
})

void t.test('a revoked key stays as it is; revoking it again is no fault', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  await transitionKey(db, origin, { id, action: 'revoke' })
  t.match(await transitionKey(db, origin, { id, action: 'revoke' }), {
    change: null,
    object: { status: 'revoked' },
  })
  for (const action of ['enable', 'disable'] as const) {
    await t.rejects(transitionKey(db, origin, { id, action }), { message: /^KEY_REVOKED/ })
  }
  await t.rejects(patchKey(db, origin, { id, patch: { name: 'x' }, ifRevision: null }), {
    message: /^KEY_REVOKED/,
  })
  await t.rejects(transitionKey(db, origin, { id: newId('key'), action: 'revoke' }), {
    message: /^NOT_FOUND/,
  })
})
