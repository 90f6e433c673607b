// Redis by its Sentinels: a master, a replica and a Sentinel of the test's own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { createRedis } from '../../src/store/redis.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { findRedis } from '../support/redis-programs.ts'
import { startRedis } from '../support/redis-service.ts'

t.setTimeout(120_000)
const log = createLog({ level: 'silent', stream: { write() {} } }).logger

/** Starts a Sentinel that watches `port` as `mymaster`; returns its own port. */
async function startSentinel(port: number): Promise<number> {
  const { file, env } = await findRedis()
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-sentinel-'))
  const own = await freePort()
  const config = join(folder, 'sentinel.conf')
  await writeFile(
    config,
    `port ${own}
bind 127.0.0.1
dir ${folder}
sentinel monitor mymaster 127.0.0.1 ${port} 1
sentinel down-after-milliseconds mymaster 300
sentinel failover-timeout mymaster 2000
`,
  )
  const child = spawn(file, [config, '--sentinel'], { env: { ...process.env, ...env }, stdio: 'ignore' })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  })
  return own
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20)
}

t.test('the master is found by the Sentinels, and its successor when it dies', async (t) => {
  const master = await startRedis()
  const replica = await startRedis()
  t.teardown(async () => {
    await Promise.all([master.stop(), replica.stop()])
  })
  const admin = new Redis(replica.url)
  t.teardown(() => admin.disconnect())
  await admin.replicaof('127.0.0.1', master.port)
  await until(async () => (await admin.info('replication')).includes('master_link_status:up'))
  const sentinel = await startSentinel(master.port)
  const watch = new Redis({ port: sentinel, host: '127.0.0.1' })
  watch.on('error', () => {})
  t.teardown(() => watch.disconnect())
  await until(async () => {
    const replicas = await watch.call('SENTINEL', 'replicas', 'mymaster').catch(() => [])
    return Array.isArray(replicas) && replicas.length === 1
  })

  const url = `redis+sentinel://127.0.0.1:1,127.0.0.1:${sentinel}/mymaster`
  const store = createRedis({ url, log, monotonicNow: () => performance.now() })
  t.teardown(() => store.close())
  const heard: string[] = []
  store.subscribe('news', (message) => heard.push(message))
  await until(() => store.isUp())
  t.equal(await store.run((client) => client.set('a', '1'), 5_000), 'OK')
  t.equal(await admin.get('a').catch(() => null), '1', 'it was written to the master')

  await master.kill('SIGKILL')
  await until(async () => (await store.run((client) => client.set('b', '2'), 1_000)) === 'OK')
  t.equal(await admin.get('b'), '2', 'the replica has taken over')
  await until(async () => {
    await store.tell((client) => client.publish('news', 'x'), 1_000)
    return heard.length > 0
  })
  t.pass('and the subscription with it')
})
