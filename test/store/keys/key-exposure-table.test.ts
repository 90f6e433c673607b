import { hash } from 'node:crypto'
import t from 'tap'
import { exposeSecret, findSecrets, pruneExposures } from '../../../src/store/keys/key-exposure-table.ts'
import { createKey } from '../../../src/store/keys/key-change-table.ts'
import { getKey } from '../../../src/store/keys/key-table.ts'
import { createDatabase } from '../../support/database.ts'
import { keyOf, origin, seedMerchant, view } from '../seed.ts'

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

t.test('places are forgotten when their secret works no longer, and not before', async (t) => {
  const { db } = await createDatabase(t)
  const merchant = await seedMerchant(db)
  const ninetyDays = 90 * 86_400_000
  for (const name of ['lives', 'revoked', 'ended', 'young']) {
    const key = { ...keyOf(merchant, name), name }
    await createKey(db, origin, key)
    const secret = (await findSecrets(db, [key.secret.digest])).get(key.secret.digest)
    if (secret === undefined) throw new Error('no secret')
    await exposeSecret(db, origin, { ...about, secret, policy: 'notify' })
  }
  await db.query(`UPDATE key_exposure SET at = now() - interval '91 days'`)
  const secretOf = (name: string) =>
    `(SELECT s.id FROM key_secret s JOIN api_key k ON k.id = s.key_id WHERE k.name = '${name}')`
  await db.query(`UPDATE api_key SET status = 'revoked' WHERE name IN ('revoked', 'young')`)
  await db.query(`UPDATE key_secret SET expires_at = now() WHERE id = ${secretOf('ended')}`)
  await db.query(`UPDATE key_exposure SET at = now() WHERE secret_id = ${secretOf('young')}`)
  t.equal(await pruneExposures(db, ninetyDays), 2)
  t.same(
    await db.query(
      `SELECT k.name FROM key_exposure e JOIN key_secret s ON s.id = e.secret_id JOIN api_key k ON k.id = s.key_id ORDER BY 1`,
    ),
    [{ name: 'lives' }, { name: 'young' }],
  )
})
