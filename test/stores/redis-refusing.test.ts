// A Redis that answers and is of no use for a while, under two instances.

import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { expectOutcome, isLong } from './table.ts'
import { until } from '../support/until.ts'
import { runTrial } from './trial.ts'
import { redisVersion } from './versions.ts'

t.setTimeout(isLong ? 900_000 : 300_000)

async function redisState({ controlPort }: TestProgram): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${controlPort}/readyz`)
  return Object(await answer.json()).redis
}

async function untilBoth(programs: readonly TestProgram[], state: string): Promise<void> {
  for (const program of programs) {
    await until(async () => (await redisState(program)) === state, `Redis ${state}`)
  }
}

t.test('Redis is full for a while', async (t) => {
  const redis = await startRedis()
  const admin = new Redis(redis.url)
  t.teardown(async () => {
    admin.disconnect()
    await redis.stop()
  })
  const { url: databaseUrl } = await createEmptyDatabase(t)
  const one = await startTestProgram(t, { databaseUrl, redis: redis.url })
  const two = await startTestProgram(t, { databaseUrl, redis: redis.url })
  const outcome = await runTrial([one, two], async () => {
    await sleep(500)
    await admin.config('SET', 'maxmemory', '1')
    await untilBoth([one, two], 'degraded')
    await sleep(isLong ? 10_000 : 1_000)
    await admin.config('SET', 'maxmemory', '0')
    await untilBoth([one, two], 'up')
  })
  t.equal(outcome.unavailable, 0, 'no request fails by it')
  const version = await redisVersion(redis.port)
  expectOutcome(
    t,
    { setUp: 'Redis, full (`noeviction`) for a while', version, note: '`/readyz` was degraded' },
    outcome,
  )
})

t.test('a replica is promoted behind the name of Redis', async (t) => {
  const [master, replica] = await Promise.all([startRedis(), startRedis()])
  const admins = [new Redis(master.url), new Redis(replica.url)] as const
  const name = await startTcpProxy([master.port])
  t.teardown(async () => {
    for (const admin of admins) admin.disconnect()
    await name.close()
    await Promise.all([master.stop(), replica.stop()])
  })
  await admins[1].replicaof('127.0.0.1', master.port)
  while (!(await admins[1].info('replication')).includes('master_link_status:up')) await sleep(50)
  const { url: databaseUrl } = await createEmptyDatabase(t)
  const options = { databaseUrl, redis: `redis://127.0.0.1:${name.port}` }
  const one = await startTestProgram(t, options)
  const two = await startTestProgram(t, options)
  /** Neither replicas nor a master are users. */
  const users = async (admin: Redis) => {
    const lists = await Promise.all(
      ['normal', 'pubsub'].map((type) => admin.call('CLIENT', 'LIST', 'TYPE', type)),
    )
    return lists.join('').split('\n').filter(Boolean).length
  }
  const outcome = await runTrial([one, two], async () => {
    await sleep(500)
    await admins[1].replicaof('NO', 'ONE')
    name.aim([replica.port])
    await admins[0].replicaof('127.0.0.1', replica.port)
    // The two of each instance, and ours; the old one has its own and ours.
    await until(async () => (await users(admins[1])) >= 5 && (await users(admins[0])) <= 1, 'all have moved')
    await sleep(isLong ? 10_000 : 1_000)
  })
  t.equal(outcome.unavailable, 0, 'no request fails by it')
  await untilBoth([one, two], 'up')
  const version = await redisVersion(replica.port)
  const note = 'all four connections left the old master'
  expectOutcome(t, { setUp: 'Redis, a replica promoted behind one name', version, note }, outcome)
})
