// Redis as one that follows the changes: what it could not take is repeated, whoever made it; what cannot be told of
// another history is not found.

import t, { type Test } from 'tap'
import { createRedisScope, type RedisScope } from '../../src/lookup/redis-scope.ts'
import { createSeal } from '../../src/lookup/seal.ts'
import type { Change } from '../../src/store/change-table.ts'
import { startRedis } from '../support/redis-service.ts'
import { cacheKey, part, type PatientStore, patientStore, rawClient, until } from './redis-subject.ts'
import { changeOf, digestOf, staleLimitMs } from './subject.ts'

const redis = await startRedis()
t.teardown(() => redis.stop())
const raw = rawClient(t, redis.url)
t.beforeEach(async () => {
  await raw.config('SET', 'maxmemory', '0')
  await raw.flushall()
})

interface Database {
  epoch: string
  readonly outbox: Change[]
  isAway: boolean
}

const stampOf = (revision: number) => revision * 1_000
const made = (revision: number, of: Partial<Change> = {}) =>
  changeOf(revision, { stamp: stampOf(revision), ...of })

interface Process {
  readonly scope: RedisScope
  readonly store: PatientStore
  readonly state: { applied: number; stamp: number | undefined; epoch: string | undefined }
  rejected(): number
  /** As the feed does: reads, polls, compares, tends. `before`: called when it is about to tend. */
  poll(before?: () => void): Promise<void>
  /** Commits and publishes. */
  change(of?: Partial<Change>): void
}

async function processOn(t: Test, database: Database, key = cacheKey): Promise<Process> {
  const store = await patientStore(t, redis.url)
  const state: Process['state'] = { applied: -1, stamp: undefined, epoch: undefined }
  let rejected = 0
  const scope = createRedisScope({
    store,
    seal: createSeal(key),
    changes: state,
    async changesAfter(revision, limit) {
      if (database.isAway) throw new Error('away')
      return database.outbox.filter((change) => change.revision > revision).slice(0, limit)
    },
    maxStaleLimitMs: () => staleLimitMs,
    monotonicNow: () => performance.now(),
    rejected: () => void rejected++,
  })
  return {
    scope,
    store,
    state,
    rejected: () => rejected,
    async poll(before) {
      const record = await scope.read()
      if (database.isAway) return scope.tend(false)
      const last = database.outbox.at(-1)
      Object.assign(state, { epoch: database.epoch, applied: last?.revision ?? 0, stamp: last?.stamp })
      if (record !== undefined) {
        const same =
          database.outbox.find(({ revision }) => revision === record.revision)?.stamp === record.stamp
        scope.judged(record, record.epoch !== database.epoch ? 'other' : same ? 'same' : 'unknown')
      }
      before?.()
      await scope.tend(true)
    },
    change(of = {}) {
      const change = made((database.outbox.at(-1)?.revision ?? 0) + 1, of)
      database.outbox.push(change)
      scope.mark(database.epoch, change)
    },
  }
}

const databaseOf = (...outbox: Change[]): Database => ({ epoch: 'e', outbox, isAway: false })

/** The marks in Redis: `k:key_a 3`. */
async function marks(): Promise<string[]> {
  const names = (await raw.keys(`${part}*`)).filter((name) => /:[km]:/.test(name))
  const values = await Promise.all(names.map((name) => raw.get(name)))
  return names.map((name, index) => `${name.split(':').slice(-2).join(':')} ${values[index]}`).toSorted()
}

t.test('the first process begins a scope, all others use it', async (t) => {
  const database = databaseOf(made(1))
  const [one, two] = [await processOn(t, database), await processOn(t, database)]
  t.equal(one.scope.current(), undefined)
  await one.poll()
  await two.poll()
  t.match(one.scope.current(), { epoch: 'e', base: 1, revision: 1, stamp: stampOf(1) })
  t.same(two.scope.current(), one.scope.current())
})

t.test('a published change is marked, and Redis is no longer behind', async (t) => {
  const one = await processOn(t, databaseOf(made(1)))
  await one.poll()
  one.change()
  one.change({ keyId: null })
  t.equal(await one.scope.isBehind(3, 5_000), false)
  t.same(await marks(), ['k:key_a 2', 'm:mer_a 3'])
})

