import t from 'tap'
import { type Changes, createChanges } from '../../src/lookup/changes.ts'
import { createFeed, type Feed, type FeedCompares } from '../../src/lookup/feed.ts'
import type { ClockSample } from '../../src/lookup/database-clock.ts'
import { type Change, pruneOutbox, readChanges, readHead } from '../../src/store/change-table.ts'
import { listInstances, signOff } from '../../src/store/instance-table.ts'
import { importKeys } from '../../src/store/keys/key-import-table.ts'
import { createMerchant, transitionMerchant } from '../../src/store/keys/merchant-table.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createPostgres, type Postgres } from '../../src/store/postgres.ts'
import { keyOf, newId, origin, seedKey } from '../store/seed.ts'
import { createDatabase } from '../support/database.ts'
import { startPostgres } from '../support/postgres-service.ts'
import { changeOf, digestOf, recordOf, silentLog } from './subject.ts'

const beat = { id: 'reader', role: 'all', host: 'h', pid: 1, version: '1', appliedRevision: 0 }

interface Subject {
  readonly feed: Feed
  readonly changes: Changes
  /** Resolves after the next poll or news. */
  next(): Promise<void>
}

function feedOn(
  t: { teardown(fn: () => Promise<void>): unknown },
  db: Postgres,
  changes = createChanges(),
  compares?: FeedCompares,
): Subject {
  let waiting: (() => void)[] = []
  const feed = createFeed({
    db,
    changes,
    instance: () => ({ id: 'one', role: 'all', host: 'h', pid: 1, version: '1' }),
    monotonicNow: () => performance.now(),
    wallNow: Date.now,
    ...(compares && { compares }),
    log: silentLog,
    applied() {
      const told = waiting
      waiting = []
      for (const tell of told) tell()
    },
  })
  t.teardown(() => feed.stop())
  return { feed, changes, next: () => new Promise((resolve) => waiting.push(resolve)) }
}

async function suspend(db: Postgres, id: string, action: 'suspend' | 'resume' = 'suspend'): Promise<Change> {
  const { change } = await transitionMerchant(db, origin, { id, action })
  if (change === null) throw new Error('nothing changed')
  return change
}

/** A database where something happens just before and just after it is asked for changes, once. */
function interrupted(db: Postgres, happens: { before?: () => Promise<void>; after?: () => Promise<void> }) {
  const during: Postgres & { isArmed: boolean } = {
    ...db,
    isArmed: false,
    async query<Row extends object>(...args: Parameters<Postgres['query']>) {
      const [statement] = args
      const isHit = during.isArmed && typeof statement === 'object' && statement.name === 'read_changes'
      if (isHit) during.isArmed = false
      if (isHit) await happens.before?.()
      const rows = await db.query<Row>(...args)
      if (isHit) await happens.after?.()
      return rows
    },
  }
  return during
}

t.test('a new process knows the changes of the past, as far as they are kept', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const { feed, changes } = feedOn(t, db)
  t.equal(feed.confirmedAt(), Number.NEGATIVE_INFINITY)
  await feed.start()
  t.equal(changes.applied, 2)
  t.ok(changes.knowsSince(0))
  t.notOk(changes.isCurrent(1, key.secret.digest, undefined))
  t.ok(feed.confirmedAt() > 0)
  t.notOk(feed.isAway())
})

t.test('a change arrives with a poll, without anybody telling of it', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const { feed, changes, next } = feedOn(t, db)
  await feed.start()
  const { revision } = await suspend(db, key.merchantId)
  while (changes.applied < revision) await next()
  t.notOk(changes.isCurrent(revision - 1, key.secret.digest, recordOf({ merchantId: key.merchantId })))
})

t.test('a poll says that this instance lives, and how far it has come', async (t) => {
  const { db } = await createDatabase(t)
  await seedKey(db)
  const { feed, changes, next } = feedOn(t, db)
  await feed.start()
  feed.kick()
  await next()
  t.match(await listInstances(db, 60_000), [{ id: 'one', appliedRevision: 2, epoch: changes.epoch }])
})

t.test('the change that comes next is applied from the message alone', async (t) => {
  const { db } = await createDatabase(t)
  await seedKey(db)
  const { feed, changes } = feedOn(t, db)
  await feed.start()
  feed.stop()
  feed.hear(changes.epoch ?? '', changeOf(3))
  t.equal(changes.applied, 3)
})

