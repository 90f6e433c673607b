import { readFileSync } from 'node:fs'
import t from 'tap'
import { listAudit, pruneAudit } from '../../../src/store/audit/audit-table.ts'
import { patchKey } from '../../../src/store/keys/key-change-table.ts'
import { rotateKey } from '../../../src/store/keys/key-rotation-table.ts'
import { openSession } from '../../../src/store/postgres.ts'
import { createDatabase } from '../../support/database.ts'
import { nowMs, origin, secretOf, seedKey } from '../seed.ts'
import { everything } from '../../../src/store/scope.ts'

const whole = { scope: everything }

void t.test('every change is recorded with what was and what is, newest first', async (t) => {
  const { db } = await createDatabase(t)
  const { id, merchantId } = await seedKey(db)
  await patchKey(db, { ...origin, actor: 'ben' }, { id, patch: { name: 'Till' }, ifRevision: null })
  const { rows } = await listAudit(db, whole, { after: null, limit: 10 })
  t.match(rows, [
    {
      actor: 'ben',
      action: 'key.update',
      target: id,
      before: { name: 'Checkout' },
      after: { name: 'Till' },
      requestId: 'req_1',
      atMs: nowMs,
      revision: 3,
    },
    { actor: 'ann', action: 'key.create', target: id, before: null, revision: 2 },
    { action: 'merchant.create', target: merchantId, before: null, after: { name: 'Acme' }, revision: 1 },
  ])
})

void t.test('filters hold together and pages join', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  for (const name of ['a', 'b', 'c']) await patchKey(db, origin, { id, patch: { name }, ifRevision: null })
  const filter = { target: id, actor: 'ann', action: 'key.update' }
  const first = await listAudit(db, { ...filter, ...whole }, { after: null, limit: 2 })
  t.match(first, { hasMore: true, rows: [{ revision: 5 }, { revision: 4 }] })
  const second = await listAudit(db, { ...filter, ...whole }, { after: first.rows[1]?.id ?? 0, limit: 2 })
  t.match(second, { hasMore: false, rows: [{ revision: 3 }] })
  t.same((await listAudit(db, { actor: 'ben', ...whole }, { after: null, limit: 2 })).rows, [])
})

void t.test('no digest is in the audit', async (t) => {
  const { db } = await createDatabase(t)
  const { id, secret: old } = await seedKey(db)
  const secret = secretOf('second')
  await rotateKey(db, origin, { id, secret, prefix: 'pk_live_', graceSeconds: 60 })
  const text = JSON.stringify(await db.query('SELECT * FROM audit'))
  t.match(text, secret.id)
  t.notMatch(text, secret.digest)
  t.notMatch(text, old.digest)
})

void t.test(
  'partitioned as docs/operations.md shows, it is written, read and shortened as before',
  async (t) => {
    const { url, db } = await createDatabase(t)
    const { id } = await seedKey(db)
    const [, recipe = ''] =
      /```sql\n(BEGIN;\nALTER TABLE audit RENAME[\s\S]*?)```/.exec(
        readFileSync('docs/operations.md', 'utf8'),
      ) ?? []
    const owner = await openSession({ url, applicationName: 'latchkey-test' })
    t.teardown(() => owner.close())
    await owner.query(recipe)
    await patchKey(
      db,
      { ...origin, nowMs: Date.UTC(2027, 1, 1) },
      { id, patch: { name: 'Later' }, ifRevision: null },
    )
    const { rows } = await listAudit(db, { target: id, ...whole }, { after: null, limit: 10 })
    t.match(rows, [{ action: 'key.update' }, { action: 'key.create' }])
    t.ok((rows[0]?.id ?? 0) > (rows[1]?.id ?? 0))
    t.match(await db.query('SELECT action FROM audit_2027_1'), [{ action: 'key.update' }])
    await db.query(
      `UPDATE audit_before SET at = now() - interval '401 days' WHERE action = 'merchant.create'`,
    )
    t.equal(await pruneAudit(db, 400 * 86_400_000), 1)
    t.equal((await listAudit(db, whole, { after: null, limit: 10 })).rows.length, 2)
  },
)
