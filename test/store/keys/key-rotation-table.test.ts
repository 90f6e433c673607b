import t from 'tap'
import { transitionKey } from '../../../src/store/keys/key-change-table.ts'
import { endRotation, rotateKey } from '../../../src/store/keys/key-rotation-table.ts'
import { getKey } from '../../../src/store/keys/key-table.ts'
import { createDatabase } from '../../support/database.ts'
import { newId, nowMs, origin, originAt, secretOf, seedKey, view } from '../seed.ts'

void t.test('a rotation adds a secret at once and gives the old one an end', async (t) => {
  const { db } = await createDatabase(t)
  const { id, secret: old } = await seedKey(db)
  const secret = secretOf('second')
  const { object, change } = await rotateKey(db, origin, { id, secret, prefix: 'pk_live_', graceSeconds: 60 })
  t.match(object.secrets, [
    { id: secret.id, expiresAtMs: null, createdAtMs: nowMs },
    { id: old.id, expiresAtMs: nowMs + 60_000 },
  ])
  t.same([...(change?.digests ?? [])].toSorted(), [old.digest, secret.digest].toSorted())
})

void t.test('during a grace another rotation is refused; after it, it is not', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  const rotation = { id, prefix: 'pk_live_', graceSeconds: 60 }
  await rotateKey(db, origin, { ...rotation, secret: secretOf('second') })
  await t.rejects(rotateKey(db, originAt(nowMs + 59_999), { ...rotation, secret: secretOf('third') }), {
    message: /^ROTATION_IN_PROGRESS/,
  })
  const { object } = await rotateKey(db, originAt(nowMs + 60_000), { ...rotation, secret: secretOf('third') })
  t.equal(object.secrets.length, 2)
})

void t.test('of several rotations at once one is made', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  const results = await Promise.allSettled(
    ['a', 'b', 'c', 'd'].map((text) =>
      rotateKey(db, origin, { id, prefix: 'pk_live_', graceSeconds: 60, secret: secretOf(text) }),
    ),
  )
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  t.equal((await getKey(db, id, view))?.secrets.length, 2)
})

void t.test('a grace of 0 ends every older secret, also one that is in its grace', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  const rotation = { id, prefix: 'pk_live_' }
  await rotateKey(db, origin, { ...rotation, graceSeconds: 60, secret: secretOf('second') })
  const third = secretOf('third')
  const { object, change } = await rotateKey(db, origin, { ...rotation, graceSeconds: 0, secret: third })
  t.match(object.secrets, [{ id: third.id }])
  t.equal(object.secrets.length, 1)
  t.equal(change?.digests.length, 3, 'instances hear of all three')
})

void t.test('the end of a rotation leaves the current secret; a repeat changes nothing', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  const secret = secretOf('second')
  await rotateKey(db, origin, { id, secret, prefix: 'pk_live_', graceSeconds: 60 })
  const ended = await endRotation(db, origin, id)
  t.match(ended.object.secrets, [{ id: secret.id }])
  t.equal(ended.change?.revision, 4)
  const again = await endRotation(db, origin, id)
  t.match(again, { change: null, object: { revision: 4 } })
  await t.resolves(rotateKey(db, origin, { id, secret: secretOf('x'), prefix: 'pk_live_', graceSeconds: 60 }))
})

void t.test('neither is done to a key that is revoked or is not there', async (t) => {
  const { db } = await createDatabase(t)
  const { id } = await seedKey(db)
  await transitionKey(db, origin, { id, action: 'revoke' })
  const rotation = { id, secret: secretOf('second'), prefix: 'pk_live_', graceSeconds: 0 }
  await t.rejects(rotateKey(db, origin, rotation), { message: /^KEY_REVOKED/ })
  await t.rejects(endRotation(db, origin, id), { message: /^KEY_REVOKED/ })
  await t.rejects(rotateKey(db, origin, { ...rotation, id: newId('key') }), { message: /^NOT_FOUND/ })
})
