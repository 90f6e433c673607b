// Contract 9.2: mails, sent to a real mail server.

import t from 'tap'
import { createPostman, type PostmanDeps } from '../../../../src/control/people/mail/postman.ts'
import { connectionTo, createMailTransport } from '../../../../src/control/people/mail/transport.ts'
import { queueMail } from '../../../../src/store/people/mail-table.ts'
import type { Postgres } from '../../../../src/store/postgres.ts'
import { createDatabase } from '../../../support/database.ts'
import { until } from '../../../main/process.ts'
import { linkIn, startMailServer } from '../../../support/mail-server.ts'
import { makePerson } from '../people.ts'

const nowMs = Date.now()

function postmanOf(t: { teardown(fn: () => Promise<void>): unknown }, db: Postgres, port: number, wish = '') {
  const lines: unknown[] = []
  const clock = { nowMs }
  const counts: string[] = []
  const log: PostmanDeps['log'] = {
    warn: (details, message) => lines.push({ ...details, message }),
    error: (details, message) => lines.push({ ...details, message }),
  }
  const postman = createPostman({
    ...{ db, log, hub: { publicUrl: 'https://hub.test', path: '' }, now: () => clock.nowMs },
    transport: createMailTransport({
      from: 'Acme <no-reply@hub.test>',
      smtp: `smtp://127.0.0.1:${port}${wish}`,
    }),
    counted: (outcome) => counts.push(outcome),
  })
  t.teardown(() => postman.stop())
  return { postman, lines, clock, counts }
}

async function queue(db: Postgres, kind: 'reset' | 'set_password' | 'password_changed', recipient: string) {
  const personId = await makePerson(db, { operator: 'admin', email: recipient })
  await queueMail(db, { id: `eml_${recipient}`, kind, recipient, personId, invitationId: null, nowMs })
}

void t.test('a mail has a link that was made for it, and goes from the table', async (t) => {
  const { db } = await createDatabase(t)
  const server = await startMailServer(t)
  await queue(db, 'reset', 'ann@x.test')
  t.same(await db.query('SELECT purpose FROM person_link'), [], 'until it is sent there is no link')
  const { counts, postman } = postmanOf(t, db, server.port)
  await until(() => server.received.length === 1)
  const [text = ''] = server.received
  t.match(text, /^Envelope-To: ann@x\.test$/m)
  t.match(text, /^From: Acme <no-reply@hub\.test>/m)
  t.match(linkIn(text), /^https:\/\/hub\.test\/set-password#lk_lnk_\w{38}$/)
  await until(() => counts.includes('sent'))
  t.same(await db.query('SELECT purpose FROM person_link'), [{ purpose: 'reset' }])
  await postman.stop()
  t.same(await db.query('SELECT id FROM mail'), [])
})

void t.test(
  'while the mail server is away mails wait, and are told; once it is back they are sent',
  async (t) => {
    const { db } = await createDatabase(t)
    const { port: away, stop } = await startMailServer(t)
    await stop()
    await queue(db, 'set_password', 'bo@x.test')
    const { postman, lines, clock, counts } = postmanOf(t, db, away)
    await until(() => counts.includes('failed'))
    await until(() => postman.waiting() === 1)
    t.match(lines, [{ mail: 'eml_bo@x.test', tries: 1, failure: /^e\w+$/ }])
    t.notMatch(JSON.stringify(lines), /lk_lnk_|"bo@x/)
    t.match(await db.query('SELECT failure FROM mail'), [{ failure: /^e\w+$/ }])
    const server = await startMailServer(t, away)
    clock.nowMs += 10_000
    postman.kick()
    await until(() => server.received.length === 1)
    await until(() => counts.includes('sent'))
  },
)

void t.test('after a day a mail is given up, and that is told', async (t) => {
  const { db } = await createDatabase(t)
  await queue(db, 'reset', 'cy@x.test')
  await db.query(`UPDATE mail SET created_at = created_at - interval '25 hours'`)
  const { lines, counts } = postmanOf(t, db, 1)
  await until(() => counts.includes('given_up'))
  t.match(lines, [{ message: /could not be sent for a day/ }])
})

void t.test(
  'a server on another machine gets no mail without TLS, unless it is said that it may',
  async (t) => {
    for (const [smtp, requireTLS] of [
      ['smtp://mail.test', true],
      ['smtp://a:b@mail.test:25', true],
      ['smtp://192.0.2.1', true],
      ['smtp://mail.test?requireTLS=true', true],
      ['smtp://mail.test?requireTLS=false', false],
      ['smtp://127.0.0.1', false],
      ['smtp://[::1]:25', false],
      ['smtp://localhost?requireTLS=true', true],
    ] as const)
      t.match(connectionTo(smtp), { secure: false, requireTLS }, smtp)
    t.match(connectionTo('smtps://mail.test'), { secure: true, port: 465, requireTLS: false })
  },
)

void t.test(
  'without the TLS that is demanded, or with a certificate of nobody’s, no mail is sent',
  async (t) => {
    const { db } = await createDatabase(t)
    for (const offersTls of [false, true]) {
      const server = await startMailServer(t, 0, offersTls)
      await queue(db, 'reset', `tls-${offersTls}@x.test`)
      const { postman, lines, counts } = postmanOf(t, db, server.port, '?requireTLS=true')
      await until(() => counts.includes('failed'))
      await postman.stop()
      t.same(server.received, [], String(offersTls))
      t.match(lines, [{ failure: offersTls ? /^e(?:tls|socket)$/ : 'etls' }])
      await db.query('DELETE FROM mail')
    }
  },
)
