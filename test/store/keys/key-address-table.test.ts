import t from 'tap'
import {
  addKeyAddresses,
  addressesOfKey,
  mostAddresses,
  pruneKeyAddresses,
} from '../../../src/store/keys/key-address-table.ts'
import { createDatabase } from '../../support/database.ts'

const dayMs = 86_400_000

void t.test('addresses of 30 days are a key’s, but for those of the last day', async (t) => {
  const { db } = await createDatabase(t)
  const now = Date.now()
  const seen = (addresses: readonly string[], agoMs: number) =>
    addKeyAddresses(
      db,
      addresses.map((address) => ({ keyId: 'key_1', address })),
      now - agoMs,
    )
  await seen(['192.0.2.1'], 40 * dayMs)
  await seen(['192.0.2.2', '192.0.2.3', '192.0.2.3'], 29 * dayMs)
  await seen(['2001:db8::/64'], 2 * dayMs)
  await seen(['192.0.2.3', '192.0.2.9'], 0)
  t.same(await addressesOfKey(db, 'key_1', now), ['192.0.2.2', '192.0.2.3', '2001:db8::/64'])
  t.same(await addressesOfKey(db, 'key_2', now), [])
  t.same(await addressesOfKey(db, 'key_1', now + 2 * dayMs), ['192.0.2.3', '192.0.2.9', '2001:db8::/64'])
  // What is handed on again, and late, is no earlier use.
  await seen(['192.0.2.3'], 20 * dayMs)
  t.same(await addressesOfKey(db, 'key_1', now + 15 * dayMs), ['192.0.2.3', '192.0.2.9', '2001:db8::/64'])
  t.equal(await pruneKeyAddresses(db, 100), 1)
})

void t.test('of a key with very many, no more are kept than show that they are too many', async (t) => {
  const { db } = await createDatabase(t)
  const now = Date.now()
  const many = Array.from({ length: 90 }, (_, i) => ({ keyId: 'key_1', address: `192.0.2.${i}` }))
  const more = Array.from({ length: 90 }, (_, i) => ({ keyId: 'key_1', address: `198.51.100.${i}` }))
  await addKeyAddresses(db, many, now - 3 * dayMs)
  await addKeyAddresses(db, [...more, { keyId: 'key_2', address: '192.0.2.1' }], now - 3 * dayMs)
  await addKeyAddresses(db, [...more, ...many], now - 2 * dayMs)
  t.equal((await addressesOfKey(db, 'key_1', now)).length, mostAddresses + 1)
  t.equal((await addressesOfKey(db, 'key_2', now)).length, 1)
})
