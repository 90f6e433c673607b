// Command lines that ask to be signed in, and sessions that others end: each is taken once, and nothing that ends sessions misses one.

import t from 'tap'
import {
  addDeviceRequest,
  answerDeviceRequest,
  findDeviceRequest,
  pruneDeviceRequests,
  takeDeviceRequest,
} from '../../../src/store/people/device-table.ts'
import { openSession } from '../../../src/store/people/hub-session-table.ts'
import { endAllSessions, endOneSession } from '../../../src/store/people/others-session-table.ts'
import { createOperator, switchPerson } from '../../../src/store/people/person-table.ts'
import { createDatabase } from '../../support/database.ts'
import { newId, nowMs, origin } from '../seed.ts'

const idleMs = 1_800_000
const digest = (byte: number) => byte.toString(16).padStart(2, '0').repeat(32)

async function setUp(t: Parameters<typeof createDatabase>[0]) {
  const { db } = await createDatabase(t)
  const { id } = await createOperator(db, origin, { id: newId('usr'), email: 'a@x.test', role: 'admin' })
  let count = 100
  const session = () => ({
    ...{ id: newId('ses'), digest: digest((count += 1)), nowMs, endsAtMs: nowMs + 3_600_000 },
    ...{ client: '127.0.0.1', userAgent: null, requestId: newId('req') },
  })
  const signIn = async () => {
    const one = session()
    await openSession(db, { ...one, personId: id, proofs: ['password'], password: null })
    return { sessionId: one.id, personId: id }
  }
  const begin = async (byte: number) =>
    addDeviceRequest(db, {
      ...{ digest: digest(byte), userDigest: digest(byte + 50), name: 'n', client: null, nowMs },
      ...{ expiresAtMs: nowMs + 600_000, stepSeconds: 5 },
    })
  return { db, id, session, signIn, begin }
}

t.test('a request is allowed once and taken once, whoever comes at the same time', async (t) => {
  const { db, session, signIn, begin } = await setUp(t)
  await begin(1)
  const by = await signIn()
  const allow = () => answerDeviceRequest(db, { userDigest: digest(51), nowMs, by })
  t.same((await Promise.all([allow(), allow(), allow()])).filter(Boolean), [true])
  t.equal(await findDeviceRequest(db, { userDigest: digest(51), nowMs }), undefined, 'it waits no more')
  const takes = await Promise.allSettled(
    [1, 2, 3].map(() => takeDeviceRequest(db, { digest: digest(1), session: session(), idleMs })),
  )
  t.equal(takes.filter((one) => one.status === 'fulfilled' && one.value.kind === 'taken').length, 1)
  t.equal(takes.filter((one) => one.status === 'fulfilled' && one.value.kind === 'ended').length, 2)
  t.equal((await db.query(`SELECT FROM hub_session WHERE 'device' = ANY(proofs)`)).length, 1)
  t.same(await db.query('SELECT FROM device_request'), [])
})

t.test('whatever is allowed while the account is disabled gives nothing, in either order', async (t) => {
  const { db, id, session, signIn, begin } = await setUp(t)
  const of = { id, kind: 'operator' } as const
  for (let round = 1; round <= 8; round++) {
    await begin(round)
    await answerDeviceRequest(db, { userDigest: digest(round + 50), nowMs, by: await signIn() })
    await Promise.allSettled([
      takeDeviceRequest(db, { digest: digest(round), session: session(), idleMs }),
      switchPerson(db, origin, { ...of, isDisabled: true }),
    ])
    t.same(await db.query('SELECT FROM hub_session'), [], `round ${round}`)
    await switchPerson(db, origin, { ...of, isDisabled: false })
  }
})

t.test('a session that is over gives nothing, though its row is there', async (t) => {
  const { db, session, signIn, begin } = await setUp(t)
  const ways = [
    ['ends_at', 0, 'ended'],
    ['ends_at', 1_000, 'taken'],
    ['last_used_at', -idleMs, 'ended'],
    ['last_used_at', 1_000 - idleMs, 'taken'],
  ] as const
  for (const [index, [column, offsetMs, kind]] of ways.entries()) {
    await begin(index)
    const by = await signIn()
    await answerDeviceRequest(db, { userDigest: digest(index + 50), nowMs, by })
    const at = new Date(nowMs + offsetMs)
    await db.query(`UPDATE hub_session SET ${column} = $2 WHERE id = $1`, [by.sessionId, at])
    const taken = await takeDeviceRequest(db, { digest: digest(index), session: session(), idleMs })
    t.equal(taken.kind, kind, `${column} ${offsetMs}`)
  }
})

t.test('what is over goes', async (t) => {
  const { db, begin } = await setUp(t)
  await begin(1)
  await begin(2)
  await db.query(`UPDATE device_request SET expires_at = now() + interval '1 hour' WHERE digest = $1`, [
    Buffer.from(digest(2), 'hex'),
  ])
  t.equal(await pruneDeviceRequests(db, 10), 1)
  t.equal((await db.query('SELECT FROM device_request')).length, 1)
})

t.test('sessions that another ends are in the audit once, with whose they were', async (t) => {
  const { db, id, signIn } = await setUp(t)
  const [first] = [await signIn(), await signIn(), await signIn()]
  t.equal(await endOneSession(db, origin, first.sessionId), 1)
  await t.rejects(endOneSession(db, origin, first.sessionId), /NOT_FOUND/)
  t.equal(await endAllSessions(db, origin, 'a@x.test'), 2)
  t.equal(await endAllSessions(db, origin, 'a@x.test'), 0)
  await t.rejects(endAllSessions(db, origin, 'b@x.test'), /NOT_FOUND/)
  const rows = await db.query(`SELECT target, actor FROM audit WHERE action = 'operator.sessions_end'`)
  t.same(
    rows,
    Array.from({ length: 2 }, () => ({ target: id, actor: origin.actor })),
  )
})
