import t from 'tap'
import type { CredentialRecord } from '../../src/credentials/record.ts'
import { createLookup } from '../../src/lookup/chain.ts'
import type { Found, Lookup } from '../../src/lookup/found.ts'
import { type Changes, createChanges, type Reading } from '../../src/lookup/changes.ts'
import type { OwnReading } from '../../src/lookup/postgres-tier.ts'
import type { RedisTier } from '../../src/lookup/redis-tier.ts'
import { readHead } from '../../src/store/change-table.ts'
import { transitionKey } from '../../src/store/keys/key-change-table.ts'
import { createPostgres, type Postgres } from '../../src/store/postgres.ts'
import { origin, seedKey } from '../store/seed.ts'
import { StoreUnavailableError } from '../../src/store/postgres-errors.ts'
import { createDatabase } from '../support/database.ts'
import { changeOf, digestOf, memoryOn, postgresTierOn, recordOf, wallOf } from './subject.ts'

const digest = digestOf('a')

interface Subject {
  readonly lookup: Lookup
  readonly changes: Changes
  readonly clock: { nowMs: number; confirmedAtMs: number }
  /** Tier and kind of each look-up. */
  readonly counted: string[]
  readonly filled: string[]
  /** One for each time that the connections to Postgres were given up. */
  readonly reconnects: string[]
}

/** The chain over stores of the test's own. The process has applied revision 10. */
function chainOver(stores: {
  read: (digest: string) => Promise<OwnReading>
  refresh?: () => Promise<void>
  cached?: (digest: string, isLast?: boolean) => Promise<(Reading & { record: CredentialRecord }) | undefined>
  changes?: Changes
}): Subject {
  const clock = { nowMs: 1_000_000, confirmedAtMs: 1_000_000 }
  const changes = stores.changes ?? createChanges()
  if (changes.applied < 0) changes.restart('e', 10)
  const counted: string[] = []
  const filled: string[] = []
  const reconnects: string[] = []
  const redis: RedisTier = {
    get: stores.cached ?? (() => Promise.resolve(undefined)),
    fill: (digest) => void filled.push(digest),
    publish() {},
    listen() {},
  }
  const lookup = createLookup({
    memory: memoryOn(changes, clock),
    redis,
    postgres: { read: stores.read, isAway: () => false, reconnect: () => void reconnects.push('all') },
    changes,
    refresh: stores.refresh ?? (() => Promise.resolve()),
    counted: (tier, kind) => void counted.push(`${tier} ${kind}`),
  })
  return { lookup, changes, clock, counted, filled, reconnects }
}

const reading = (revision: number, record: CredentialRecord | null = recordOf()): OwnReading => ({
  epoch: 'e',
  record: record ?? undefined,
  revision,
  confirmedAtMs: wallOf({ nowMs: 1_000_000, confirmedAtMs: 0 }),
})

/** A database that counts its statements. */
function counting(db: Postgres): Postgres & { statements: number } {
  const counted = {
    ...db,
    statements: 0,
    query: <Row extends object>(...args: Parameters<Postgres['query']>) => {
      counted.statements++
      return db.query<Row>(...args)
    },
  }
  return counted
}

async function chainOnPostgres(db: Postgres, isAway = () => false): Promise<Subject> {
  const { epoch, head } = await readHead(db)
  const changes = createChanges()
  changes.restart(epoch, head)
  const tier = postgresTierOn(db, { now: () => wallOf({ nowMs: 1_000_000, confirmedAtMs: 0 }), isAway })
  return chainOver({ read: tier.read, changes })
}

t.test('1,000 finds of one digest at once make one query, and share one answer', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  const counted = counting(db)
  const { lookup } = await chainOnPostgres(counted)
  counted.statements = 0
  const answers = await Promise.all(Array.from({ length: 1_000 }, async () => lookup.find(key.secret.digest)))
  t.equal(counted.statements, 1)
  t.equal(new Set(answers).size, 1)
  t.match(answers[0], { kind: 'known', tier: 'postgres', record: { keyId: key.id } })
})

t.test('finds of different digests that come together make one query', async (t) => {
  const { db } = await createDatabase(t)
  const keys = [await seedKey(db), await seedKey(db)]
  const counted = counting(db)
  const { lookup } = await chainOnPostgres(counted)
  counted.statements = 0
  const digests = [...keys.map((key) => key.secret.digest), digestOf('nobody')]
  const answers = await Promise.all(digests.map(async (digest) => lookup.find(digest)))
  t.equal(counted.statements, 1)
  t.same(
    answers.map(({ kind }) => kind),
    ['known', 'known', 'unknown'],
  )
})

