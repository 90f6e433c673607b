import t from 'tap'
import { listReminders, pruneReminders, tellReminders } from '../../../src/store/keys/reminder-table.ts'
import { everything } from '../../../src/store/scope.ts'
import { createDatabase } from '../../support/database.ts'
import { seedKey } from '../seed.ts'

let count = 0
const newId = () => `evt_${String(++count).padStart(12, '0')}`
const day = 86_400_000

void t.test('an old secret, a near end and no use are reminded of, and told once', async (t) => {
  const { db } = await createDatabase(t)
  await seedKey(db)
  const [{ id, merchant } = { id: '', merchant: '' }] = await db.query<{ id: string; merchant: string }>(
    'SELECT id, merchant_id AS merchant FROM api_key',
  )
  await db.query(`UPDATE api_key SET created_at = now(), expires_at = NULL`)
  await db.query(`UPDATE key_secret SET created_at = now(), last_used_at = now()`)
  const list = (merchantIds: string[] | null = null) =>
    listReminders(
      db,
      { nowMs: Date.now(), scope: { ...everything, merchantIds } },
      { after: null, limit: 10 },
    )
  t.same((await list()).rows, [])
  await db.query(
    `UPDATE key_secret SET created_at = now() - interval '91 days', last_used_at = now() - interval '91 days'`,
  )
  await db.query(`UPDATE api_key SET expires_at = now() + interval '13 days'`)
  const { rows } = await list()
  t.match(rows, [{ id, rotationDueSinceMs: Number, expiresAtMs: Number, unusedSinceMs: Number }])
  t.same((await list(['mer_other'])).rows, [])
  t.equal((await list([merchant])).rows.length, 1)

  const tell = async () => (await tellReminders(db, newId)).told
  t.equal(await tell(), 0, 'there is nobody to tell')
  await db.query(
    `INSERT INTO webhook_endpoint (id, url, events, status, created_at, created_by, cursor_seq, first_revision)
     VALUES ('whk_1', 'https://a.example', '{*}', 'enabled', now(), 'ann', 0, 0)`,
  )
  const told = await Promise.all([tell(), tell()])
  t.equal(told[0] + told[1], 2)
  t.match(await db.query('SELECT type FROM webhook_event ORDER BY type'), [
    { type: 'api_key.expiring' },
    { type: 'api_key.rotation_due' },
  ])
  t.equal(await tell(), 0)
  await db.query(`UPDATE webhook_head SET reminded_at = now() - interval '25 hours'`)
  t.equal(await tell(), 0, 'the next day, too')
  await db.query(`UPDATE api_key SET expires_at = now() + interval '12 days'`)
  await db.query(`UPDATE webhook_head SET reminded_at = now() - interval '25 hours'`)
  t.equal(await tell(), 1, 'another end')
  t.equal(await pruneReminders(db, day), 0)
  await db.query(`UPDATE reminder SET told_at = told_at - interval '2 days'`)
  t.equal(await pruneReminders(db, day), 3)
  await db.query(`UPDATE api_key SET status = 'disabled'`)
  t.same((await list()).rows, [], 'what does not work needs nothing')
})
