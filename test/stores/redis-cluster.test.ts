// A Redis Cluster of three masters, of which one is killed, under two instances.

import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { startTestProgram } from '../support/program.ts'
import { startRedisCluster } from '../support/redis-cluster.ts'
import type { Service } from '../support/service.ts'
import { expectOutcome, isLong } from './table.ts'
import { until } from '../support/until.ts'
import { runTrial } from './trial.ts'
import { redisVersion } from './versions.ts'

t.setTimeout(isLong ? 900_000 : 300_000)

/** The master that holds entries of Latchkey. */
async function holder(nodes: readonly Service[]): Promise<Service> {
  const found: Service[] = []
  for (const node of nodes) {
    const client = new Redis({ port: node.port })
    const [names, role] = await Promise.all([client.keys('*:c:*'), client.info('replication')])
    client.disconnect()
    if (names.length > 0 && role.includes('role:master')) found.push(node)
  }
  const [only] = found
  if (only === undefined || found.length > 1) throw new Error(`entries stand on ${found.length} masters`)
  return only
}

t.test('a node that holds the entries is killed, and comes back', async (t) => {
  const cluster = await startRedisCluster()
  t.teardown(() => cluster.stop())
  const { url: databaseUrl } = await createEmptyDatabase(t)
  const options = { databaseUrl, redis: cluster.url }
  const one = await startTestProgram(t, options)
  const two = await startTestProgram(t, options)
  let tookMs = 0
  const outcome = await runTrial([one, two], async () => {
    await sleep(1_000)
    const node = await holder(cluster.nodes)
    await node.kill('SIGKILL')
    const killedAt = performance.now()
    const isLongAgo = () => performance.now() - killedAt > 2_500
    await until(async () => isLongAgo() && (await cluster.isWhole()), 'all slots served')
    tookMs = performance.now() - killedAt
    await node.restart()
    await sleep(isLong ? 8_000 : 2_000)
  })
  t.equal(outcome.unavailable, 0, 'no request fails by it')
  for (const { controlPort } of [one, two]) {
    const ready = async () => (await fetch(`http://127.0.0.1:${controlPort}/readyz`)).json()
    await until(async () => Object(await ready()).redis === 'up', 'Redis up')
  }
  const note = `all slots served again after ${(tookMs / 1000).toFixed(1)} s (cluster-node-timeout 1 s)`
  const version = await redisVersion(cluster.nodes.at(-1)?.port ?? 0)
  expectOutcome(
    t,
    { setUp: 'Redis Cluster, three masters with replicas, one killed', version, note },
    outcome,
  )
})
