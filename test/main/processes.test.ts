// Real processes beside each other, on one database and one Redis.

import { readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { refuseUnusableFiles } from '../../src/main/usable-files.ts'
import { adminClient } from '../support/admin.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { startRedis } from '../support/redis-service.ts'
import { startUpstream } from '../support/upstream.ts'
import { codeOf, exchange, request } from '../support/wire.ts'
import {
  adminToken,
  cacheKey,
  keyOfDemo,
  latchkey,
  probe,
  secrets,
  until,
  untilReady,
  writeConfig,
} from './process.ts'

t.setTimeout(300_000)

const ask = (port: number, secret: string) =>
  exchange(port, request('GET /v1/a', ['Host: api.example.com', `X-Api-Key: ${secret}`]))

t.test('control plane and gateway as two processes', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const redis = await startRedis()
  const upstream = await startUpstream()
  t.teardown(async () => {
    await upstream.close()
    await redis.stop()
  })
  const file = await writeConfig(t, { postgres: url, redis: redis.url, upstream: upstream.url })
  const control = await untilReady(latchkey(t, ['start', '--config', file, '--role', 'control'], secrets))
  const words = ['start', '--config', file, '--role', 'gateway']
  const gateway = await untilReady(latchkey(t, words, { LATCHKEY_CACHE_KEY: cacheKey }))
  await until(async () => (await probe(gateway.control)).status === 200)
  const admin = adminClient(`http://127.0.0.1:${control.control}`, adminToken)
  const merchant = await admin.makeMerchant()

  await t.test('the gateway needs no admin token, and has no admin API', async (t) => {
    t.match(await probe(gateway.control, '/livez'), { status: 200 })
    t.match(await probe(gateway.control, '/metrics'), { status: 200 })
    for (const path of ['/admin/v1/keys', '/admin/v1/instances', '/openapi.json', '/', '/admin/v1']) {
      t.match(await probe(gateway.control, path), { status: 404 }, path)
    }
    const forbidden = adminClient(`http://127.0.0.1:${gateway.control}`, adminToken)
    t.equal((await forbidden.call('POST', '/merchants', { name: 'x' })).status, 404)
  })

  await t.test('the control plane serves no requests', (t) => {
    t.equal(control.gateway, 0)
    t.end()
  })

  await t.test('a key made through one is served by the other, and refused once it is revoked', async (t) => {
    const key = await admin.makeKey(merchant, keyOfDemo)
    t.equal((await ask(gateway.gateway, key.secret)).status, 200)
    const { body } = await admin.call('POST', `/keys/${key.id}/revoke?wait=all`)
    t.same(body['pending'], [])
    const refused = await ask(gateway.gateway, key.secret)
    t.equal(refused.status, 401)
    t.equal(codeOf(refused), 'INVALID_API_KEY')
  })

  await t.test('no path of the control plane is on the gateway port', async (t) => {
    for (const path of ['/livez', '/readyz', '/metrics', '/admin/v1/keys', '/openapi.json']) {
      for (const host of ['api.example.com', `127.0.0.1:${control.control}`, 'localhost']) {
        const bearer = `Authorization: Bearer ${adminToken}`
        const response = await exchange(gateway.gateway, request(`GET ${path}`, [`Host: ${host}`, bearer]))
        t.ok(response.status === 404 || response.status === 421, `${host}${path}: ${response.status}`)
      }
    }
  })
})

t.test('a gateway never migrates: it waits until the control plane has', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  const file = await writeConfig(t, { postgres: url })
  const gateway = await untilReady(latchkey(t, ['start', '--config', file, '--role', 'gateway']))
  t.match(await probe(gateway.control), { status: 503 })
  t.same(await db.query(`SELECT 1 FROM pg_tables WHERE tablename = 'api_key'`), [])
  await untilReady(latchkey(t, ['start', '--config', file, '--role', 'control'], secrets))
  await until(async () => (await probe(gateway.control)).status === 200)
  t.pass('then it is ready')
})

t.test('a start that lacks a certificate is refused before it changes the database', async (t) => {
  const { url, db } = await createEmptyDatabase(t)
  const file = await writeConfig(t, { postgres: url })
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(/gateway: *\{/, 'gateway: { tls: { cert: none.pem, key: none.key },'))
  const running = latchkey(t, ['start', '--config', file], secrets)
  t.equal((await running.ended).code, 1)
  t.match(running.stderr(), /gateway\.yaml:\d+:\d+ {2}.*none\.pem: does not exist/)
  // Of a process that comes past that, too.
  const loaded = await loadConfig(file, {})
  if (!loaded.ok) throw new Error('it must load: nothing was said to be needed')
  const { settings } = loaded.config
  t.throws(() => refuseUnusableFiles(settings, 'all'), {
    message: /^gateway\.tls: .*none\.pem: does not exist/,
  })
  t.doesNotThrow(() => refuseUnusableFiles(settings, 'control'))
  t.same(await db.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`), [])
})

t.test('two processes that start at once on an empty database both come up', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const file = await writeConfig(t, { postgres: url })
  const ports = await Promise.all(
    [1, 2].map(() => untilReady(latchkey(t, ['start', '--config', file], secrets))),
  )
  for (const { control } of ports) t.match(await probe(control), { status: 200 })
})
