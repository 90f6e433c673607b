// Contract 9: one answer and as much work for every cause of a refusal. What takes time at a sign-in are questions of Postgres and
// argon2id: the same of both, in the same order, whoever is asked for.

import type { FastifyRequest } from 'fastify'
import { Secret as SharedSecret, TOTP } from 'otpauth'
import t from 'tap'
import { createHubApp, type HubApp } from '../../../src/control/people/hub-app.ts'
import { prove, type Shown } from '../../../src/control/people/factors/second-factor.ts'
import { newSharedSecret, totpPlace } from '../../../src/credentials/totp.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import { createDatabase } from '../../support/database.ts'
import { depsOf, startMs } from '../subject.ts'
import { makePerson } from './people.ts'

const password = 'correct horse battery'

/** What was asked of a database, by its words. */
function listened(db: Postgres, asked: string[] = []): { readonly db: Postgres; readonly asked: string[] } {
  return {
    asked,
    db: {
      ...db,
      query(statement, values) {
        asked.push(typeof statement === 'string' ? statement : statement.text)
        return db.query(statement, values)
      },
      transaction: (work) =>
        db.transaction((tx) => {
          asked.push('BEGIN')
          return work(listened({ ...db, ...tx }, asked).db)
        }),
    },
  }
}

let address = 0

/** What a sign-in has cost, and why it was refused. */
async function costOf(hub: HubApp, asked: string[], said: Shown) {
  address += 1
  // All that a proof reads of its request. From a place of its own, so that none has used up another's tries.
  const request: FastifyRequest = Object({ client: `192.0.2.${address}`, id: 'req_1', headers: {} })
  asked.length = 0
  const before = hub.work.done()
  const reason = await prove(hub, request, said).then(
    () => 'right',
    (error: unknown) => String(Object(Object(error)['denial'])['reason']),
  )
  return { reason, work: { compared: hub.work.done() - before, asked: [...asked] } }
}

void t.test('whoever is asked for, and whatever is wrong, it is the same work', async (t) => {
  const { db: real } = await createDatabase(t)
  const { db, asked } = listened(real)
  const { hub: settings, ...deps } = depsOf({ db, clock: { nowMs: startMs }, logged: [] })
  if (settings === null) throw new Error('There is no hub')
  const hub = createHubApp({ ...deps, db, hub: settings })
  const stored = await hub.work.hash(password)
  const make = (email: string, more = {}) => makePerson(real, { email, password: stored, ...more })
  await make('operator@x.test', { operator: 'admin' })
  await make('member@x.test', { roles: { mer_1: 'viewer' } })
  const disabled = await make('disabled@x.test', { operator: 'admin' })
  await real.query('UPDATE person SET disabled_at = now() WHERE id = $1', [disabled])
  const invited = await make('invited@x.test', { operator: 'admin' })
  await real.query('UPDATE person SET password = NULL, password_at = NULL WHERE id = $1', [invited])
  const second = await make('second@x.test', { operator: 'admin' })
  await real.query(`INSERT INTO totp VALUES ($1, 'sealed', now(), now())`, [second])
  // The first comparison of all makes what is compared where there is no password.
  await costOf(hub, asked, { email: 'first@x.test', password })

  const costs = []
  for (const [email, said, cause] of [
    ['nobody@x.test', password, 'unknown_account'],
    ['no address', password, 'unknown_account'],
    ['\0@x.test', password, 'unknown_account'],
    ['operator@x.test', 'wrong', 'wrong_password'],
    ['member@x.test', 'wrong', 'wrong_password'],
    ['second@x.test', 'wrong', 'wrong_password'],
    ['second@x.test', password, 'second_factor_missing'],
    ['disabled@x.test', password, 'account_disabled'],
    ['disabled@x.test', 'wrong', 'wrong_password'],
    ['invited@x.test', password, 'no_password'],
  ] as const) {
    const { reason, work } = await costOf(hub, asked, { email, password: said })
    t.equal(reason, cause, `${email} ${cause}`)
    costs.push(work)
  }
  const [first] = costs
  t.equal(first?.compared, 1)
  t.ok((first?.asked.length ?? 0) > 3)
  for (const cost of costs) t.same(cost, first)
  t.match(await costOf(hub, asked, { email: 'operator@x.test', password }), { reason: 'right' })
})

void t.test(
  'a wrong code beside a right password is as much work as beside a wrong one, or nobody’s',
  async (t) => {
    const { db: real } = await createDatabase(t)
    const { db, asked } = listened(real)
    const { hub: settings, ...deps } = depsOf({ db, clock: { nowMs: startMs }, logged: [] })
    if (settings === null) throw new Error('There is no hub')
    const hub = createHubApp({ ...deps, db, hub: settings })
    const stored = await hub.work.hash(password)
    const make = (email: string) => makePerson(real, { email, password: stored, operator: 'admin' })
    await make('plain@x.test')
    const secret = newSharedSecret()
    const setUp = async (email: string) => {
      const id = await make(email)
      const sealed = deps.webhooks.sealing().seal(totpPlace(id), secret)
      await real.query(`INSERT INTO totp VALUES ($1, $2, now(), now())`, [id, sealed])
      return id
    }
    await setUp('second@x.test')
    await real.query('UPDATE person SET disabled_at = now() WHERE id = $1', [await setUp('disabled@x.test')])
    const code = TOTP.generate({ secret: SharedSecret.fromBase32(secret), timestamp: startMs })
    await costOf(hub, asked, { email: 'first@x.test', password })
    await costOf(hub, asked, { email: 'second@x.test', password, totp: code })

    for (const totp of ['000000', code, 'AAAA-AAAA-AAAA-AAAA', 'neither']) {
      const costs = []
      for (const [email, said, cause] of [
        ['second@x.test', password, 'wrong_code'],
        ['second@x.test', 'wrong', 'wrong_password'],
        ['nobody@x.test', password, 'unknown_account'],
        ['disabled@x.test', password, 'account_disabled'],
        ['plain@x.test', 'wrong', 'wrong_password'],
      ] as const) {
        const { reason, work } = await costOf(hub, asked, { email, password: said, totp })
        t.equal(reason, cause, `${email} ${cause} ${totp}`)
        costs.push(work)
      }
      t.equal(costs[0]?.compared, 1)
      for (const cost of costs) t.same(cost, costs[0], totp)
      await real.query('DELETE FROM pace')
    }
    for (const [email, said] of [
      ['second@x.test', password],
      ['second@x.test', 'wrong'],
      ['nobody@x.test', password],
      ['plain@x.test', 'wrong'],
    ] as const) {
      const tries = createHubApp({ ...deps, db: real, hub: settings })
      const reasons: string[] = []
      for (let n = 0; n < 6; n++)
        reasons.push((await costOf(tries, asked, { email, password: said, totp: '000000' })).reason)
      t.equal(new Set(reasons.slice(0, 5)).size, 1)
      t.equal(reasons[5], 'pace_of_codes', `${email} ${said}: the sixth code of an account is one too many`)
      await real.query('DELETE FROM pace')
    }
  },
)

void t.test('what is compared where there is no password costs what a password does', async (t) => {
  const { db } = await createDatabase(t)
  const { hub: settings, ...deps } = depsOf({ db, clock: { nowMs: startMs }, logged: [] })
  if (settings === null) throw new Error('There is no hub')
  const { work } = createHubApp({ ...deps, db, hub: settings })
  t.match(await work.hash(password), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.equal(await work.verify(password, null), false)
  t.equal(work.done(), 2)
})
