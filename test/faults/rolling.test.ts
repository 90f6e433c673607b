// Restarts under load: of the workers of one instance, and of instances behind a balancer. Clients that keep their
// connections, and follow what is said about them, see no failure.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { stablePort } from '../support/stable-port.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { startLeanUpstream } from './child.ts'
import { keyOfDemo, startInstance, startStores, untilReady } from './cluster.ts'
import { isLong, note } from './figures.ts'
import { startLoad } from './load.ts'

t.setTimeout(isLong ? 1_800_000 : 300_000)
const rounds = isLong ? 5 : 1
const count = isLong ? 3 : 2
const clients = isLong ? 50 : 5
const stores = await startStores(t)
const upstreamPort = await startLeanUpstream(t)

t.test('workers', async (t) => {
  const gatewayPort = await stablePort()
  const instance = await startInstance(t, stores, { upstreamPort, gatewayPort, args: ['--workers', '2'] })
  const key = await instance.admin.makeKey(await instance.admin.makeMerchant(), keyOfDemo)
  const load = await startLoad(t, { ports: [gatewayPort], clients, pauseMs: 10, secrets: [key.secret] })
  for (let round = 0; round < rounds; round++) {
    const before = new Set(await workersOf(instance.admin))
    instance.child.kill('SIGUSR2')
    for (;;) {
      const now = await workersOf(instance.admin)
      if (now.length === 2 && now.every((id) => !before.has(id))) break
      await sleep(50)
    }
  }
  await sleep(200)
  await load.stop()
  t.same(Object.keys(load.counts), ['200'], JSON.stringify(load.counts))
  const failed = load.took.length - (load.counts[200] ?? 0)
  note(t, { what: `Rolling restart of 2 workers, ${rounds} times: requests`, value: `${load.took.length}` })
  note(t, { what: 'Rolling restart of workers: failed requests', value: `${failed}`, bound: '0' })
})

async function workersOf(admin: { call(method: string, path: string): Promise<{ body: object }> }) {
  const { body } = await admin.call('GET', '/instances')
  const list: unknown = 'data' in body ? body.data : []
  const instances = Array.isArray(list) ? list.map((one: unknown) => Object(one)) : []
  // The primary serves no requests and stays.
  const [, ...workers] = instances.map((one) => String(one.id))
  return workers
}

t.test('instances behind a balancer', async (t) => {
  const options = { upstreamPort }
  const instances = await Promise.all(Array.from({ length: count }, () => startInstance(t, stores, options)))
  const [first] = instances
  if (first === undefined) throw new Error('no instance')
  const ports = instances.map(({ gatewayPort }) => gatewayPort)
  const balancer = await startTcpProxy(ports)
  t.teardown(() => balancer.close())
  const key = await first.admin.makeKey(await first.admin.makeMerchant(), keyOfDemo)
  const load = await startLoad(t, { ports: [balancer.port], clients, pauseMs: 10, secrets: [key.secret] })
  await sleep(300)
  for (let round = 0; round < rounds; round++) {
    for (const [index, instance] of instances.entries()) {
      t.equal(await instance.stop(), 0)
      const next = await instance.again({ gatewayPort: instance.gatewayPort })
      await untilReady(next)
      instances[index] = next
    }
  }
  await sleep(200)
  await load.stop()
  t.same(Object.keys(load.counts), ['200'], JSON.stringify(load.counts))
  const failed = load.took.length - (load.counts[200] ?? 0)
  note(t, {
    what: `Rolling restart of ${count} instances, ${rounds} times: requests`,
    value: `${load.took.length}`,
  })
  note(t, { what: 'Rolling restart of instances: failed requests', value: `${failed}`, bound: '0' })
})
