// Stores that lose what they had: a Redis that is emptied, a Postgres that is restored to an older state, that is
// replaced by a promoted copy, that only reads, or that has no connection left. Nothing that is gone may still count.

import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { createMerchant } from '../../src/store/keys/merchant-table.ts'
import { createPostgres, type Postgres } from '../../src/store/postgres.ts'
import { newId, origin } from '../store/seed.ts'
import { startLeanUpstream } from './child.ts'
import { type Client, createClient, unknownSecret } from './client.ts'
import { nowMs } from './clock.ts'
import { keyOfDemo, startInstance, startStores } from './cluster.ts'
import { isLong, ms, note } from './figures.ts'

t.setTimeout(isLong ? 1_800_000 : 300_000)
const stores = await startStores(t)
const upstreamPort = await startLeanUpstream(t)
const instances = await Promise.all([1, 2].map(() => startInstance(t, stores, { upstreamPort })))
const [one, two] = instances
if (one === undefined || two === undefined) throw new Error('no instances')
const clients = instances.map((instance) => createClient(instance.gatewayPort))
t.teardown(() => {
  for (const client of clients) client.close()
})
const merchant = await one.admin.makeMerchant()
const makeKey = () => one.admin.makeKey(merchant, keyOfDemo)

async function statuses(secret: string): Promise<number[]> {
  const answers = await Promise.all(clients.map((client: Client) => client.ask(secret)))
  return answers.map(({ status }) => status)
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20)
}

async function untilAllOk(): Promise<void> {
  for (const instance of instances) await until(async () => (await instance.ready()).body['status'] === 'ok')
}

