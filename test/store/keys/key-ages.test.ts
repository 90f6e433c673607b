import t from 'tap'
import { rotateKey } from '../../../src/store/keys/key-rotation-table.ts'
import { createKey } from '../../../src/store/keys/key-change-table.ts'
import { type KeyFilter, listKeys } from '../../../src/store/keys/key-table.ts'
import { createDatabase } from '../../support/database.ts'
import { keyOf, nowMs, originAt, secretOf, seedMerchant, view } from '../seed.ts'

const dayMs = 86_400_000
const before = (days: number) => nowMs - days * dayMs

void t.test('keys by the age of their secret, by their last use and by their end', async (t) => {
  const { db } = await createDatabase(t)
  const merchant = await seedMerchant(db)
  const make = async (daysAgo: number, of: object = {}) => {
    const key = { ...keyOf(merchant), ...of }
    await createKey(db, originAt(before(daysAgo)), key)
    return key
  }
  const names = new Map<string, string>()
  const old = await make(100)
  const used = await make(100)
  const rotated = await make(100)
  const fresh = await make(5)
  const ending = await make(10, { expiresAtMs: nowMs + 7 * dayMs })
  const later = await make(10, { expiresAtMs: nowMs + 30 * dayMs })
  const ended = await make(10, { expiresAtMs: nowMs - 1 })
  for (const [name, key] of Object.entries({ old, used, rotated, fresh, ending, later, ended }))
    names.set(key.id, name)
  await db.query('UPDATE key_secret SET last_used_at = $2 WHERE key_id = $1', [used.id, new Date(before(3))])
  await rotateKey(db, originAt(before(2)), {
    ...{ id: rotated.id, prefix: rotated.prefix, secret: secretOf('next'), graceSeconds: 86_400 * 5 },
  })
  const found = async (filter: Partial<KeyFilter>) => {
    const { rows } = await listKeys(db, { ...filter, ...view }, { after: null, limit: 20 })
    return rows.map(({ id }) => names.get(id)).toReversed()
  }
  t.same(await found({ secretBeforeMs: before(90) }), ['old', 'used'])
  t.same(await found({ secretBeforeMs: before(1) }), [...names.values()])
  t.same(await found({ unusedSinceMs: before(90) }), ['old', 'rotated'])
  t.same(await found({ unusedSinceMs: before(4) }), ['old', 'rotated', 'fresh', 'ending', 'later', 'ended'])
  t.same(await found({ unusedSinceMs: before(1) }), [...names.values()])
  t.same(await found({ endsByMs: nowMs + 14 * dayMs }), ['ending'])
  t.same(await found({ endsByMs: nowMs + 90 * dayMs }), ['ending', 'later'])
  t.same(await found({ status: 'expired' }), ['ended'])
  t.same(await found({ secretBeforeMs: before(90), unusedSinceMs: before(90), merchantId: merchant }), [
    'old',
  ])
  t.same(await found({ secretBeforeMs: before(90), text: used.id }), ['used'])
  t.same(await found({ secretBeforeMs: before(90), endsByMs: nowMs + 90 * dayMs }), [])
})
