// Contract 7.
// A process that starts while a store is away: it starts, says how it is, and serves what it can.

import t from 'tap'
import { adminClient } from '../support/admin.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { startPostgres } from '../support/postgres-service.ts'
import { startRedis } from '../support/redis-service.ts'
import { startUpstream } from '../support/upstream.ts'
import { codeOf, exchange, request } from '../support/wire.ts'
import { adminToken, keyOfDemo, latchkey, probe, secrets, until, untilReady, writeConfig } from './process.ts'

t.setTimeout(300_000)

const ask = (port: number, secret: string) =>
  exchange(port, request('GET /v1/a', ['Host: api.example.com', `X-Api-Key: ${secret}`]))

const adminOf = (port: number) => adminClient(`http://127.0.0.1:${port}`, adminToken)

t.test('on an empty database it is soon ready', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const file = await writeConfig(t, { postgres: url })
  const started = performance.now()
  const { control } = await untilReady(latchkey(t, ['start', '--config', file], secrets))
  const milliseconds = Math.round(performance.now() - started)
  t.comment(`start to ready: ${milliseconds} ms`)
  t.match(await probe(control), { status: 200, body: { status: 'ok', postgres: 'up', redis: 'none' } })
})

t.test('a database that is away at the start: not ready until it comes up, then all is well', async (t) => {
  const postgres = await startPostgres()
  t.teardown(() => postgres.stop())
  await postgres.kill('SIGKILL')
  const file = await writeConfig(t, { postgres: postgres.url })
  const { control, gateway } = await untilReady(latchkey(t, ['start', '--config', file], secrets))

  await t.test('meanwhile it lives, is not ready, and says why', async (t) => {
    t.match(await probe(control, '/livez'), { status: 200 })
    t.match(await probe(control), { status: 503, body: { status: 'degraded', postgres: 'down' } })
    t.match((await adminOf(control).call('GET', '/keys')).body, { error: { code: 'STORE_UNAVAILABLE' } })
    const unknown = await ask(gateway, 'live_00000000000000000000000000000000000000')
    t.equal(unknown.status, 401, 'what is malformed is told without a store')
  })

  await t.test('when it comes up, it is migrated and served from', async (t) => {
    await postgres.restart()
    await until(async () => (await probe(control)).status === 200)
    const admin = adminOf(control)
    const key = await admin.makeKey(await admin.makeMerchant(), keyOfDemo)
    t.equal((await ask(gateway, key.secret)).status, 502, 'the key is good, there is only no upstream')
  })
})

t.test('Redis away at the start: it starts, says so, and serves', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const upstream = await startUpstream()
  t.teardown(() => upstream.close())
  const file = await writeConfig(t, { postgres: url, redis: 'redis://127.0.0.1:1', upstream: upstream.url })
  const { control, gateway } = await untilReady(latchkey(t, ['start', '--config', file], secrets))
  t.match(await probe(control), { status: 200, body: { status: 'degraded', postgres: 'up', redis: 'down' } })
  const admin = adminOf(control)
  const key = await admin.makeKey(await admin.makeMerchant(), keyOfDemo)
  t.equal((await ask(gateway, key.secret)).status, 200)
})

t.test(
  'Postgres away, Redis there: a new process serves what another one has read, and nothing revoked',
  async (t) => {
    const postgres = await startPostgres()
    const redis = await startRedis()
    const upstream = await startUpstream()
    t.teardown(async () => {
      await upstream.close()
      await redis.stop()
      await postgres.stop()
    })
    const file = await writeConfig(t, { postgres: postgres.url, redis: redis.url, upstream: upstream.url })
    const one = await untilReady(latchkey(t, ['start', '--config', file], secrets))
    const admin = adminOf(one.control)
    const merchant = await admin.makeMerchant()
    const good = await admin.makeKey(merchant, keyOfDemo)
    const revoked = await admin.makeKey(merchant, keyOfDemo)
    const unseen = await admin.makeKey(merchant, keyOfDemo)
    for (const key of [good, revoked]) t.equal((await ask(one.gateway, key.secret)).status, 200)
    await admin.call('POST', `/keys/${revoked.id}/revoke?wait=all`)
    t.equal((await ask(one.gateway, revoked.secret)).status, 401)
    await postgres.kill('SIGKILL')

    const two = await untilReady(latchkey(t, ['start', '--config', file], secrets))
    await until(async () => (await probe(two.control)).status === 200)
    // Redis has 5 ms to answer a look-up: on a busy machine it may take several.
    await until(async () => (await ask(two.gateway, good.secret)).status === 200)
    t.pass('the key that was used is served')
    for (let i = 0; i < 5; i++) {
      const { status } = await ask(two.gateway, revoked.secret)
      t.ok(status === 401 || status === 503, `the revoked one is not: ${status}`)
    }
    t.equal(codeOf(await ask(two.gateway, unseen.secret)), 'AUTH_UNAVAILABLE')
  },
)