t.test('a message heard early moves what it touches at once; the rest comes with a poll', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const { feed, changes, next } = feedOn(t, db)
  await feed.start()
  const between = await createMerchant(db, origin, { id: newId('mer'), name: 'Between' })
  const change = await suspend(db, key.merchantId)
  feed.hear(changes.epoch ?? '', change)
  t.equal(changes.applied, change.revision - 2)
  t.notOk(changes.isCurrent(change.revision - 1, key.secret.digest, recordOf({ merchantId: key.merchantId })))
  while (changes.applied < change.revision) await next()
  t.equal(changes.applied, between.object.revision + 1)
})

t.test('a message heard while a poll is under way that has the change too is no gap', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  let change = changeOf(0)
  const held = interrupted(db, {
    async before() {
      change = await suspend(db, key.merchantId)
      await suspend(db, key.merchantId, 'resume')
    },
    after: async () => feed.hear(changes.epoch ?? '', change),
  })
  const { feed, changes, next } = feedOn(t, held)
  await feed.start()
  const { history } = changes
  held.isArmed = true
  feed.kick()
  // The message, then the end of the poll.
  await next()
  await next()
  t.equal(changes.applied, change.revision + 1)
  t.ok(changes.knowsSince(0), 'nothing was forgotten')
  t.equal(changes.history, history)
})

t.test('a message of a change made after a poll was answered is no other history', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const held = interrupted(db, {
    after: async () => feed.hear(changes.epoch ?? '', await suspend(db, key.merchantId)),
  })
  const { feed, changes, next } = feedOn(t, held)
  await feed.start()
  const { history } = changes
  held.isArmed = true
  feed.kick()
  // The message, then the end of the poll.
  await next()
  await next()
  t.equal(changes.applied, 3)
  t.ok(changes.knowsSince(0), 'nothing was forgotten')
  t.equal(changes.history, history)
})

t.test('after a gap the process starts over at the head', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const { feed, changes } = feedOn(t, db)
  await feed.start()
  feed.stop()
  await suspend(db, key.merchantId)
  await suspend(db, key.merchantId, 'resume')
  await db.query(`UPDATE outbox SET created_at = now() - interval '2 days'`)
  await pruneOutbox(db, 1_000)
  const again = feedOn(t, db, changes)
  await again.feed.start()
  t.equal(changes.applied, 4)
  t.notOk(changes.knowsSince(3))
})

t.test(
  'another epoch, or a head below what was applied: everything older is of another history',
  async (t) => {
    const { db } = await createDatabase(t)
    await seedKey(db)
    const { feed, changes, next } = feedOn(t, db)
    await feed.start()
    let { history } = changes
    for (const sql of [`UPDATE head SET epoch = repeat('f', 32)`, 'UPDATE head SET revision = 1']) {
      await db.query(sql)
      feed.kick()
      await next()
      t.not(changes.history, history, sql)
      history = changes.history
    }
    t.equal(changes.applied, 1)
  },
)

t.test(
  'a database that went back and came forward by other changes is found out, and gets a new epoch',
  async (t) => {
    for (const way of ['by polls', 'by messages'] as const) {
      const { db } = await createDatabase(t)
      const key = await seedKey(db)
      const { feed, changes, next } = feedOn(t, db)
      await feed.start()
      const lost = await suspend(db, key.merchantId)
      if (way === 'by messages') feed.hear(changes.epoch ?? '', lost)
      while (changes.applied < lost.revision) await next()
      const { epoch, history } = changes
      // As a restored copy would be: the change is gone, and another one has taken its revision.
      await db.query('DELETE FROM outbox WHERE revision = $1', [lost.revision])
      await db.query('UPDATE head SET revision = revision - 1')
      await db.query(`UPDATE merchant SET status = 'active', revision = 1`)
      const other = await suspend(db, key.merchantId)
      t.equal(other.revision, lost.revision)
      while (changes.history === history) await next()
      t.not(changes.epoch, epoch, way)
      t.equal(changes.epoch, (await readHead(db)).epoch)
      t.notOk(changes.knowsSince(lost.revision - 1))
      feed.stop()
    }
  },
)

