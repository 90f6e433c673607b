// Contract 9: reminders by mail, to a real mail server: grouped, once for each state, a mail a merchant and day at most.

import t, { type Test } from 'tap'
import { mailReminders, type ReminderMailDeps } from '../../../src/control/reminders/mail-reminders.ts'
import { createReminding } from '../../../src/control/reminders/reminding.ts'
import { createPostman } from '../../../src/control/people/mail/postman.ts'
import { createMailTransport } from '../../../src/control/people/mail/transport.ts'
import { createKey } from '../../../src/store/keys/key-change-table.ts'
import { setReminders } from '../../../src/store/keys/mailed-reminder-table.ts'
import { createMerchant } from '../../../src/store/keys/merchant-table.ts'
import type { Postgres } from '../../../src/store/postgres.ts'
import { createIds } from '../../../src/telemetry/request-id.ts'
import { loadDemo } from '../../gateway/subject.ts'
import { until } from '../../main/process.ts'
import { keyOf, newId, originAt } from '../../store/seed.ts'
import { createDatabase } from '../../support/database.ts'
import { startMailServer } from '../../support/mail-server.ts'
import { makePerson } from '../people/people.ts'

const dayMs = 86_400_000
const startMs = Date.UTC(2026, 5, 1, 12)
const { table } = await loadDemo()

async function createWorld(t: Test) {
  const { db } = await createDatabase(t)
  const clock = { nowMs: startMs }
  const logged: string[] = []
  const deps: ReminderMailDeps = {
    ...{
      db,
      table: () => table,
      now: () => clock.nowMs,
      newId: createIds(Date.now),
      queued: () => undefined,
    },
    log: { warn: (details, message) => void logged.push(`${message} ${JSON.stringify(details)}`) },
  }
  return { db, clock, logged, deps, look: () => mailReminders(deps, () => false) }
}

async function makeMerchant(db: Postgres, name = 'Acme'): Promise<string> {
  return (await createMerchant(db, originAt(startMs), { id: newId('mer'), name })).object.id
}

interface KeyWanted {
  readonly ageDays?: number
  readonly permissions?: readonly string[]
  readonly endsInDays?: number
  readonly usedDaysAgo?: number
  readonly routes?: readonly string[]
}

/** A key that was used lately, unless said. */
async function makeKey(
  db: Postgres,
  merchantId: string,
  name: string,
  wanted: KeyWanted = {},
): Promise<string> {
  const { ageDays = 1, permissions = ['transaction.read'], endsInDays, usedDaysAgo = 0, routes = [] } = wanted
  const made = keyOf(merchantId)
  await createKey(db, originAt(startMs - ageDays * dayMs), {
    ...{ ...made, name, permissions: [...permissions] },
    expiresAtMs: endsInDays === undefined ? null : startMs + endsInDays * dayMs,
  })
  const usedAt = new Date(startMs - usedDaysAgo * dayMs)
  await db.query('UPDATE key_secret SET last_used_at = $2 WHERE key_id = $1', [made.id, usedAt])
  for (const route of routes)
    await db.query(`INSERT INTO activity VALUES ($1, $2, $3, 'flintn', 'live', $4, 'allow', 1)`, [
      ...[made.id, usedAt, made.secret.id, route],
    ])
  return made.id
}

async function queued(db: Postgres) {
  return db.query<{
    recipient: string
    about: { keys: { name: string; permissions: string[] }[]; more: number }
  }>('SELECT recipient, about FROM mail JOIN mail_about ON mail_id = id ORDER BY id')
}