t.test('the second find is answered by memory, at once', async (t) => {
  const { lookup, counted, filled } = chainOver({ read: () => Promise.resolve(reading(10)) })
  await lookup.find(digest)
  t.match(lookup.find(digest), { kind: 'known', tier: 'memory' })
  t.same(counted, ['postgres known', 'memory known'])
  t.same(filled, [digest], 'Redis is offered what Postgres said')
})

t.test('"unknown" is cached in memory, and not offered to Redis', async (t) => {
  const { lookup, filled } = chainOver({ read: () => Promise.resolve(reading(10, null)) })
  t.match(await lookup.find(digest), { kind: 'unknown', tier: 'postgres' })
  t.match(lookup.find(digest), { kind: 'unknown', tier: 'memory' })
  t.same(filled, [])
})

t.test('an error is never an answer, and is not cached', async (t) => {
  let isUp = false
  const { lookup, counted } = chainOver({
    read: () => (isUp ? Promise.resolve(reading(10)) : Promise.reject(new Error('away'))),
  })
  t.same(await lookup.find(digest), { kind: 'unavailable', reason: 'postgres_unavailable' })
  t.same(counted, ['none unavailable'])
  isUp = true
  t.match(await lookup.find(digest), { kind: 'known' })
})

t.test('Redis that was too slow is asked again, patiently, when Postgres cannot be asked', async (t) => {
  const asked: boolean[] = []
  const { lookup, counted } = chainOver({
    read: () => Promise.reject(new Error('away')),
    cached: (_, isLast = false) => {
      asked.push(isLast)
      return Promise.resolve(isLast ? { ...reading(10), record: recordOf() } : undefined)
    },
  })
  t.match(await lookup.find(digest), { kind: 'known', tier: 'redis' })
  t.same(asked, [false, true])
  t.same(counted, ['redis known'])
})

t.test('a database that does not answer is no reason to say "unknown"', async (t) => {
  const db = createPostgres({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'test' })
  t.teardown(() => db.close())
  const tier = postgresTierOn(db)
  const { lookup } = chainOver({ read: tier.read })
  t.match(await lookup.find(digest), { kind: 'unavailable' })
})

t.test('while Postgres is known to be away nobody waits for it', async (t) => {
  const { db } = await createDatabase(t)
  const counted = counting(db)
  const { lookup } = await chainOnPostgres(counted, () => true)
  counted.statements = 0
  t.match(await lookup.find(digest), { kind: 'unavailable' })
  t.equal(counted.statements, 0)
})

t.test('what Redis holds is used, and Postgres is not asked', async (t) => {
  const { lookup, counted } = chainOver({
    read: () => Promise.reject(new Error('not to be asked')),
    cached: () => Promise.resolve({ ...reading(10), record: recordOf() }),
  })
  t.match(await lookup.find(digest), { kind: 'known', tier: 'redis' })
  t.match(lookup.find(digest), { kind: 'known', tier: 'memory' })
  t.same(counted, ['redis known', 'memory known'])
})

t.test(
  'what Redis holds from beyond what was applied is asked of Postgres; where that is away, it counts',
  async (t) => {
    const beyond = { ...reading(11), record: recordOf({ keyId: 'key_beyond' }) }
    const cached = () => Promise.resolve(beyond)
    const up = chainOver({ read: () => Promise.resolve(reading(10)), cached })
    t.match(await up.lookup.find(digest), { kind: 'known', tier: 'postgres', record: { keyId: 'key_a' } })
    const away = chainOver({ read: () => Promise.reject(new StoreUnavailableError('x')), cached })
    t.match(await away.lookup.find(digest), { kind: 'known', tier: 'redis', record: { keyId: 'key_beyond' } })
  },
)

t.test('what Redis holds from before a change that the feed has applied is not used', async (t) => {
  const { lookup, changes } = chainOver({
    read: () => Promise.resolve(reading(11, recordOf({ status: 'disabled' }))),
    cached: () => Promise.resolve({ ...reading(10), record: recordOf() }),
  })
  changes.apply([changeOf(11)])
  t.match(await lookup.find(digest), { kind: 'known', tier: 'postgres', record: { status: 'disabled' } })
})

/** Reads of Postgres that the test answers one by one. */
function heldReads() {
  const waiting: ((reading: OwnReading) => void)[] = []
  let asked: () => void = () => {}
  return {
    read: () =>
      new Promise<OwnReading>((resolve) => {
        waiting.push(resolve)
        asked()
      }),
    async next(): Promise<(reading: OwnReading) => void> {
      if (waiting.length === 0) await new Promise<void>((resolve) => (asked = resolve))
      const answer = waiting.shift()
      if (answer === undefined) throw new Error('nothing was asked')
      return answer
    },
  }
}

