// Two installations on one Redis under one cache key share nothing; two instances of one with different keys say so.

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startPostgres } from '../support/postgres-service.ts'
import { startTestProgram } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import { until } from '../support/until.ts'
import { controlText, readyOf, statusOf } from './asked.ts'

t.setTimeout(240_000)

async function sharedRedis(t: Test): Promise<string> {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  return redis.url
}

t.test("two installations on one Redis: nothing of one is the other's", async (t) => {
  const redis = await sharedRedis(t)
  const [ours, theirs] = [await startPostgres(), await startPostgres()]
  t.teardown(() => Promise.all([ours.stop(), theirs.stop()]).then(() => {}))
  const one = await startTestProgram(t, { redis, databaseUrl: ours.url })
  const other = await startTestProgram(t, { redis, databaseUrl: theirs.url })
  const key = await one.admin.makeKey(await one.admin.makeMerchant())
  const foreign = await other.admin.makeKey(await other.admin.makeMerchant())
  t.equal(await statusOf(one, key.secret), 200)
  t.equal(await statusOf(other, foreign.secret), 200)
  t.equal(await statusOf(one, foreign.secret), 401)
  const { body } = await one.admin.call('POST', '/deny', { kind: 'client', value: '127.0.0.0/8' })
  t.match(body, { denied: true, spread: true })
  await sleep(1_500)
  t.equal(await statusOf(other, foreign.secret), 200)
  await one.admin.call('DELETE', '/deny', { kind: 'client', value: '127.0.0.0/8' })
  await until(async () => (await statusOf(one, key.secret)) === 200, 'the stop is lifted')

  await t.test('with both databases away, a start finds its own', async (t) => {
    await ours.kill('SIGKILL')
    await theirs.kill('SIGKILL')
    for (const [databaseUrl, own, others] of [
      [ours.url, key, foreign],
      [theirs.url, foreign, key],
    ] as const) {
      const cold = await startTestProgram(t, { redis, databaseUrl })
      await until(async () => (await statusOf(cold, own.secret)) === 200, 'its own key is served')
      for (let i = 0; i < 3; i++) t.equal(await statusOf(cold, others.secret), 503)
    }
  })
})

t.test('instances with different cache keys say so, and a key in two steps is none', async (t) => {
  const redis = await sharedRedis(t)
  const [older, newer] = [
    'the-old-cache-key-of-32-characters-or-so',
    'the-new-cache-key-of-32-characters-or-so',
  ]
  const one = await startTestProgram(t, { redis, cacheKey: older })
  const { databaseUrl } = one
  const other = await startTestProgram(t, { redis, databaseUrl, cacheKey: newer })
  await until(async () => (await readyOf(one))['cache_key'] === 'apart', 'one is told of it')
  t.match(await readyOf(one), { status: 'degraded', cache_key: 'apart' })
  await until(async () => (await readyOf(other))['cache_key'] === 'apart', 'the other is told of it')
  const metrics = await controlText(one, '/metrics')
  t.match(metrics, /^latchkey_cache_keys_apart\{[^}]*\} 1$/m)
  const { body } = await one.admin.call('GET', '/instances')
  const keys = Array.from(Object(body['data']), (instance) => Object(instance)['cache_keys'])
  t.equal(new Set(keys.map(String)).size, 2)
  t.notMatch(JSON.stringify(body), /cache-key/)
  // Revocations arrive all the same, by Postgres.
  const key = await one.admin.makeKey(await one.admin.makeMerchant())
  t.equal(await statusOf(other, key.secret), 200)
  t.same((await one.admin.call('POST', `/keys/${key.id}/revoke?wait=all`)).body['pending'], [])
  t.equal(await statusOf(other, key.secret), 401)
  await other.stop()
  await until(async () => (await readyOf(one))['status'] === 'ok', 'one is well again')

  await t.test('old,new beside old, and new,old beside old,new', async (t) => {
    for (const cacheKey of [`${older},${newer}`, `${newer},${older}`, newer]) {
      const next = await startTestProgram(t, { redis, databaseUrl, cacheKey })
      const made = await next.admin.makeKey(await next.admin.makeMerchant())
      const { body } = await next.admin.call('POST', `/keys/${made.id}/disable?wait=all`)
      t.match(body, { pending: [] })
      if (cacheKey.startsWith(older)) {
        const stopped = await next.admin.makeKey(await next.admin.makeMerchant())
        t.equal(await statusOf(one, stopped.secret), 200)
        const denied = { kind: 'key', value: stopped.id }
        t.match((await next.admin.call('POST', '/deny?wait=all', denied)).body, { pending: [] })
        t.equal(await statusOf(one, stopped.secret), 401)
        await sleep(6_000)
        t.equal((await readyOf(one))['cache_key'], undefined)
      } else await until(async () => (await readyOf(one))['cache_key'] === 'apart', 'one is told of it')
      await next.stop()
    }
  })
})
