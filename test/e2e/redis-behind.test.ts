// Contract 7.
// A revocation that Redis could not take: the answer says so, it is repeated until Redis has it, and one that starts
// without Postgres never serves what was before.

import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { startPostgres } from '../support/postgres-service.ts'
import { startTestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { until } from '../support/until.ts'
import { statusOf } from './asked.ts'

t.setTimeout(240_000)

async function subject(t: Test) {
  const [postgres, redis] = [await startPostgres(), await startRedis()]
  const raw = new Redis(redis.url)
  raw.on('error', () => {})
  t.teardown(async () => {
    raw.disconnect()
    await Promise.all([postgres.stop(), redis.stop()])
  })
  const stores = { databaseUrl: postgres.url, redis: redis.url }
  const program = await startTestProgram(t, stores)
  const merchant = await program.admin.makeMerchant()
  const [doomed, good] = [await program.admin.makeKey(merchant), await program.admin.makeKey(merchant)]
  for (const { secret } of [doomed, good]) t.equal(await statusOf(program, secret), 200)
  // Its entry is in Redis.
  await until(async () => (await raw.keys('*:c:*')).length === 2, 'both entries are in Redis')
  const revoke = async () => (await program.admin.call('POST', `/keys/${doomed.id}/revoke?wait=all`)).body

  /** With Postgres away, a new process serves the other key and never this one. */
  async function startsCold(t: Test): Promise<void> {
    await postgres.kill('SIGKILL')
    const cold = await startTestProgram(t, stores)
    const seen = new Set<number | undefined>()
    await until(async () => {
      seen.add(await statusOf(cold, doomed.secret))
      return (await statusOf(cold, good.secret)) === 200
    }, 'the other key is served')
    for (let i = 0; i < 5; i++) seen.add(await statusOf(cold, doomed.secret))
    t.notOk(seen.has(200), [...seen].join())
  }
  return { postgres, redis, raw, program, doomed, revoke, startsCold }
}

t.test('a Redis that is full', async (t) => {
  const { raw, program, doomed, revoke, startsCold } = await subject(t)
  await raw.config('SET', 'maxmemory-policy', 'noeviction')
  await raw.config('SET', 'maxmemory', '1')
  const body = await revoke()
  t.match(body, { pending: [], redis: 'behind' })
  t.equal(await statusOf(program, doomed.secret), 401)
  t.match(await revoke(), { pending: [], redis: 'behind' }, 'a repeat says so too')
  await raw.config('SET', 'maxmemory', '0')
  await until(async () => (await revoke())['redis'] === undefined, 'Redis has it')
  await startsCold(t)
})

t.test('a Redis that was away, and comes back with what it had', async (t) => {
  const { redis, raw, program, doomed, revoke, startsCold } = await subject(t)
  await raw.save()
  await redis.kill('SIGKILL')
  const begun = performance.now()
  const body = await revoke()
  t.match(body, { pending: [], redis: 'behind' })
  t.ok(performance.now() - begun < 4_500, 'nobody waits for a Redis that is away')
  t.equal(await statusOf(program, doomed.secret), 401)
  await redis.restart()
  await until(async () => (await revoke())['redis'] === undefined, 'Redis has it')
  await startsCold(t)
})

t.test('the same where Postgres is away before Redis is back: who made it has kept it', async (t) => {
  const { postgres, redis, raw, doomed, revoke, startsCold } = await subject(t)
  await raw.save()
  await redis.kill('SIGKILL')
  t.match(await revoke(), { pending: [], redis: 'behind' })
  await postgres.kill('SIGKILL')
  await redis.restart()
  await until(async () => {
    const names = await raw.keys(`*:k:${doomed.id}`).catch(() => [])
    const [mark = '0'] = await raw.mget(names.length === 0 ? ['none'] : names).catch(() => [])
    return Number(mark) > 3
  }, 'it is marked')
  await startsCold(t)
})
