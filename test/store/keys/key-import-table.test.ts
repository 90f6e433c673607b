import t from 'tap'
import { readChanges, readHead } from '../../../src/store/change-table.ts'
import { createKey, patchKey, transitionKey } from '../../../src/store/keys/key-change-table.ts'
import {
  compareKeys,
  type ImportedKey,
  importKeys,
  knownMerchants,
} from '../../../src/store/keys/key-import-table.ts'
import { getKey } from '../../../src/store/keys/key-table.ts'
import { createDatabase } from '../../support/database.ts'
import { keyOf, newId, nowMs, origin, seedMerchant, view } from '../seed.ts'

const beat = { id: 'i1', role: 'all', host: 'h', pid: 1, version: '1', appliedRevision: 0 }

function importedOf(merchantId: string, secret?: string, extra: Partial<ImportedKey> = {}): ImportedKey {
  const key = keyOf(merchantId, secret)
  return { ...key, prefix: '', status: 'active', isStatusSaid: false, ...extra }
}

void t.test('a batch takes as many revisions as it makes keys, each with outbox and audit', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const keys = [
    importedOf(merchantId, 'aaaa', { expiresAtMs: nowMs + 5 }),
    importedOf(merchantId, 'bbbb', { status: 'disabled', permissions: ['a', 'b'] }),
    importedOf(merchantId),
  ]
  const { outcomes, changes } = await importKeys(db, origin, keys)
  t.same(
    outcomes,
    keys.map(({ id }, index) => ({ kind: 'created', id, revision: index + 2 })),
  )
  const { head, changes: read } = await readChanges(db, { after: 1, limit: 10, beat })
  t.equal(head, 4)
  t.same(read, changes)
  t.same(
    changes.map(({ digests }) => digests),
    keys.map(({ secret }) => [secret.digest]),
  )
  const [first, second] = keys
  t.match(await getKey(db, first?.id ?? '', view), {
    prefix: '',
    status: 'active',
    expiresAtMs: nowMs + 5,
    createdAtMs: nowMs,
    revision: 2,
    secrets: [{ last4: 'aaaa', expiresAtMs: null }],
  })
  const audit = await db.query('SELECT actor, action, target, before, after, revision FROM audit ORDER BY id')
  t.match(audit[2], {
    actor: 'ann',
    action: 'key.import',
    target: second?.id,
    before: null,
    after: { status: 'disabled', permissions: ['a', 'b'], secrets: [{ last4: 'bbbb' }] },
    revision: 3,
  })
  t.notMatch(JSON.stringify(audit), second?.secret.digest)
})

void t.test('a repeat makes nothing; other data under a known digest is a conflict', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const key = importedOf(merchantId, 'aaaa')
  await importKeys(db, origin, [key])
  const again = (extra: Partial<ImportedKey>) => ({ ...key, id: newId('key'), ...extra })
  const unchanged = { kind: 'unchanged', id: key.id, revision: 2 }
  const fresh = importedOf(merchantId)
  const { outcomes, changes } = await importKeys(db, origin, [again({}), fresh])
  t.same(outcomes, [unchanged, { kind: 'created', id: fresh.id, revision: 3 }])
  t.equal(changes.length, 1)
  t.equal((await readHead(db)).head, 3)
  for (const extra of [
    { name: 'Other' },
    { api: 'flint' },
    { environment: 'sandbox' },
    { permissions: ['b'] },
    { permissions: ['transaction.read', 'x'] },
    { expiresAtMs: 5 },
    { merchantId: newId('mer') },
    { status: 'disabled', isStatusSaid: true },
  ] as const) {
    t.same(await compareKeys(db, [again(extra)]), [{ kind: 'conflict' }], JSON.stringify(extra))
  }
  await transitionKey(db, origin, { id: key.id, action: 'revoke' })
  t.same(await compareKeys(db, [again({})]), [{ ...unchanged, revision: 4 }])
})

void t.test('a key that was changed since, or made here, is not the imported one', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const made = keyOf(merchantId)
  await createKey(db, origin, made)
  const line = { ...made, status: 'active', isStatusSaid: true } as const
  t.match(await compareKeys(db, [line, importedOf(merchantId)]), [{ kind: 'unchanged' }, undefined])
  await patchKey(db, origin, { id: made.id, patch: { name: 'New' }, ifRevision: null })
  t.same(await compareKeys(db, [line]), [{ kind: 'conflict' }])
})

void t.test('imports and other changes at once: no digest twice, no gap in the revisions', async (t) => {
  const { db } = await createDatabase(t)
  const merchantId = await seedMerchant(db)
  const secrets = Array.from({ length: 40 }, (_, index) => `secret-${index}`)
  const imports = Array.from({ length: 6 }, () =>
    importKeys(
      db,
      origin,
      secrets.map((secret) => importedOf(merchantId, secret)),
    ),
  )
  const others = Array.from({ length: 20 }, () => createKey(db, origin, keyOf(merchantId)))
  const batches = await Promise.all(imports)
  await Promise.all(others)
  t.equal(batches.flatMap(({ changes }) => changes).length, 40)
  const { head, changes } = await readChanges(db, { after: 1, limit: 1000, beat })
  t.equal(head, 61)
  t.same(
    changes.map(({ revision }) => revision),
    Array.from({ length: 60 }, (_, index) => index + 2),
  )
})

void t.test('the merchants that there are', async (t) => {
  const { db } = await createDatabase(t)
  const id = await seedMerchant(db)
  t.same([...(await knownMerchants(db, [id, newId('mer')]))], [id])
})