t.test('two that commit at once: the later one waits for the earlier', async (t) => {
  const database = databaseOf(made(1))
  const [one, two] = [await processOn(t, database), await processOn(t, database)]
  await one.poll()
  await two.poll()
  const [second, third] = [made(2), made(3, { keyId: 'key_b' })]
  database.outbox.push(second, third)
  two.scope.mark('e', third)
  await two.store.settled()
  one.scope.mark('e', second)
  t.equal(await two.scope.isBehind(3, 5_000), false)
})

t.test('a change that somebody else has repeated, and what came after it, is not behind', async (t) => {
  const database = databaseOf(made(1))
  const [one, two] = [await processOn(t, database), await processOn(t, database)]
  await one.poll()
  await two.poll()
  const second = made(2)
  database.outbox.push(second)
  one.scope.mark('e', second)
  one.change({ keyId: 'key_b' })
  t.equal(await one.scope.isBehind(3, 5_000), false)
  // Its own maker comes last, and polls no more meanwhile.
  two.scope.mark('e', second)
  await two.store.settled()
  t.equal(await two.scope.isBehind(2, 0), false)
})

t.test('what Redis could not take is repeated though change follows change', async (t) => {
  const database = databaseOf(made(1))
  const one = await processOn(t, database)
  await one.poll()
  await raw.config('SET', 'maxmemory', '1')
  one.change({ keyId: 'key_lost' })
  await one.store.settled()
  await raw.config('SET', 'maxmemory', '0')
  for (let polls = 0; polls < 3; polls++) {
    // At each look another one is under way.
    await one.poll(() => one.change({ keyId: `key_${polls}` }))
  }
  await until(async () => (await marks()).includes('k:key_lost 2'))
  t.equal(await one.scope.isBehind(5, 60_000), false)
})

t.test('what Redis could not take is repeated when it is back, by who made it', async (t) => {
  const database = databaseOf(made(1))
  const one = await processOn(t, database)
  await one.poll()
  await redis.kill('SIGKILL')
  await until(() => !one.store.isUp())
  one.change({ digests: [digestOf('a')] })
  t.equal(await one.scope.isBehind(2, 60_000), true, 'at once')
  await redis.restart()
  await until(() => one.store.isUp())
  await one.poll()
  t.equal(await one.scope.isBehind(2, 60_000), false)
})

t.test('a Redis that comes back with older data is brought up to date, by anybody', async (t) => {
  const database = databaseOf(made(1))
  const [one, two] = [await processOn(t, database), await processOn(t, database)]
  await one.poll()
  await two.poll()
  const [name = ''] = await raw.keys(`${part}scope:*`)
  const older = await raw.hgetall(name)
  one.change()
  t.equal(await one.scope.isBehind(2, 5_000), false)
  for (const mark of await raw.keys(`${part}*:k:*`)) await raw.del(mark)
  await raw.hset(name, older)
  await two.poll()
  await two.poll()
  t.same(await marks(), ['k:key_a 2'])
  t.equal(await two.scope.isBehind(2, 5_000), false)
})

t.test('where Postgres is away as well, who made a change repeats it from what it has kept', async (t) => {
  const database = databaseOf(made(1))
  const one = await processOn(t, database)
  await one.poll()
  const [name = ''] = await raw.keys(`${part}scope:*`)
  const record = await raw.hgetall(name)
  await redis.kill('SIGKILL')
  await until(() => !one.store.isUp())
  one.change()
  database.isAway = true
  await redis.restart()
  await until(() => one.store.isUp())
  // With its data, as of before the change.
  await raw.hset(name, record)
  await one.poll()
  t.same(await marks(), ['k:key_a 2'])
})

