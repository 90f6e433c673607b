// A Redis Cluster of a test's own: three masters with a replica each, on loopback.

import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { type RedisSettings, startRedis } from './redis-service.ts'
import type { Service } from './service.ts'

export interface RedisCluster {
  readonly nodes: readonly Service[]
  /** `redis+cluster://` with the masters. */
  readonly url: string
  /** The node that answers for a key, now. */
  masterOf(key: string): Promise<Service>
  /** Whether all slots are served, as all living nodes see it. */
  isWhole(): Promise<boolean>
  stop(): Promise<void>
}

const masters = 3
const slots = 16_384
/** A node that is silent for so long has failed. */
const nodeTimeoutMs = 1_000

/** Starts one; resolves when all slots are served and each replica has its data. */
export async function startRedisCluster(settings: RedisSettings = {}): Promise<RedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: 2 * masters }, async () =>
      startRedis({
        'cluster-enabled': 'yes',
        'cluster-config-file': 'nodes.conf',
        'cluster-node-timeout': nodeTimeoutMs,
        'cluster-port': await freePort(),
        // A replica takes over whatever it has missed: the test's own data are all there are.
        'cluster-replica-validity-factor': 0,
        ...settings,
      }),
    ),
  )
  const asking = nodes.map(({ port }) => quietClient(port))
  const cluster: RedisCluster = {
    nodes,
    url: `redis+cluster://${nodes
      .slice(0, masters)
      .map(({ port }) => `127.0.0.1:${port}`)
      .join(',')}`,
    async masterOf(key) {
      const slot = await anyOf(asking, (client) => client.cluster('KEYSLOT', key))
      const ranges = await anyOf(asking, (client) => client.cluster('SLOTS'))
      const [, , owner] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? []
      const found = nodes.find(({ port }) => Array.isArray(owner) && port === owner[1])
      if (found === undefined) throw new Error(`no master for slot ${slot}`)
      return found
    },
    async isWhole() {
      const infos = await Promise.all(asking.map((client) => client.cluster('INFO').catch(() => undefined)))
      return infos.every((info) => info === undefined || info.includes('cluster_state:ok'))
    },
    async stop() {
      for (const client of asking) client.disconnect()
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
  await join(nodes, asking)
  while (!(await cluster.isWhole()) || !(await haveReplicas(asking))) await sleep(50)
  return cluster
}

async function join(nodes: readonly Service[], asking: readonly Redis[]): Promise<void> {
  const buses = await Promise.all(asking.map((client) => client.config('GET', 'cluster-port')))
  for (const [index, client] of asking.entries()) {
    await client.cluster('SET-CONFIG-EPOCH', index + 1)
    if (index >= masters) continue
    const from = Math.ceil((slots * index) / masters)
    await client.call('CLUSTER', 'ADDSLOTSRANGE', from, Math.ceil((slots * (index + 1)) / masters) - 1)
  }
  for (const [index, { port }] of nodes.entries()) {
    const bus = Object(buses[index]) as readonly unknown[]
    if (index > 0) await asking[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port, String(bus[1]))
  }
  const ids = await Promise.all(asking.slice(0, masters).map((client) => client.cluster('MYID')))
  for (const [index, client] of asking.slice(masters).entries()) {
    // A node follows only whom it has heard of.
    while (
      !(await client.cluster('REPLICATE', String(ids[index])).then(
        () => true,
        () => false,
      ))
    )
      await sleep(50)
  }
}

async function haveReplicas(asking: readonly Redis[]): Promise<boolean> {
  const infos = await Promise.all(asking.slice(masters).map((client) => client.info('replication')))
  return infos.every((info) => info.includes('role:slave') && info.includes('master_link_status:up'))
}

function quietClient(port: number): Redis {
  const client = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: 0, commandTimeout: 2_000 })
  client.on('error', () => {})
  return client
}

/** The answer of the first that gives one. */
function anyOf<T>(asking: readonly Redis[], ask: (client: Redis) => Promise<T>): Promise<T> {
  return Promise.any(asking.map(ask))
}