/** A connection for the test itself. */
async function withDb<T>(work: (db: Postgres) => Promise<T>): Promise<T> {
  const db = createPostgres({ url: stores.postgres.url, applicationName: 'test' })
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

t.test('Redis emptied: nothing is refused that is good, nothing revived that is dead', async (t) => {
  const [good, dead] = [await makeKey(), await makeKey()]
  for (const key of [good, dead]) t.same(await statuses(key.secret), [200, 200])
  await one.admin.call('POST', `/keys/${dead.id}/revoke?wait=all`)
  const redis = new Redis(stores.redis.url)
  await redis.flushall()
  redis.disconnect()
  t.same(await statuses(good.secret), [200, 200])
  t.same(await statuses(dead.secret), [401, 401])
  const { body } = await one.admin.call('POST', `/keys/${good.id}/revoke?wait=all`)
  t.same(body['pending'], [], 'what the instances have applied is known again')
  t.same(await statuses(good.secret), [401, 401])
})

/** With owner and rights: the server may be run by another user than the test. */
function copyData(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  execFileSync('cp', ['-a', from, to])
}

async function cutOff(isCut: boolean): Promise<void> {
  await Promise.all(instances.map(({ postgres }) => postgres.set(isCut ? 'refuse' : 'pass')))
}

/** Makes changes, behind the back of the instances, until the head is beyond `head`. */
async function takeRevisions(head: number): Promise<void> {
  await withDb(async (db) => {
    for (;;) {
      const { object } = await createMerchant(db, origin, { id: newId('mer'), name: 'Other' })
      if (object.revision > head) return
    }
  })
}

/** How Postgres comes to be older than the instances. */
const returns = {
  restored: () => {},
  // A server that ends an archive recovery begins a new timeline, as a standby does that is promoted.
  promoted: (data: string) => {
    execFileSync('cp', ['-a', `${data}/PG_VERSION`, `${data}/recovery.signal`])
    writeFileSync(`${data}/postgresql.auto.conf`, "restore_command = 'false'\n")
  },
} as const

for (const [how, prepare] of Object.entries(returns)) {
  t.test(`Postgres ${how} from an older copy: what was lost does not count any more`, async (t) => {
    const { data } = stores.postgres
    const saved = `${data}-saved`
    const [before, revived] = [await makeKey(), await makeKey()]
    for (const key of [before, revived]) t.same(await statuses(key.secret), [200, 200])
    await stores.postgres.kill('SIGINT')
    copyData(data, saved)
    await stores.postgres.restart()
    await untilAllOk()
    const lost = await makeKey()
    t.same(await statuses(lost.secret), [200, 200])
    await one.admin.call('POST', `/keys/${revived.id}/revoke?wait=all`)
    t.same(await statuses(revived.secret), [401, 401])

    const head = Number((await one.ready()).body['applied_revision'])
    await cutOff(true)
    await stores.postgres.kill('SIGINT')
    copyData(saved, data)
    prepare(data)
    await stores.postgres.restart()
    // New changes take the revisions that were lost before any instance has seen that they were.
    await takeRevisions(head)
    await cutOff(false)
    const backAt = nowMs()
    await until(async () => (await statuses(lost.secret)).every((status) => status === 401))
    const backMs = nowMs() - backAt
    note(t, {
      what: `Postgres ${how}: a key that is gone is refused after`,
      value: ms(backMs),
      bound: '≤ 3000 ms',
    })
    await untilAllOk()
    for (let i = 0; i < 3; i++) t.same(await statuses(lost.secret), [401, 401], 'Redis does not revive it')
    t.same(await statuses(before.secret), [200, 200], 'what is there is served')
    t.same(await statuses(revived.secret), [200, 200], 'by what the database now says')
    const { body } = await one.admin.call('POST', `/keys/${revived.id}/revoke?wait=all`)
    t.same(body['pending'], [], 'what instances said of lost revisions is not taken for these')
    t.same(await statuses(revived.secret), [401, 401])
  })
}

t.test('a Postgres that only reads is away: known keys go on, nothing is changed', async (t) => {
  const key = await makeKey()
  t.same(await statuses(key.secret), [200, 200])
  await setting('ALTER SYSTEM SET default_transaction_read_only = on')
  await until(async () => (await one.ready()).body['postgres'] === 'down')
  t.same(await statuses(key.secret), [200, 200])
  const { status } = await one.admin.call('POST', `/keys/${key.id}/revoke`)
  t.equal(status, 503)
  t.equal((await clients[0]?.ask(unknownSecret()))?.status, 503)
  await setting('ALTER SYSTEM RESET default_transaction_read_only')
  await untilAllOk()
  t.same(await statuses(key.secret), [200, 200])
  const { body } = await one.admin.call('POST', `/keys/${key.id}/revoke?wait=all`)
  t.same(body['pending'], [])
})

async function setting(sql: string): Promise<void> {
  await withDb(async (db) => {
    await db.query('SET default_transaction_read_only = off')
    await db.query(sql)
    await db.query('SELECT pg_reload_conf()')
  })
}

// In the long form alone: where the processor is short, a hundred connections that are made at once keep the look-ups'
// own waiting for longer than their two seconds, and no other can be made in their place.
if (isLong)
  t.test('a Postgres without a free connection: those who have one go on', async (t) => {
    const key = await makeKey()
    const fresh = await makeKey()
    t.same(await statuses(key.secret), [200, 200])
    const hogs = createPostgres({ url: stores.postgres.url, applicationName: 'hog', maxConnections: 300 })
    t.teardown(() => hogs.close())
    const full = await Promise.allSettled(
      Array.from({ length: 220 }, () => hogs.query('SELECT pg_sleep(1.5)')),
    )
    t.ok(
      full.some(({ status }) => status === 'rejected'),
      'it was full',
    )
    const again = Promise.allSettled(Array.from({ length: 220 }, () => hogs.query('SELECT pg_sleep(1.5)')))
    await sleep(300)
    t.same(await statuses(fresh.secret), [200, 200], 'a key that was never looked up')
    t.same(await statuses(unknownSecret()), [401, 401])
    t.equal((await one.ready()).body['postgres'], 'up')
    await again
  })