t.test('a full Redis lets go of entries, is behind, and takes the mark when there is room', async (t) => {
  const one = await processOn(t, databaseOf(made(1)))
  await one.poll()
  const entry = `${part}${one.scope.current()?.id}:c:${digestOf('a')}`
  await raw.hset(entry, { r: '1', v: 'x' })
  await raw.config('SET', 'maxmemory-policy', 'noeviction')
  await raw.config('SET', 'maxmemory', '1')
  one.change({ digests: [digestOf('a')] })
  t.equal(await one.scope.isBehind(2, 60_000), true)
  t.equal(await raw.exists(entry), 0)
  t.same(await marks(), [])
  await one.poll()
  t.equal(await one.scope.isBehind(2, 60_000), true)
  await raw.config('SET', 'maxmemory', '0')
  await one.poll()
  t.equal(await one.scope.isBehind(2, 60_000), false)
  t.same(await marks(), ['k:key_a 2'])
})

t.test('where what is missing cannot be told any more, another scope begins', async (t) => {
  const database = databaseOf(made(1))
  const one = await processOn(t, database)
  await one.poll()
  const before = one.scope.current()?.id
  database.outbox.splice(0, 1, made(5))
  await one.poll()
  await one.poll()
  t.match(one.scope.current(), { base: 5, revision: 5 })
  t.not(one.scope.current()?.id, before)
})

t.test('a Redis that has lost everything, and a damaged or forged record, begin another scope', async (t) => {
  const one = await processOn(t, databaseOf(made(1)))
  await one.poll()
  const seen = new Set([one.scope.current()?.id])
  const [name = ''] = await raw.keys(`${part}scope:*`)
  const ruins = [
    () => raw.flushall(),
    async () => raw.hset(name, 'r', '7'),
    async () => raw.hset(name, 'g', 'x'),
    async () =>
      raw.hset(name, 'v', String(await raw.hget(name, 'v')).replace('"revision":1', '"revision":0')),
    () => raw.hdel(name, 'v'),
  ]
  for (const [index, ruin] of ruins.entries()) {
    await ruin()
    await one.poll()
    seen.add(one.scope.current()?.id)
    t.equal(seen.size, index + 2)
    t.notOk(seen.has(undefined))
  }
  t.equal(one.rejected(), 1)
})

t.test('a record of another epoch is replaced', async (t) => {
  const database = databaseOf(made(1))
  const one = await processOn(t, database)
  await one.poll()
  const before = one.scope.current()?.id
  database.epoch = 'f'
  await one.poll()
  t.match(one.scope.current(), { epoch: 'f' })
  t.not(one.scope.current()?.id, before)
})

t.test('a record that cannot be compared begins another scope at a start, and never after', async (t) => {
  const database = databaseOf(changeOf(4))
  const one = await processOn(t, database)
  await one.poll()
  const first = one.scope.current()?.id
  database.outbox.splice(0, 1, made(4))
  await one.poll()
  t.equal(one.scope.current()?.id, first, 'who has followed goes on')
  const two = await processOn(t, database)
  await two.poll()
  const second = two.scope.current()?.id
  t.not(second, first)
  await one.poll()
  t.equal(one.scope.current()?.id, second)
  await two.poll()
  t.equal(two.scope.current()?.id, second)
})

t.test('who has never met Postgres believes the record; who has met it waits for a comparison', async (t) => {
  const database = databaseOf(made(1))
  const one = await processOn(t, database)
  await one.poll()
  const cold = await processOn(t, { ...database, isAway: true })
  await cold.poll()
  t.same(cold.scope.current(), one.scope.current())
  const met = await processOn(t, { ...database, isAway: true })
  met.state.epoch = 'e'
  await met.poll()
  t.equal(met.scope.current(), undefined)
})

t.test('instances with different cache keys have scopes of their own', async (t) => {
  const database = databaseOf(made(1))
  const one = await processOn(t, database)
  const other = await processOn(t, database, 'another-cache-key-of-more-than-32-characters')
  for (const each of [one, other, one, other]) await each.poll()
  const ids = [one.scope.current()?.id, other.scope.current()?.id]
  t.equal(new Set([undefined, ...ids]).size, 3)
  one.change()
  await other.poll()
  await other.poll()
  t.equal(await other.scope.isBehind(2, 5_000), false, 'and each is brought up to date by its own')
})
