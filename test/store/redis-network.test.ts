// The connections to Redis where the network plays tricks on them.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createRedis, type RedisStore } from '../../src/store/redis.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { startRedis } from '../support/redis-service.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

t.setTimeout(120_000)
const log = createLog({ level: 'silent', stream: { write() {} } }).logger
const redis = await startRedis()
t.teardown(() => redis.stop())

async function storeBehindProxy(t: {
  teardown(fn: () => Promise<void>): unknown
}): Promise<{ store: RedisStore; proxy: TcpProxy }> {
  const proxy = await startTcpProxy([redis.port])
  const url = `redis://127.0.0.1:${proxy.port}`
  const store = createRedis({ url, log, monotonicNow: () => performance.now() })
  t.teardown(async () => {
    await store.close()
    await proxy.close()
  })
  await until(() => store.isUp())
  return { store, proxy }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10)
}

for (const mode of ['refuse', 'hang', 'blackhole'] as const) {
  t.test(`commands and news are back soon after Redis was away: ${mode}`, async (t) => {
    const { store, proxy } = await storeBehindProxy(t)
    const heard: string[] = []
    store.subscribe('news', (message) => heard.push(message))
    await until(async () => {
      await store.run((client) => client.publish('news', 'before'), 1_000)
      return heard.length > 0
    })
    // Connections that were begun meanwhile must not wait for ever for an answer to their first words.
    await proxy.set(mode)
    await sleep(2_500)
    proxy.cut()
    await sleep(1_000)
    await proxy.set('pass')
    const backAt = performance.now()
    await until(async () => {
      await store.tell((client) => client.publish('news', 'after'), 1_000)
      return heard.includes('after')
    })
    t.ok(performance.now() - backAt < 10_000, `after ${Math.round(performance.now() - backAt)} ms`)
  })
}

t.test('news are sent while the circuit is open for those who would have to wait', async (t) => {
  const { store, proxy } = await storeBehindProxy(t)
  await proxy.set('slow')
  for (let i = 0; i < 3; i++) await store.run((client) => client.get('a'), 5)
  t.notOk(store.isUp())
  t.equal(await store.tell((client) => client.set('a', '1'), 5_000), 'OK')
  t.notOk(store.isUp(), 'that it arrived is no reason to make anybody wait')
})
