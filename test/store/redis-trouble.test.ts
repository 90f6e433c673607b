// A Redis that answers and refuses: real servers brought into each such state.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import t from 'tap'
import { createRedis, type RedisStore } from '../../src/store/redis.ts'
import { troubleOf } from '../../src/store/redis-trouble.ts'
import { type RedisSettings, startRedis } from '../support/redis-service.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

t.setTimeout(120_000)

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20)
}

interface Teardown {
  teardown(fn: () => Promise<void> | void): unknown
}

interface Subject {
  readonly store: RedisStore
  readonly admin: Redis
  readonly port: number
  /** Of warnings: `kind`, `mend`. */
  readonly log: Record<string, unknown>[]
  readonly counts: Map<string, number>
}

async function storeOn(t: Teardown, url: string): Promise<Omit<Subject, 'admin' | 'port'>> {
  const log: Record<string, unknown>[] = []
  const counts = new Map<string, number>()
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) })
  const store = createRedis({
    url,
    log: logger,
    monotonicNow: () => performance.now(),
    refused: (kind) => counts.set(kind, (counts.get(kind) ?? 0) + 1),
  })
  t.teardown(() => store.close())
  return { store, log, counts }
}

async function subject(t: Teardown, settings: RedisSettings = {}): Promise<Subject> {
  const redis = await startRedis(settings)
  const admin = new Redis({ port: redis.port, maxRetriesPerRequest: 0 })
  admin.on('error', () => {})
  t.teardown(async () => {
    admin.disconnect()
    await redis.stop()
  })
  return { ...(await storeOn(t, redis.url)), admin, port: redis.port }
}

const warnings = ({ log }: Pick<Subject, 'log'>, kind: string) =>
  log.filter((line) => line['kind'] === kind && typeof line['mend'] === 'string')

t.test('a full Redis is in trouble until there is room', async (t) => {
  const it = await subject(t)
  await until(() => it.store.isUp())
  t.same(it.store.troubles(), [])
  await it.admin.config('SET', 'maxmemory', '1')
  t.equal(await it.store.run((client) => client.set('a', '1'), 1_000), undefined)
  t.same(it.store.troubles(), ['OOM'])
  t.ok(it.store.isUp(), 'it answers questions')
  t.equal(await it.store.run((client) => client.get('a'), 1_000), null)
  for (let i = 0; i < 5; i++) await it.store.tell((client) => client.set('a', '1'), 1_000)
  t.equal(warnings(it, 'OOM').length, 1, 'one line, however many')
  t.ok((it.counts.get('OOM') ?? 0) >= 6, 'and all are counted')
  await it.admin.config('SET', 'maxmemory', '0')
  await until(() => it.store.troubles().length === 0)
  t.match(it.log.at(-1), { kinds: ['OOM'] })
  await it.admin.config('SET', 'maxmemory', '1')
  await it.store.tell((client) => client.set('a', '1'), 1_000)
  t.equal(warnings(it, 'OOM').length, 2, 'another time is told again')
})

t.test('a Redis that has lost its replicas', async (t) => {
  const it = await subject(t, { 'min-replicas-to-write': 1 })
  await until(() => it.store.troubles().includes('NOREPLICAS'))
  t.equal(warnings(it, 'NOREPLICAS').length, 1)
  await it.admin.config('SET', 'min-replicas-to-write', '0')
  await until(() => it.store.troubles().length === 0)
})

t.test('a Redis that cannot save to its disk', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-redis-disk-'))
  const it = await subject(t, { dir: folder })
  await until(() => it.store.isUp())
  await rm(folder, { recursive: true })
  await it.admin.config('SET', 'save', '3600 1')
  await it.admin.set('a', '1')
  await it.admin.bgsave()
  await until(async () => (await it.admin.info('persistence')).includes('rdb_last_bgsave_status:err'))
  await it.store.tell((client) => client.set('a', '2'), 1_000)
  t.same(it.store.troubles(), ['MISCONF'])
  t.match(warnings(it, 'MISCONF'), [{ mend: /disk/ }])
})

t.test('a user without the rights: found at the start, before anything fails by it', async (t) => {
  const redis = await startRedis()
  const admin = new Redis(redis.url)
  t.teardown(async () => {
    admin.disconnect()
    await redis.stop()
  })
  await admin.acl('SETUSER', 'poor', 'on', '>secret', '~*', '&*', '+@all', '-eval')
  const it = await storeOn(t, `redis://poor:secret@127.0.0.1:${redis.port}`)
  await until(() => it.store.troubles().includes('NOPERM'))
  t.match(warnings(it, 'NOPERM'), [{ mend: /docs\/stores\.md/ }])
  await admin.acl('SETUSER', 'poor', '+eval')
  await until(() => it.store.troubles().length === 0)
})

