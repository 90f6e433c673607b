import { hash } from 'node:crypto'
import t from 'tap'
import { exposeSecret, findSecrets } from '../../src/store/key-exposure-table.ts'
import { createKey } from '../../src/store/key-change-table.ts'
import { getKey } from '../../src/store/key-table.ts'
import { createDatabase } from '../support/database.ts'
import { keyOf, origin, seedMerchant, view } from './seed.ts'

const place = Buffer.from(hash('sha256', 'place', 'hex'), 'hex')
const about = { reporter: 'github', place, isOnce: true, url: null, type: null, source: null }

t.test('secrets are found by their digests, ended ones too, and no others', async (t) => {
  const { db } = await createDatabase(t)
  const key = keyOf(await seedMerchant(db), 'one')
  await createKey(db, origin, key)
  await db.query('UPDATE key_secret SET expires_at = $1, is_ended = true', [new Date(0)])
  const found = await findSecrets(db, [key.secret.digest, hash('sha256', 'other', 'hex')])
  const { id: keyId, api, environment } = key
  const { id: secretId, last4 } = key.secret
  t.same([...found], [[key.secret.digest, { secretId, last4, keyId, api, environment }]])
  t.equal((await findSecrets(db, [])).size, 0)
})

t.test('of many reports of one place at once, one ends the key', async (t) => {
  const { db } = await createDatabase(t)
  const key = keyOf(await seedMerchant(db), 'one')
  await createKey(db, origin, key)
  const secret = (await findSecrets(db, [key.secret.digest])).get(key.secret.digest)
  if (secret === undefined) throw new Error('no secret')
  const made = await Promise.all(
    Array.from({ length: 8 }, () => exposeSecret(db, origin, { ...about, secret, policy: 'revoke' })),
  )
  const outcomes = made.map(({ outcome }) => outcome).toSorted()
  t.same(outcomes, [...Array.from({ length: 7 }, () => 'repeated'), 'revoked'])
  t.equal(made.filter(({ change }) => change !== null).length, 1)
  t.match(await getKey(db, key.id, view), { status: 'revoked' })
  const rows = await db.query(`SELECT action, revision FROM audit WHERE target = $1 ORDER BY id`, [key.id])
  t.same(rows, [
    { action: 'key.create', revision: 2 },
    { action: 'key.exposed', revision: 3 },
    { action: 'key.revoke', revision: 3 },
  ])
})
