// How the installation stands, in words.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { certificateAlerts, noteKinds, unseenAlerts } from '../../../src/control/health/note.ts'
import { readChanges, readHead } from '../../../src/store/change-table.ts'
import type { InstanceState } from '../../../src/store/instance-table.ts'
import { StoreUnavailableError } from '../../../src/store/postgres-errors.ts'
import { createSubject, makeKey } from '../subject.ts'

interface Told {
  readonly code: string
  readonly severity: string
  readonly about: readonly string[]
  readonly count: number
  readonly detail: string | null
}

type Subject = Awaited<ReturnType<typeof createSubject>>

async function notesOf({
  call,
}: Subject): Promise<{ status: unknown; notes: Map<string, Told>; codes: string[] }> {
  const { status, body } = await call('GET', '/health')
  t.equal(status, 200)
  const notes = body['notes'] as readonly Told[]
  return {
    status: body['status'],
    notes: new Map(notes.map((note) => [note.code, note])),
    codes: notes.map(({ code }) => code),
  }
}

const well: InstanceState = { tableSha256: 'ab', redis: 'up', degraded: [] }

async function poll(subject: Subject, of: { id: string } & Record<string, unknown>): Promise<void> {
  const { head, epoch } = await readHead(subject.db)
  const standing = {
    role: 'gateway',
    host: `host-${of.id}`,
    pid: 1,
    version: '1',
    appliedRevision: head,
    epoch,
  }
  await readChanges(subject.db, { after: head, limit: 1, beat: { ...standing, state: well, ...of } })
}

void t.test('where nothing is wrong, nothing is told', async (t) => {
  const subject = await createSubject(t)
  subject.clock.nowMs = Date.now()
  await poll(subject, { id: 'one' })
  const { status, codes } = await notesOf(subject)
  t.equal(status, 'ok')
  t.same(codes, [])
  t.match((await subject.call('GET', '/health')).body, { revision: 0, unseen: [...unseenAlerts] })
})

void t.test(
  'what instances say of themselves and what is seen of them is told, the worst first',
  async (t) => {
    const subject = await createSubject(t)
    subject.clock.nowMs = Date.now()
    await makeKey(subject)
    await poll(subject, { id: 'one' })
    await poll(subject, { id: 'slow', appliedRevision: 0 })
    await poll(subject, {
      id: 'odd',
      version: '2',
      clockOffsetMs: -90_000,
      state: { tableSha256: 'cd', redis: 'down', degraded: [{ reason: 'deny_fault', detail: 'line 3' }] },
    })
    await poll(subject, { id: 'gone' })
    await poll(subject, { id: 'old', state: undefined })
    await subject.db.query(
      `UPDATE instance SET last_seen_at = now() - interval '20 seconds' WHERE id = 'gone'`,
    )
    await subject.db.query(`UPDATE instance SET started_at = now() - interval '1 hour'`)
    await subject.db.query(`UPDATE outbox SET created_at = now() - interval '1 minute'`)
    const { status, notes, codes } = await notesOf(subject)
    t.equal(status, 'down')
    t.same(codes, [
      ...['instance_behind', 'deny_fault', 'instance_silent', 'redis_down', 'clock_apart', 'tables_differ'],
      'versions_differ',
    ])
    t.same(notes.get('instance_behind')?.about, ['slow'])
    t.same(notes.get('instance_silent')?.about, ['gone'])
    t.same(notes.get('redis_down')?.about, ['odd'])
    t.match(notes.get('deny_fault'), { about: ['odd'], detail: 'line 3', count: 1 })
    t.match((await subject.call('GET', '/health')).body, {
      notes: [
        { summary: /^Instance slow has not applied 2 changes for \d+ s\.$/, alert: 'LatchkeyInstanceBehind' },
      ],
    })
  },
)

void t.test('a change of a moment ago has everybody behind, which is nothing to tell', async (t) => {
  const subject = await createSubject(t)
  subject.clock.nowMs = Date.now()
  await makeKey(subject)
  await poll(subject, { id: 'slow', appliedRevision: 0 })
  await subject.db.query(`UPDATE instance SET started_at = now() - interval '1 hour'`)
  t.same((await notesOf(subject)).codes, [])
})

void t.test('what waits, fails or stands in public is told', async (t) => {
  const subject = await createSubject(t, { hasAuditSink: true })
  const { db } = subject
  subject.clock.nowMs = Date.now() - 600_000
  const key = await makeKey(subject)
  subject.clock.nowMs = Date.now()
  const ids = await db.query<{ id: string }>(`SELECT id FROM key_secret WHERE key_id = $1`, [key.id])
  await db.query(`INSERT INTO key_exposure VALUES ($1, $2, now())`, [ids[0]?.id, Buffer.alloc(32)])
  await db.query(
    `INSERT INTO webhook_endpoint (id, url, events, status, disabled_reason, created_at, created_by, cursor_seq,
       first_revision, failures, failing_since)
     VALUES ('whk_a', 'https://a.example', '{*}', 'enabled', NULL, now(), 'x', 0, 0, 9, now() - interval '1 hour'),
       ('whk_b', 'https://b.example', '{*}', 'disabled', 'failing', now(), 'x', 0, 0, 9, now() - interval '6 days'),
       ('whk_c', 'https://c.example', '{*}', 'disabled', 'by_hand', now(), 'x', 0, 0, 0, NULL),
       ('whk_d', 'https://d.example', '{*}', 'enabled', NULL, now(), 'x', 0, 0, 0, NULL)`,
  )
  await db.query(
    `INSERT INTO mail (id, kind, recipient, created_at, next_at, tries, failure)
     VALUES ('m', 'reset', 'a@b.example', now() - interval '1 hour', now(), 5, 'ECONNREFUSED')`,
  )
  const { status, notes } = await notesOf(subject)
  t.equal(status, 'degraded')
  t.match(notes.get('key_exposed'), { about: [key.id], count: 1, severity: 'warning' })
  t.match(notes.get('webhook_failing'), { about: ['whk_a'] })
  t.match(notes.get('webhook_disabled'), { about: ['whk_b'], count: 1 })
  t.match(notes.get('audit_unlinked'), { alert: 'LatchkeyAuditUnlinked' })
  t.match(notes.get('mail_waiting'), { count: 1, detail: 'ECONNREFUSED' })
  await db.query(`UPDATE api_key SET status = 'revoked'`)
  t.notOk((await notesOf(subject)).notes.has('key_exposed'), 'a key that is over')
})

void t.test('without the database it tells what this process knows', async (t) => {
  const subject = await createSubject(t, {
    instances: () => Promise.reject(new StoreUnavailableError('ECONNREFUSED', 'away')),
    health: () => ({
      ...{ isReady: true, status: 'degraded', tableSha256: 'ab', postgres: 'down', redis: 'degraded' },
      ...{ appliedRevision: 7, configFault: 'line 3', denied: { key: 2 } },
    }),
  })
  const { status, codes } = await notesOf(subject)
  t.equal(status, 'down')
  t.same(codes, ['postgres_down', 'config_fault', 'redis_degraded', 'emergency_stop'])
})

void t.test(
  'each rule for alerts is told of here, or named as one that only Prometheus can judge',
  async (t) => {
    const rules = readFileSync('docs/prometheus-rules.yaml', 'utf8')
    const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name).toSorted()
    const told = Object.values(noteKinds).flatMap(({ alert }) => alert ?? [])
    t.same([...new Set([...told, ...certificateAlerts, ...unseenAlerts])].toSorted(), alerts)
  },
)