t.test('a user that may not listen', async (t) => {
  const redis = await startRedis()
  const admin = new Redis(redis.url)
  t.teardown(async () => {
    admin.disconnect()
    await redis.stop()
  })
  await admin.acl('SETUSER', 'deaf', 'on', '>secret', '~*', '&*', '+@all', '-subscribe')
  const it = await storeOn(t, `redis://deaf:secret@127.0.0.1:${redis.port}`)
  const heard: string[] = []
  it.store.subscribe('news', (message) => heard.push(message))
  await until(() => it.store.troubles().includes('NOPERM'))
  await admin.acl('SETUSER', 'deaf', '+subscribe')
  await until(() => it.store.troubles().length === 0)
  await until(async () => {
    await admin.publish('news', 'x')
    return heard.length > 0
  })
  t.pass('it listens as soon as it may')
})

t.test('a wrong password, and a database that is not there, are no Redis to go on with', async (t) => {
  const redis = await startRedis({ requirepass: 'right', databases: 2 })
  t.teardown(() => redis.stop())
  for (const [login, path, kind] of [
    [':wrong@', '/0', 'WRONGPASS'],
    ['', '/0', 'NOAUTH'],
    [':right@', '/7', 'NODB'],
  ] as const) {
    const it = await storeOn(t, `redis://${login}127.0.0.1:${redis.port}${path}`)
    await until(() => warnings(it, kind).length > 0)
    await sleep(300)
    t.notOk(it.store.isUp(), kind)
    t.equal(warnings(it, kind).length, 1, 'told once, for both connections')
    t.notMatch(JSON.stringify(it.log), /wrong@|right/)
  }
})

t.test('one node of a cluster, named as if it were alone', async (t) => {
  const it = await subject(t, { 'cluster-enabled': 'yes', 'cluster-config-file': 'nodes.conf' })
  await until(() => it.store.troubles().includes('CLUSTERDOWN'))
  t.notOk((await it.store.run((client) => client.set('a', '1'), 1_000)) !== undefined)
})

t.test('a Redis that is no cluster, named as one', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const it = await storeOn(t, `redis+cluster://127.0.0.1:${redis.port}`)
  await until(() => warnings(it, 'NOCLUSTER').length > 0)
  t.notOk(it.store.isUp())
})

t.test('behind one name: the master that became a replica is left for the new one', async (t) => {
  const master = await startRedis()
  const replica = await startRedis()
  const admins = [new Redis(master.url), new Redis(replica.url)] as const
  const name = await startTcpProxy([master.port])
  t.teardown(async () => {
    for (const admin of admins) admin.disconnect()
    await name.close()
    await Promise.all([master.stop(), replica.stop()])
  })
  await admins[1].replicaof('127.0.0.1', master.port)
  await until(async () => (await admins[1].info('replication')).includes('master_link_status:up'))
  const it = await storeOn(t, `redis://127.0.0.1:${name.port}`)
  const heard: string[] = []
  it.store.subscribe('news', (message) => heard.push(message))
  await until(() => it.store.isUp())

  await admins[1].replicaof('NO', 'ONE')
  // New connections lead to the new master; those that are there stay where they are.
  name.aim([replica.port])
  await admins[0].replicaof('127.0.0.1', replica.port)
  await until(async () => {
    await it.store.tell((client) => client.set('after', '1'), 500)
    return (await admins[1].get('after')) === '1'
  })
  t.equal(warnings(it, 'READONLY').length, 1)
  await until(() => it.store.troubles().length === 0)
  const clients = async (admin: Redis) => String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).trim()
  await until(async () => (await clients(admins[1])) !== '')
  t.equal(await clients(admins[0]), '', 'the subscription has moved too')
})

t.test('each word that Redis has for it is known, within a script too', async (t) => {
  const reply = (text: string) => Object.assign(new Error(text), { name: 'ReplyError' })
  for (const [text, kind] of [
    ['MOVED 3999 127.0.0.1:6381', 'MOVED'],
    ["CROSSSLOT Keys in request don't hash to the same slot", 'CROSSSLOT'],
    [
      'ERR Script attempted to access a non local key in a cluster node script: f, on @user_script:1.',
      'CROSSSLOT',
    ],
    ["READONLY You can't write against a read only replica.", 'READONLY'],
    ["ERR Error running script (call to f_1): @user_script:3: -READONLY You can't write", 'READONLY'],
    ["NOPERM this user has no permissions to run the 'eval' command", 'NOPERM'],
    ["ERR The user executing the script can't run this command or subcommand script: f", 'NOPERM'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'OOM'],
    ['ERR Error running script: @user_script:3: @user_script: 3: -OOM command not allowed', 'OOM'],
    [
      'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist on disk.',
      'MISCONF',
    ],
    ['LOADING Redis is loading the dataset in memory', 'LOADING'],
    ['MASTERDOWN Link with MASTER is down', 'MASTERDOWN'],
    ['BUSY Redis is busy running a script.', 'BUSY'],
    ["ERR unknown command 'EVALX', with args beginning with: 'a'", 'OTHER'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'OTHER'],
  ] as const) {
    t.equal(troubleOf(reply(text)), kind, text)
  }
  t.equal(troubleOf(new Error('connect ECONNREFUSED')), undefined)
  t.equal(troubleOf('OOM'), undefined)
})