for (const [name, isRestarted] of [
  ['right after the start', true],
  ['after imports that were heard of', false],
] as const) {
  t.test(`a database that went back and came forward is found out ${name}`, async (t) => {
    const { db } = await createDatabase(t)
    const key = await seedKey(db)
    const { feed, changes, next } = feedOn(t, db)
    if (isRestarted) {
      await suspend(db, key.merchantId)
      await db.query('DELETE FROM outbox WHERE revision < 3')
    }
    await feed.start()
    if (!isRestarted) {
      const imported = { ...keyOf(key.merchantId), status: 'active' as const, isStatusSaid: false }
      const { changes: heard } = await importKeys(db, origin, [imported])
      for (const change of heard) feed.hear(changes.epoch ?? '', change)
    }
    while (changes.applied < 3) await next()
    await next()
    const { history } = changes
    await db.query(`UPDATE outbox SET created_at = created_at + interval '1 second' WHERE revision = 3`)
    while (changes.history === history) await next()
    t.pass('the change at the same revision is another one')
  })
}

t.test('a merchant with very many keys changes as quickly as one with few', async (t) => {
  const { db } = await createDatabase(t)
  const { merchantId } = await seedKey(db)
  await db.query(
    `WITH made AS (
       INSERT INTO api_key (id, merchant_id, api, environment, name, status, prefix, permissions, created_at, revision)
       SELECT 'key_many_' || i, $1, 'flintn', 'live', 'n', 'active', 'pk_live_', '{*}', now(), 2
       FROM generate_series(1, 20000) i RETURNING id)
     INSERT INTO key_secret (id, key_id, digest, last4, created_at)
     SELECT 'sec_' || id, id, sha256(id::bytea), 'aaaa', now() FROM made`,
    [merchantId],
  )
  const { feed, changes, next } = feedOn(t, db)
  await feed.start()
  const change = await suspend(db, merchantId)
  t.same(change.digests, [], 'it names the merchant alone')
  // As written by earlier versions.
  await db.query(
    `UPDATE outbox SET digests = ARRAY(SELECT encode(digest, 'hex') FROM key_secret) WHERE revision = $1`,
    [change.revision],
  )
  const read = await readChanges(db, { after: change.revision - 1, limit: 1, beat })
  t.same(read.changes[0]?.digests, [])
  while (changes.applied < change.revision) await next()
  t.notOk(changes.isCurrent(2, digestOf('a'), recordOf({ merchantId })))
  t.ok(changes.knowsSince(2), 'and takes one place in what is remembered')
})

t.test('a process that stops says nothing more', async (t) => {
  const { db } = await createDatabase(t)
  const subject = feedOn(t, db)
  await subject.feed.start()
  subject.feed.kick()
  await subject.feed.stop()
  await signOff(db, 'one')
  let isTold = false
  void subject.next().then(() => (isTold = true))
  subject.feed.hear(subject.changes.epoch ?? '', changeOf(subject.changes.applied + 1, { keyId: 'k' }))
  subject.feed.kick()
  await subject.feed.refresh()
  t.notOk(isTold)
  t.same(await listInstances(db, 60_000), [])
})

t.test('a database that went back gets a new epoch, once, whoever finds it out', async (t) => {
  const { db } = await createDatabase(t)
  await seedKey(db)
  const subjects = [feedOn(t, db), feedOn(t, db), feedOn(t, db)]
  for (const { feed } of subjects) await feed.start()
  const { epoch } = await readHead(db)
  await db.query('UPDATE head SET revision = 1')
  for (const { changes, next } of subjects) while (changes.epoch === epoch) await next()
  t.equal(new Set(subjects.map(({ changes }) => changes.epoch)).size, 1)
  t.equal((await readHead(db)).epoch, subjects[0]?.changes.epoch)
})

t.test('a message of another epoch is not believed; Postgres is asked', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const { feed, changes, next } = feedOn(t, db)
  await feed.start()
  const polled = next()
  feed.hear('another', changeOf(3, { keyId: key.id }))
  await polled
  t.equal(changes.applied, 2)
  t.ok(changes.isCurrent(2, key.secret.digest, undefined))
})

