// What people sign in with beside a password: each code, question and passkey counts once.

import { hash } from 'node:crypto'
import t from 'tap'
import { beginCeremony, pruneCeremonies, takeCeremony } from '../../../src/store/people/ceremony-table.ts'
import {
  beginTotp,
  countRecovery,
  findTotp,
  resetFactors,
  useStep,
} from '../../../src/store/people/factor-table.ts'
import { addPasskey, findPasskey, listPasskeys, usePasskey } from '../../../src/store/people/passkey-table.ts'
import { createOperator } from '../../../src/store/people/person-table.ts'
import { listLinked, personByOidc } from '../../../src/store/people/person-oidc-table.ts'
import { createDatabase } from '../../support/database.ts'
import { newId, nowMs, origin } from '../seed.ts'

const email = 'a@x.test'

async function setUp(t: Parameters<typeof createDatabase>[0]) {
  const { db } = await createDatabase(t)
  return { db, person: await createOperator(db, origin, { id: newId('usr'), email, role: 'admin' }) }
}

t.test('a step is used up with all before it, and with its secret alone', async (t) => {
  const { db, person } = await setUp(t)
  const { id: personId } = person
  t.ok(await beginTotp(db, { personId, sealed: 'one', nowMs }))
  const use = (step: number, sealed = 'one') => useStep(db, { personId, sealed, step })
  t.same(await Promise.all([use(7), use(7), use(7)]).then((all) => all.filter(Boolean)), [true])
  t.notOk(await use(6))
  t.notOk(await use(8, 'two'))
  t.ok(await use(8))
})

t.test('what was begun is taken once, by whom it is for, in time', async (t) => {
  const { db, person } = await setUp(t)
  const digest = hash('sha256', 'x', 'hex')
  const one = { digest, kind: 'passkey_add', personId: person.id } as const
  await beginCeremony(db, { ...one, detail: 'd', expiresAtMs: nowMs + 1000 })
  t.equal(await takeCeremony(db, { ...one, personId: null, nowMs }), undefined)
  t.equal(await takeCeremony(db, { ...one, kind: 'passkey', nowMs }), undefined)
  t.equal(await takeCeremony(db, { ...one, nowMs: nowMs + 1000 }), undefined)
  t.same(await takeCeremony(db, { ...one, nowMs }), { detail: 'd' })
  t.equal(await takeCeremony(db, { ...one, nowMs }), undefined)
  await beginCeremony(db, { ...one, detail: null, expiresAtMs: 0 })
  t.equal(await pruneCeremonies(db, 10), 1)
})

t.test('all that an account is entered by but its password is taken away at once', async (t) => {
  const { db, person } = await setUp(t)
  await beginTotp(db, { personId: person.id, sealed: 'one', nowMs })
  const who = {
    issuer: 'https://i',
    subject: 's',
    email,
    isOperator: true,
    role: 'admin',
    newId: 'usr_x',
  } as const
  t.match(await personByOidc(db, origin, who), { id: person.id })
  const passkey = { id: newId('pky'), credential: 'c', name: 'n', transports: [] }
  await addPasskey(db, origin, {
    person,
    passkey: { ...passkey, publicKey: new Uint8Array([1]), counter: 0 },
  })
  // Known already it goes on; another provider is not taken for the account by its address.
  t.match(await personByOidc(db, origin, who), { id: person.id })
  const foreign = personByOidc(db, origin, { ...who, issuer: 'https://j' }).catch((error: unknown) => error)
  t.match(await foreign, { denial: { reason: 'oidc_no_link' } })
  t.match(await listLinked(db, person.id), [{ issuer: 'https://i' }])
  const known = await findPasskey(db, 'c')
  t.match(known, { counter: 0, person: { email } })
  const use = { id: passkey.id, before: 0, counter: 1, nowMs }
  t.ok(await usePasskey(db, use))
  t.notOk(await usePasskey(db, use))
  await resetFactors(db, origin, { id: person.id, kind: 'operator' })
  t.same(await listPasskeys(db, person.id), [])
  t.same(await listLinked(db, person.id), [])
  t.equal(await findTotp(db, person.id), undefined)
  t.equal(await countRecovery(db, person.id), 0)
})