/** Of quoted-printable. */
function plainOf(raw: string): string {
  const bytes = raw
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

const namesIn = (mails: Awaited<ReturnType<typeof queued>>) =>
  mails.map(({ about }) => about.keys.map(({ name }) => name))

void t.test(
  'what keys should be looked after for is one mail to each admin who wants it, once',
  async (t) => {
    const { db, clock, look, logged } = await createWorld(t)
    const merchant = await makeMerchant(db)
    const other = await makeMerchant(db, 'Other')
    await makePerson(db, { roles: { [merchant]: 'admin' }, email: 'ann@x.test' })
    const refuses = await makePerson(db, { roles: { [merchant]: 'admin' }, email: 'bo@x.test' })
    await setReminders(db, { personId: refuses, isWanted: false, nowMs: startMs })
    await makePerson(db, { roles: { [merchant]: 'viewer', [other]: 'admin' }, email: 'cy@x.test' })
    const gone = await makePerson(db, { roles: { [merchant]: 'admin' }, email: 'di@x.test' })
    await db.query('UPDATE person SET disabled_at = now() WHERE id = $1', [gone])
    await makeKey(db, merchant, 'old', { ageDays: 91, routes: ['GET /v1/transactions/{id}'] })
    await makeKey(db, merchant, 'ends', { endsInDays: 10 })
    await makeKey(db, merchant, 'idle', { ageDays: 200, usedDaysAgo: 100 })
    await makeKey(db, merchant, 'broad', {
      ...{ ageDays: 80, permissions: ['transaction.read', 'transaction.refund'] },
      routes: ['GET /v1/transactions/{id}'],
    })
    await makeKey(db, merchant, 'well')
    await look()
    const mails = await queued(db)
    t.same(
      mails.map(({ recipient }) => recipient),
      ['ann@x.test'],
    )
    t.same(namesIn(mails)[0]?.toSorted(), ['ends', 'idle', 'old'])
    clock.nowMs += 11 * dayMs
    await look()
    // By then it has held both for 90 days, and has used one. The ended key says nothing more.
    const later = (await queued(db)).slice(1)
    t.same(
      later.map(({ about }) => about.keys.map(({ name, permissions }) => [name, permissions])),
      [[['broad', ['transaction.refund']]]],
    )
    clock.nowMs += dayMs
    await look()
    t.equal((await queued(db)).length, 2, 'each is told once')
    t.same(logged, [])
  },
)

void t.test('a merchant has one mail a day, however many look and whatever comes up', async (t) => {
  const { db, clock, look } = await createWorld(t)
  const merchant = await makeMerchant(db)
  await makePerson(db, { roles: { [merchant]: 'admin' } })
  await makeKey(db, merchant, 'one', { endsInDays: 10 })
  await Promise.all(Array.from({ length: 5 }, look))
  await makeKey(db, merchant, 'two', { endsInDays: 10 })
  clock.nowMs += dayMs - 1
  await look()
  t.same(namesIn(await queued(db)), [['one']])
  clock.nowMs += 1
  await Promise.all(Array.from({ length: 5 }, look))
  t.same(namesIn(await queued(db)), [['one'], ['two']])
})

void t.test('where nobody is to be told nothing counts as told; a suspended merchant waits', async (t) => {
  const { db, clock, look } = await createWorld(t)
  const merchant = await makeMerchant(db)
  await makeKey(db, merchant, 'one', { endsInDays: 13 })
  await look()
  await makePerson(db, { roles: { [merchant]: 'admin' } })
  await db.query(`UPDATE merchant SET status = 'suspended' WHERE id = $1`, [merchant])
  await look()
  t.same(await queued(db), [])
  await db.query(`UPDATE merchant SET status = 'active' WHERE id = $1`, [merchant])
  clock.nowMs += dayMs
  await look()
  t.same(namesIn(await queued(db)), [['one']])
})

void t.test('what was given of late, or by a route that is no more, counts for nothing', async (t) => {
  const { db, look } = await createWorld(t)
  const merchant = await makeMerchant(db)
  await makePerson(db, { roles: { [merchant]: 'admin' } })
  const broad = { ageDays: 100, permissions: ['*'] }
  const route = 'GET /v1/transactions/{id}'
  const given = await makeKey(db, merchant, 'given', { ...broad, routes: [route] })
  await makeKey(db, merchant, 'unlisted', { ...broad, routes: [route, 'GET /v1/long-gone'] })
  const all = await makeKey(db, merchant, 'all', { ...broad, routes: [route] })
  // Their secrets are young, so that this alone could be told of them.
  await db.query('UPDATE key_secret SET created_at = $1', [new Date(startMs - dayMs)])
  await db.query(
    `INSERT INTO audit (actor, action, target, before, after, request_id, at, revision)
     VALUES ('ann', 'key.update', $1, '{"permissions": ["a"]}', '{"permissions": ["*"]}', 'r', $2, 0)`,
    [given, new Date(startMs - 10 * dayMs)],
  )
  await db.query(
    `INSERT INTO audit (actor, action, target, before, after, request_id, at, revision)
     VALUES ('ann', 'key.update', $1, '{"permissions": ["*"], "name": "a"}', '{"permissions": ["*"], "name": "b"}', 'r', $2, 0)`,
    [all, new Date(startMs - 10 * dayMs)],
  )
  await look()
  const [mail] = await queued(db)
  t.same(
    mail?.about.keys.map(({ name }) => name),
    ['all'],
  )
  const held = [...(table.apis.get('flintn')?.permissions.keys() ?? [])]
  t.same(
    mail?.about.keys[0]?.permissions.toSorted(),
    held.filter((one) => one !== 'transaction.read').toSorted(),
  )
})

void t.test(
  'it waits while the mail server is away, and says what it is about, whatever things are called',
  async (t) => {
    const { db, clock, look } = await createWorld(t)
    const merchant = await makeMerchant(db, 'A "cme”\r\nBcc: eve@x.test\u2028x')
    await makePerson(db, { roles: { [merchant]: 'admin' }, email: 'ann@x.test' })
    const id = await makeKey(db, merchant, 'k\r\n\r\nhttps://evil.test', { endsInDays: 8 })
    for (let more = 0; more < 60; more++) await makeKey(db, merchant, `more ${more}`, { endsInDays: 9 })
    await look()
    const { port, stop } = await startMailServer(t)
    await stop()
    const counts: string[] = []
    const postman = createPostman({
      ...{ db, log: { warn: () => undefined, error: () => undefined }, now: () => clock.nowMs },
      hub: { publicUrl: 'https://hub.test', path: '' },
      transport: createMailTransport({ from: 'no-reply@hub.test', smtp: `smtp://127.0.0.1:${port}` }),
      counted: (outcome) => void counts.push(outcome),
    })
    t.teardown(() => postman.stop())
    await until(() => counts.includes('failed'))
    // Longer than any link lives.
    clock.nowMs += 6 * dayMs
    const server = await startMailServer(t, port)
    postman.kick()
    await until(() => counts.includes('sent'))
    const [raw = ''] = server.received
    const text = plainOf(raw)
    t.match(raw, /^Subject: API keys to look after$/m)
    t.notMatch(raw.split('\r\n\r\n')[0], /eve@x\.test/)
    t.match(raw, /^Envelope-To: ann@x\.test\r\n/)
    t.match(text, /“A 'cme' Bcc: eve@x\.test x”/)
    t.match(text, /“k https:\/\/evil\.test” \(flintn, live\)\r?\n- it ends on 2026-06-09/)
    t.match(text, `https://hub.test/developers/keys/${id}`)
    t.match(text, /And 11 more: https:\/\/hub\.test\/developers/)
    t.match(text, /To get no more of these mails: https:\/\/hub\.test\/account/)
  },
)

void t.test(
  'while a mail waits, whoever is no admin any more or wants none is asked for again',
  async (t) => {
    const { db, clock, look } = await createWorld(t)
    const merchant = await makeMerchant(db)
    const other = await makeMerchant(db, 'Other')
    const people = new Map<string, string>()
    for (const name of ['ann', 'viewer', 'gone', 'disabled', 'refuses'])
      people.set(name, await makePerson(db, { roles: { [merchant]: 'admin' }, email: `${name}@x.test` }))
    await makeKey(db, merchant, 'one', { endsInDays: 8 })
    await look()
    t.equal((await queued(db)).length, 5)
    const now = (name: string) => people.get(name) ?? ''
    await db.query(`UPDATE membership SET role = 'viewer' WHERE person_id = $1`, [now('viewer')])
    await db.query('UPDATE membership SET merchant_id = $2 WHERE person_id = $1', [now('gone'), other])
    await db.query('UPDATE person SET disabled_at = now() WHERE id = $1', [now('disabled')])
    await setReminders(db, { personId: now('refuses'), isWanted: false, nowMs: startMs })
    const server = await startMailServer(t)
    const counts: string[] = []
    const postman = createPostman({
      ...{ db, log: { warn: () => undefined, error: () => undefined }, now: () => clock.nowMs },
      hub: { publicUrl: 'https://hub.test', path: '' },
      transport: createMailTransport({ from: 'no-reply@hub.test', smtp: `smtp://127.0.0.1:${server.port}` }),
      counted: (outcome) => void counts.push(outcome),
    })
    t.teardown(() => postman.stop())
    await until(() => postman.waiting() === 0)
    await postman.stop()
    t.same(
      server.received.map((raw) => /^Envelope-To: (\S+)/m.exec(raw)?.[1]),
      ['ann@x.test'],
    )
    t.same(counts, ['sent'])
    t.same(await db.query('SELECT mail_id FROM mail_about'), [])
  },
)

void t.test('merchants are looked through by and by, and the database’s absence is told', async (t) => {
  const { db, deps, logged } = await createWorld(t)
  const merchant = await makeMerchant(db)
  await makePerson(db, { roles: { [merchant]: 'admin' } })
  await makeKey(db, merchant, 'one', { endsInDays: 10 })
  const reminding = createReminding(deps, { firstMs: 10, everyMs: 60_000 })
  await until(async () => (await queued(db)).length === 1)
  await reminding.stop()
  await db.query('DROP TABLE mailed_reminder')
  await db.query(`UPDATE merchant_reminder SET looked_at = looked_at - interval '2 days'`)
  await mailReminders(deps, () => false)
  t.match(logged, [/A merchant is not reminded.*42P01/])
  await db.query('DROP TABLE merchant_reminder')
  await mailReminders(deps, () => false)
  t.match(logged[1], /Reminders are not mailed.*42P01/)
})