t.test('Postgres away and back: it is told at once, and nothing is confirmed meanwhile', async (t) => {
  const postgres = await startPostgres()
  t.teardown(() => postgres.stop())
  await migrate({ url: postgres.url, applicationName: 'test' })
  const db = createPostgres({ url: postgres.url, applicationName: 'test' })
  t.teardown(() => db.close())
  const { feed, changes, next } = feedOn(t, db)
  await feed.start()
  await postgres.kill('SIGKILL')
  while (!feed.isAway()) await next()
  const confirmedAt = feed.confirmedAt()
  await next()
  t.equal(feed.confirmedAt(), confirmedAt)
  await postgres.restart()
  while (feed.isAway()) await next()
  t.ok(feed.confirmedAt() > confirmedAt)
  t.ok(changes.knowsSince(0), 'what was known stays known')
})

t.test('the first contact may come later', async (t) => {
  const postgres = await startPostgres()
  t.teardown(() => postgres.stop())
  await postgres.kill('SIGKILL')
  const db = createPostgres({ url: postgres.url, applicationName: 'test' })
  t.teardown(() => db.close())
  const { feed, changes, next } = feedOn(t, db)
  await feed.start()
  t.ok(feed.isAway())
  t.equal(changes.applied, -1)
  await postgres.restart()
  await migrate({ url: postgres.url, applicationName: 'test' })
  while (feed.isAway()) await next()
  t.equal(changes.applied, 0)
})

t.test(
  'a head that went back makes another epoch, for all that was cached of the lost history',
  async (t) => {
    const { db } = await createDatabase(t)
    await seedKey(db)
    const { feed, changes, next } = feedOn(t, db)
    await feed.start()
    const before = changes.epoch
    const told = next()
    await db.query('UPDATE head SET revision = revision - 1')
    await db.query('DELETE FROM outbox WHERE revision > (SELECT revision FROM head)')
    feed.kick()
    await told
    t.not(changes.epoch, before)
    t.equal(
      (await db.query<{ epoch: string }>('SELECT epoch || database_lineage() AS epoch FROM head'))[0]?.epoch,
      changes.epoch,
    )
  },
)

for (const [name, seen, verdicts] of [
  ['has seen it further', { revision: 3, stamp: 1 }, ['other']],
  ['has seen another change at its revision', { revision: 2, stamp: 1 }, ['other']],
  ['has seen just that change', { revision: 2 }, ['same']],
  ['has seen an earlier one', { revision: 1 }, ['same']],
  ['has seen its beginning', { revision: 0, stamp: null }, ['same']],
  ['does not know the change', { revision: 2, stamp: null }, ['unknown']],
  ['has seen another epoch', { revision: 9, epoch: 'x' }, ['other']],
] as const) {
  t.test(`at the first contact with a database of which Redis ${name}`, async (t) => {
    const { db } = await createDatabase(t)
    await seedKey(db)
    const { epoch } = await readHead(db)
    const page = await readChanges(db, { after: 0, limit: 9, beat })
    const stamp = page.changes.find(({ revision }) => revision === seen.revision)?.stamp ?? null
    const record = { epoch, id: 'x', base: 0, stamp, ...seen }
    const judged: string[] = []
    const compares = {
      read: async () => record,
      judged: (_: unknown, verdict: string) => void judged.push(verdict),
    }
    const { feed, changes } = feedOn(t, db, createChanges(), compares)
    await feed.start()
    t.same(judged, verdicts)
    t.equal(changes.epoch, (await readHead(db)).epoch)
    t.equal(
      changes.epoch !== epoch,
      record.epoch === epoch && verdicts[0] === 'other',
      'the epoch is another one',
    )
    t.equal(changes.applied, 2)
  })
}

t.test('each answer tells which installation the database is, and its time', async (t) => {
  const { db } = await createDatabase(t)
  const met: [string, ClockSample][] = []
  const feed = createFeed({
    ...{
      db,
      changes: createChanges(),
      monotonicNow: () => performance.now(),
      wallNow: Date.now,
      log: silentLog,
    },
    instance: () => ({ id: 'one', role: 'all', host: 'h', pid: 1, version: '1' }),
    applied: () => {},
    met: (installation, sample) => void met.push([installation, sample]),
  })
  t.teardown(() => feed.stop())
  await feed.start()
  const [row] = await db.query<{ id: string }>('SELECT id FROM installation')
  const [installation, sample] = met.at(-1) ?? []
  t.equal(installation, row?.id)
  t.match(installation, /^[0-9a-f]{32}$/)
  t.ok(sample !== undefined && Math.abs(sample.databaseMs - sample.askedAtMs) < 60_000)
  t.ok(sample !== undefined && sample.askedAtMs <= sample.answeredAtMs)
})
