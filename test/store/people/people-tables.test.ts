// What is kept of people: who sees and changes what of them stands in test/control.

import t from 'tap'
import { pruneSessions, touchSession } from '../../../src/store/people/hub-session-table.ts'
import { addLink, mustFindLink, pruneLinks, usePasswordLink } from '../../../src/store/people/link-table.ts'
import {
  claimMail,
  countMails,
  postponeMail,
  queueMail,
  removeMail,
} from '../../../src/store/people/mail-table.ts'
import { createOperator, endSessionsOf, switchPerson } from '../../../src/store/people/person-table.ts'
import { everything } from '../../../src/store/scope.ts'
import { pruneInvitations } from '../../../src/store/people/team-table.ts'
import { createDatabase } from '../../support/database.ts'

const nowMs = Date.now()
const origin = { actor: 'ann', requestId: 'req_1', nowMs, scope: everything }
const digest = (byte: number) => byte.toString(16).padStart(2, '0').repeat(32)

void t.test('a link works once, whoever comes at the same time', async (t) => {
  const { db } = await createDatabase(t)
  await createOperator(db, origin, { id: 'usr_1', email: 'a@x.test', role: 'admin' })
  const of = { purpose: 'set_password', personId: 'usr_1' } as const
  for (const byte of [1, 2]) await addLink(db, { digest: digest(byte), expiresAtMs: nowMs + 60_000, of })
  t.match(await mustFindLink(db, { digest: digest(1), nowMs }), {
    email: 'a@x.test',
    personId: 'usr_1',
    invitation: null,
  })
  await t.rejects(mustFindLink(db, { digest: digest(1), nowMs: nowMs + 60_000 }), /LINK_ENDED/)
  const uses = await Promise.allSettled(
    [1, 1, 2, 2].map((byte) =>
      usePasswordLink(db, origin, { digest: digest(byte), password: `hash ${byte}` }),
    ),
  )
  t.equal(uses.filter(({ status }) => status === 'fulfilled').length, 1)
  t.same(await db.query('SELECT purpose FROM person_link'), [])
  t.equal((await db.query(`SELECT FROM audit WHERE action = 'operator.password'`)).length, 1)
})

void t.test('a disabled account has no links and no sessions, and its links work no more', async (t) => {
  const { db } = await createDatabase(t)
  await createOperator(db, origin, { id: 'usr_1', email: 'a@x.test', role: 'admin' })
  await t.rejects(
    createOperator(db, origin, { id: 'usr_2', email: 'a@x.test', role: 'admin' }),
    /ACCOUNT_EXISTS/,
  )
  const link = { digest: digest(1), expiresAtMs: nowMs + 60_000 }
  await addLink(db, { ...link, of: { purpose: 'set_password', personId: 'usr_1' } })
  await db.query(
    `INSERT INTO hub_session VALUES ('ses_1', sha256('a'), 'usr_1', '{password}', now(), now(), now())`,
  )
  const of = { id: 'usr_1', kind: 'operator', isDisabled: true } as const
  t.match(await switchPerson(db, origin, of), { status: 'disabled' })
  t.match(await switchPerson(db, origin, of), { status: 'disabled' })
  await t.rejects(mustFindLink(db, { digest: digest(1), nowMs }), /LINK_ENDED/)
  t.equal(await endSessionsOf(db, 'usr_1'), 0)
  t.equal((await db.query(`SELECT FROM audit WHERE action = 'operator.disable'`)).length, 1)
  await t.rejects(switchPerson(db, origin, { ...of, kind: 'member' }), /NOT_FOUND/)
})

void t.test('a mail is claimed by one, and again by another where that one ends', async (t) => {
  const { db } = await createDatabase(t)
  const mail = { kind: 'reset', recipient: 'a@x.test', personId: null, invitationId: null, nowMs } as const
  for (const id of ['eml_1', 'eml_2']) await queueMail(db, { id, ...mail })
  const claim = (atMs: number) => claimMail(db, { nowMs: atMs, forMs: 60_000 })
  const claimed = await Promise.all(Array.from({ length: 5 }, () => claim(nowMs)))
  t.same(claimed.flatMap((one) => (one ? [one.id] : [])).toSorted(), ['eml_1', 'eml_2'])
  t.equal(await claim(nowMs + 59_999), undefined)
  t.match(await claim(nowMs + 60_000), { tries: 2 })
  await postponeMail(db, { id: 'eml_2', nextAtMs: nowMs, failure: 'econnrefused' })
  t.match(await claim(nowMs), { id: 'eml_2' })
  await removeMail(db, 'eml_2')
  t.equal(await countMails(db), 1)
})

void t.test('what nobody can use any more is forgotten', async (t) => {
  const { db } = await createDatabase(t)
  await createOperator(db, origin, { id: 'usr_1', email: 'a@x.test', role: 'admin' })
  await db.query(`
    INSERT INTO hub_session SELECT name, sha256(name::bytea), 'usr_1', '{password}', now(), now() - used * interval '1 hour',
      now() + ends * interval '1 hour' FROM (VALUES ('over', 0, -1), ('idle', 13, 5), ('here', 11, 5)) s (name, used, ends);
    INSERT INTO invitation SELECT name, 'mer_1', name || '@x.test', 'viewer', now(), 'ann', now() + ends * interval '1 hour'
      FROM (VALUES ('gone', -1), ('open', 1)) i (name, ends);
    INSERT INTO person_link SELECT sha256(id::bytea), 'invitation', NULL, id, expires_at FROM invitation`)
  t.equal(await pruneSessions(db, 12 * 3_600_000, 10), 2)
  t.equal(await pruneInvitations(db, 10), 1)
  t.equal(await pruneLinks(db, 10), 0, 'it went with its invitation')
  t.same(await db.query('SELECT id FROM hub_session'), [{ id: 'here' }])
  await touchSession(db, 'here', nowMs + 1_000)
})