const overtaken: Record<string, (changes: Changes) => string> = {
  'a change that the feed has applied'(changes) {
    changes.apply([changeOf(11)])
    return 'e'
  },
  'a change that was heard of early'(changes) {
    changes.hear(changeOf(15))
    return 'e'
  },
  'a gap'(changes) {
    changes.restart('e', 50)
    return 'e'
  },
  'another epoch'(changes) {
    changes.restart('f', 5)
    return 'f'
  },
}
for (const [name, happens] of Object.entries(overtaken)) {
  t.test(`a fill read before ${name} is not used: Postgres is asked again`, async (t) => {
    const reads = heldReads()
    const { lookup, changes, filled } = chainOver({ read: reads.read })
    const found = lookup.find(digest)
    const first = await reads.next()
    const epoch = happens(changes)
    first(reading(10))
    const second = await reads.next()
    t.same(filled, [])
    second({ ...reading(60, recordOf({ status: 'disabled' })), epoch })
    t.match(await found, { kind: 'known', record: { status: 'disabled' } })
  })
}

t.test('an entry of Redis read before another epoch began is not used', async (t) => {
  const changes = createChanges()
  const { lookup } = chainOver({
    read: () => Promise.resolve({ ...reading(60, recordOf({ status: 'disabled' })), epoch: 'f' }),
    cached() {
      changes.restart('f', 5)
      return Promise.resolve({ ...reading(10), record: recordOf() })
    },
    changes,
  })
  t.match(await lookup.find(digest), { tier: 'postgres', record: { status: 'disabled' } })
})

t.test('an old primary that still answers look-ups brings no revoked key back', async (t) => {
  // It was at 100 when the copy that took over was at 95; since then 96 has revoked the key there.
  const changes = createChanges()
  changes.restart('new', 95)
  changes.apply([changeOf(96, { keyId: recordOf().keyId })])
  let asked = 0
  const answers = [
    { ...reading(100), epoch: 'old' },
    { ...reading(96, recordOf({ status: 'revoked' })), epoch: 'new' },
  ]
  const subject = chainOver({ changes, read: async () => answers[asked++] ?? reading(0) })
  t.match(await subject.lookup.find(digest), { kind: 'known', record: { status: 'revoked' } })
  t.equal(asked, 2)
  t.same(subject.reconnects, ['all'], 'and its connections are given up')
  t.same(subject.filled, [digest])
  t.match(subject.lookup.findInMemory(digest), { record: { status: 'revoked' } })
})

t.test('a failover that a look-up meets before the feed does is learnt first', async (t) => {
  const changes = createChanges()
  changes.restart('old', 10)
  const subject = chainOver({
    changes,
    read: async () => ({ ...reading(8), epoch: 'new' }),
    refresh: async () => changes.restart('new', 8),
  })
  t.match(await subject.lookup.find(digest), { kind: 'known', tier: 'postgres' })
  t.same(subject.reconnects, [], 'the connections were right')
})

t.test('two databases that answer by turns end as unavailable, not as an answer', async (t) => {
  const subject = chainOver({ read: async () => ({ ...reading(10), epoch: 'other' }) })
  t.match(await subject.lookup.find(digest), { kind: 'unavailable' })
  t.equal(subject.lookup.findInMemory(digest), undefined)
})

t.test('a key that changes all the time ends as unavailable, not as an old answer', async (t) => {
  const changes = createChanges()
  let revision = 10
  const { lookup } = chainOver({
    read() {
      changes.apply([changeOf(++revision)])
      return Promise.resolve(reading(revision - 1))
    },
    changes,
  })
  t.same(await lookup.find(digest), { kind: 'unavailable', reason: 'overtaken' } satisfies Found)
})

t.test('a revoked key that was read stays refused when both stores are gone', async (t) => {
  const { db } = await createDatabase(t)
  const key = await seedKey(db)
  await transitionKey(db, origin, { id: key.id, action: 'revoke' })
  let isAway = false
  const { lookup, clock } = await chainOnPostgres(db, () => isAway)
  t.match(await lookup.find(key.secret.digest), { kind: 'known', record: { status: 'revoked' } })
  isAway = true
  clock.nowMs += 24 * 60 * 60_000
  t.match(await lookup.find(key.secret.digest), { kind: 'known', record: { status: 'revoked' } })
})
