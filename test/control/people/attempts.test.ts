// Contract 9.1: how often a password may be tried.

import t from 'tap'
import { hash } from '@node-rs/argon2'
import { createAttempts } from '../../../src/control/people/attempts.ts'
import { createControlServer } from '../../../src/control/server.ts'
import { createPasswordWork } from '../../../src/control/people/password-work.ts'
import { createTurns } from '../../../src/control/people/turns.ts'
import { createDatabase } from '../../support/database.ts'
import { createSubject, depsOf, startMs, type Subject } from '../subject.ts'
import { makePerson, origin, sessionOf } from './people.ts'

const password = 'correct horse battery'
const stored = await hash(password, { memoryCost: 8, timeCost: 1 })

interface Tried {
  readonly email: string
  readonly password?: string
  readonly from?: string
}

async function attempt(
  { app }: Pick<Subject, 'app'>,
  { email, password: said = 'wrong', from = '192.0.2.1' }: Tried,
) {
  const response = await app.inject({
    ...{ method: 'POST', url: '/hub/v1/session', remoteAddress: from, payload: { email, password: said } },
  })
  return { status: response.statusCode, retryAfter: response.headers['retry-after'] }
}

async function many(subject: Pick<Subject, 'app'>, count: number, tried: Tried): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < count; i++) statuses.push((await attempt(subject, tried)).status)
  return statuses
}

const times = (count: number, status: number) => Array<number>(count).fill(status)

void t.test(
  'an account takes ten wrong passwords, wherever they come from, whether it is there or not',
  async (t) => {
    const subject = await createSubject(t)
    await makePerson(subject.db, { email: 'a@x.test', operator: 'admin', password: stored })
    for (const email of ['a@x.test', 'nobody@x.test']) {
      const statuses: number[] = []
      for (let i = 0; i < 12; i++)
        statuses.push((await attempt(subject, { email, from: `192.0.2.${i}` })).status)
      t.same(statuses, [...times(10, 401), ...times(2, 429)], email)
      t.equal((await attempt(subject, { email, password, from: '192.0.2.99' })).status, 429)
    }
    t.same(await attempt(subject, { email: 'A@X.test', from: '192.0.2.98' }), {
      status: 429,
      retryAfter: '30',
    })
    subject.clock.nowMs += 30_000
    t.equal((await attempt(subject, { email: 'a@x.test', password, from: '192.0.2.97' })).status, 200)
    t.same(
      await many(subject, 10, { email: 'a@x.test', from: '192.0.2.96' }),
      times(10, 401),
      'all are there again',
    )
  },
)

void t.test('an address takes twenty, of whatever accounts; a subscriber’s are one', async (t) => {
  const subject = await createSubject(t)
  const statuses: number[] = []
  for (let i = 0; i < 21; i++)
    statuses.push(
      (await attempt(subject, { email: `n${i}@x.test`, from: `2001:db8::${i.toString(16)}` })).status,
    )
  t.same(statuses, [...times(20, 401), 429])
  t.equal((await attempt(subject, { email: 'n@x.test', from: '2001:db8:0:1::1' })).status, 401)
  t.equal((await attempt(subject, { email: 'n@x.test', from: '::ffff:192.0.2.1' })).status, 401)
})

void t.test('it holds over instances and restarts', async (t) => {
  const subject = await createSubject(t)
  const other = createControlServer(depsOf({ db: subject.db, clock: subject.clock, logged: [] }))
  t.teardown(() => other.close())
  for (let i = 0; i < 5; i++) {
    for (const app of [subject.app, other])
      t.equal((await attempt({ app }, { email: 'a@x.test', from: `192.0.2.${i}` })).status, 401)
  }
  const restarted = createControlServer(depsOf({ db: subject.db, clock: subject.clock, logged: [] }))
  t.teardown(() => restarted.close())
  for (const app of [subject.app, other, restarted])
    t.equal((await attempt({ app }, { email: 'a@x.test', from: '192.0.2.9' })).status, 429)
})

void t.test('who is signed in from a place is not kept out by others who try', async (t) => {
  const subject = await createSubject(t)
  const id = await makePerson(subject.db, { email: 'a@x.test', operator: 'admin', password: stored })
  t.equal((await attempt(subject, { email: 'a@x.test', password, from: '198.51.100.7' })).status, 200)
  await subject.db.query(`UPDATE hub_session SET ends_at = now() + interval '1 day' WHERE person_id = $1`, [
    id,
  ])
  await many(subject, 12, { email: 'a@x.test', from: '192.0.2.1' })
  t.equal((await attempt(subject, { email: 'a@x.test', password, from: '192.0.2.2' })).status, 429)
  t.equal((await attempt(subject, { email: 'a@x.test', password, from: '198.51.100.7' })).status, 200)
})

void t.test('what is used up costs no comparison, and a right one is given back', async (t) => {
  const subject = await createSubject(t)
  await makePerson(subject.db, { email: 'a@x.test', operator: 'admin', password: stored })
  t.same(await many(subject, 30, { email: 'a@x.test', password }), times(30, 200))
  subject.clock.nowMs = startMs + 3_600_000
  t.equal((await subject.db.query(`SELECT bucket FROM pace WHERE bucket LIKE 'account:%'`)).length, 0)
})

