// Who may not call any more when the last byte of a body is there, changes nothing.

import { Readable } from 'node:stream'
import t from 'tap'
import { makePerson, sessionOf } from '../people/people.ts'
import { createSubject, type Subject } from '../subject.ts'

interface Held {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** Sends all of a body but its end, until `meanwhile` is done. */
async function hold(subject: Subject, { url, headers, body }: Held, meanwhile: () => Promise<unknown>) {
  let isOver = false
  const text = JSON.stringify(body)
  async function* parts() {
    yield text.slice(0, -1)
    while (!isOver) await new Promise(setImmediate)
    yield text.slice(-1)
  }
  const before = await usedAt(subject)
  const answer = subject.app.inject({
    ...{ method: 'POST', url, payload: Readable.from(parts()) },
    headers: { ...headers, 'content-type': 'application/json' },
  })
  // It was let through once its session counts as used.
  while ((await usedAt(subject)) === before) await new Promise(setImmediate)
  await meanwhile()
  isOver = true
  return (await answer).statusCode
}

async function usedAt({ db }: Subject): Promise<string> {
  const rows = await db.query<{ at: string }>('SELECT max(last_used_at)::text AS at FROM hub_session')
  return rows[0]?.at ?? ''
}

void t.test('a member that was removed while its body came invites nobody', async (t) => {
  const subject = await createSubject(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'Acme' })).body['id'])
  const id = await makePerson(subject.db, { roles: { [merchant]: 'admin' } })
  const url = `/admin/v1/merchants/${merchant}/invitations`
  const body = { email: 'second@x.test', role: 'admin' }
  const headers = await sessionOf(subject, id)
  subject.clock.nowMs += 600_000
  const status = await hold(subject, { url, headers, body }, () =>
    subject.call('DELETE', `/merchants/${merchant}/members/${id}`),
  )
  t.equal(status, 401)
  t.same(await subject.db.query('SELECT id FROM invitation'), [])
})

void t.test('an admin that is a viewer by the time that its body is there is one', async (t) => {
  const subject = await createSubject(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'Acme' })).body['id'])
  const id = await makePerson(subject.db, { roles: { [merchant]: 'admin' } })
  const url = `/admin/v1/merchants/${merchant}/invitations`
  const body = { email: 'second@x.test', role: 'admin' }
  const headers = await sessionOf(subject, id)
  subject.clock.nowMs += 600_000
  const status = await hold(subject, { url, headers, body }, () =>
    subject.db.query(`UPDATE membership SET role = 'viewer'`),
  )
  t.equal(status, 403)
})

void t.test('an account that was disabled while its body came changes nothing of itself', async (t) => {
  const subject = await createSubject(t)
  const id = await makePerson(subject.db, { operator: 'admin' })
  const headers = await sessionOf(subject, id)
  subject.clock.nowMs += 300_000
  const status = await hold(subject, { url: '/hub/v1/account/totp', headers, body: {} }, () =>
    subject.call('POST', `/operators/${id}/disable`),
  )
  t.equal(status, 401)
  t.same(await subject.db.query('SELECT person_id FROM totp'), [])
})

void t.test('a session whose time is over while its body came changes nothing', async (t) => {
  const subject = await createSubject(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'Acme' })).body['id'])
  const body = { email: 'second@x.test', role: 'admin' }
  const url = `/admin/v1/merchants/${merchant}/invitations`
  // Unused for as long as one may be, and as long as one lasts however much it is used.
  for (const hours of [12, 7 * 24]) {
    const headers = await sessionOf(subject, await makePerson(subject.db, { roles: { [merchant]: 'admin' } }))
    const startedAt = subject.clock.nowMs
    await subject.db.query(`UPDATE hub_session SET last_used_at = $1, ends_at = $2`, [
      new Date(startedAt),
      new Date(startedAt + 7 * 24 * 3_600_000),
    ])
    subject.clock.nowMs += 600_000
    const status = await hold(subject, { url, headers, body }, async () => {
      subject.clock.nowMs = startedAt + hours * 3_600_000 + 600_000
    })
    t.equal(status, 401, `${hours} hours`)
  }
  t.same(await subject.db.query('SELECT id FROM invitation'), [])
  t.same(await subject.db.query('SELECT id FROM mail'), [])
})
