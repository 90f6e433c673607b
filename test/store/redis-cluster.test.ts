// Redis Cluster: three masters with a replica each, of the test's own.

import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { createRedis } from '../../src/store/redis.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { startRedisCluster } from '../support/redis-cluster.ts'

t.setTimeout(180_000)
const log = createLog({ level: 'silent', stream: { write() {} } }).logger

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20)
}

t.test('keys, scripts and channels work, and go on when the node that holds them dies', async (t) => {
  const cluster = await startRedisCluster()
  t.teardown(() => cluster.stop())
  const open = () => createRedis({ url: cluster.url, log, monotonicNow: () => performance.now() })
  const [store, other] = [open(), open()]
  t.teardown(async () => {
    await Promise.all([store.close(), other.close()])
  })
  const heard: string[] = []
  other.subscribe('news', (message) => heard.push(message))
  await until(() => store.isUp() && other.isUp())
  const hears = async () => {
    heard.length = 0
    await until(async () => {
      await store.tell((client) => client.publish('news', 'x'), 1_000)
      return heard.length > 0
    })
  }
  await hears()
  const script = "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('MGET', KEYS[1], KEYS[2])"
  const ask = (value: string) => store.run((client) => client.eval(script, 2, '{x}a', '{x}b', value), 1_000)
  t.same(await ask('1'), ['1', null], 'two keys of a script stand on one node')
  t.same(store.troubles(), [])

  const owner = await cluster.masterOf('{x}a')
  const direct = new Redis({ port: owner.port })
  t.equal(await direct.get('{x}a'), '1')
  direct.disconnect()
  await owner.kill('SIGKILL')
  await until(async () => (await ask('2')) !== undefined)
  t.not((await cluster.masterOf('{x}a')).port, owner.port, 'its replica has taken over')
  await until(async () => (await other.run((client) => client.get('{x}a'), 1_000)) === '2')
  await hears()
  await until(() => store.troubles().length === 0)

  await owner.restart()
  t.same(await ask('3'), ['3', null])
})

t.test('the node that the subscription stands on dies', async (t) => {
  const cluster = await startRedisCluster()
  t.teardown(() => cluster.stop())
  const store = createRedis({ url: cluster.url, log, monotonicNow: () => performance.now() })
  t.teardown(() => store.close())
  const heard: string[] = []
  store.subscribe('news', (message) => heard.push(message))
  const listener = async () => {
    for (const node of cluster.nodes) {
      const client = new Redis({ port: node.port, maxRetriesPerRequest: 0, retryStrategy: () => null })
      client.on('error', () => {})
      const listening = await client.pubsub('NUMSUB', 'news').catch(() => [])
      client.disconnect()
      if (Number(listening[1]) > 0) return node
    }
    return undefined
  }
  await until(async () => (await listener()) !== undefined)
  const node = await listener()
  await node?.kill('SIGKILL')
  await until(async () => {
    await store.tell((client) => client.publish('news', 'x'), 1_000)
    return heard.length > 0
  })
  t.not((await listener())?.port, node?.port)
})