void t.test('few passwords are compared at once, few wait, and the rest is refused', async (t) => {
  const work = createPasswordWork({ atOnce: 2, waiting: 3 })
  const all = await Promise.allSettled(Array.from({ length: 9 }, () => work.verify(password, stored)))
  t.equal(all.filter((one) => one.status === 'fulfilled' && one.value).length, 5)
  for (const one of all)
    if (one.status === 'rejected') t.match(one.reason, { denial: { code: 'TOO_MANY_ATTEMPTS' } })
  t.equal(work.done(), 5)
  t.equal(await work.verify(password, stored), true)
  t.equal(await work.verify(password, await work.hash('another horse')), false)
  // As much is compared where there is no account.
  const before = work.done()
  t.equal(await work.verify(password, null), false)
  t.equal(work.done(), before + 1)
})

void t.test('of IPv6 a network is one place to all that is paced by where it comes from', async (t) => {
  const { db } = await createDatabase(t)
  const attempts = createAttempts({ db, now: () => startMs })
  for (const kind of ['address', 'mail_from', 'stray', 'begun', 'access'] as const) {
    await attempts.take(kind, '2001:db8::1')
    await attempts.take(kind, '2001:db8::2')
    const rows = await db.query<{ bucket: string }>('DELETE FROM pace RETURNING bucket')
    t.match(rows, [{ bucket: /^\w+:2001:db8:0:0$/ }], kind)
    t.equal(rows.length, 1, kind)
  }
})

void t.test('who goes first waits for those alone that have begun', async (t) => {
  const turns = createTurns({ atOnce: 1, waiting: 2 })
  const order: string[] = []
  const take = (name: string, isFirst = false) =>
    turns.take(async () => void order.push(name), isFirst).catch(() => void order.push(`not ${name}`))
  const all = [take('a'), take('b'), take('c'), take('d'), take('e', true), take('f', true), take('g', true)]
  await Promise.all(all)
  t.same(new Set(order.filter((name) => name.startsWith('not'))), new Set(['not d', 'not g']))
  t.same(
    order.filter((name) => !name.startsWith('not')),
    ['a', 'e', 'f', 'b', 'c'],
  )
  await t.rejects(
    turns.take(() => Promise.reject(new Error('x'))),
    /x/,
  )
  t.equal(await turns.take(async () => 1), 1, 'a place is given back')
})

void t.test(
  'invitations are paced by merchant, by who invites, and by the address that gets them',
  async (t) => {
    const hub = {
      publicUrl: origin,
      path: '',
      sessions: { idleMs: 3_600_000, absoluteMs: 7_200_000, commandLineMs: 3_600_000 },
      ...{ pages: null, sendsMail: true, oidc: [], mailQueued: () => undefined },
    }
    const subject = await createSubject(t, { hub })
    const merchants: string[] = []
    for (let i = 0; i < 8; i++)
      merchants.push(String((await subject.call('POST', '/merchants', { name: `M${i}` })).body['id']))
    const invite = async (merchant: number, email: string, headers = {}) =>
      (
        await subject.call(
          ...(['POST', `/merchants/${merchants[merchant]}/invitations`, { email, role: 'viewer' }] as const),
          headers,
        )
      ).status
    const toOne: number[] = []
    for (let i = 0; i < 8; i++) toOne.push(await invite(0, 'bo@x.test'))
    t.same(toOne, [...times(5, 201), ...times(3, 429)], 'one address')
    t.equal(await invite(0, 'Bo@X.test'), 429)
    t.equal(await invite(0, 'cy@x.test'), 201, 'others are asked')
    t.equal(await invite(1, 'bo@x.test'), 201, 'another merchant asks it all the same')
    subject.clock.nowMs += 30 * 60_000
    t.equal(await invite(0, 'bo@x.test'), 201)

    const inviteAs = async (headers: Readonly<Record<string, string>>, id: string) =>
      (
        await subject.app.inject({
          ...{ method: 'POST', url: `/admin/v1/merchants/${id}/invitations`, headers },
          payload: { email: 'di@x.test', role: 'viewer' },
        })
      ).statusCode
    const byMembers: number[] = []
    for (const id of merchants) {
      const member = await sessionOf(subject, await makePerson(subject.db, { roles: { [id]: 'admin' } }))
      for (let i = 0; i < 4; i++) byMembers.push(await inviteAs(member, id))
    }
    t.same(byMembers, [...times(30, 201), ...times(2, 429)], 'one address, whichever merchant asks it')
    t.equal(await invite(7, 'di@x.test'), 201, 'the platform is not kept out')

    const made = await subject.call('POST', '/tokens', { name: 'x', role: 'admin' })
    const as = { authorization: `Bearer ${String(made.body['secret'])}` }
    const byOne: number[] = []
    for (let i = 0; i < 110; i++) byOne.push(await invite(1 + (i % 7), `p${i}@x.test`, as))
    t.same(byOne, [...times(100, 201), ...times(10, 429)], 'one caller, wherever to')
    t.equal(await invite(1, 'other@x.test'), 201, 'another caller has its own')
  },
)
