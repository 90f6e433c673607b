// The emergency stop over many processes without Redis: what the primary's admin API is told reaches every worker, also
// one that starts later.

import t from 'tap'
import { adminClient } from '../support/admin.ts'
import { startProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'
import { type Fleet, freePort, startFleet } from './fleet.ts'

t.setTimeout(240_000)
const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }

t.test('without Redis all workers deny what the primary is told', async (t) => {
  const port = await freePort()
  const { file } = await prepareTestProgram(t, { port, redis: 'none' })
  const running = await startProcess(['--config', file, '--workers', '2'], env, 'serving')
  t.teardown(async () => {
    await running.stop()
  })
  const admin = adminClient(`http://127.0.0.1:${running.controlPort}`, adminToken)
  const key = await admin.makeKey(await admin.makeMerchant())
  /** Statuses over many connections: the workers take turns. */
  const statuses = async () => {
    const bytes = request('GET /v1/transactions/1', ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`])
    const responses = await Promise.all(Array.from({ length: 12 }, () => exchange(port, bytes)))
    return [...new Set(responses.map(({ status }) => status))]
  }
  const untilAll = async (status: number) => {
    const begin = performance.now()
    while (performance.now() - begin < 5_000 && (await statuses()).join() !== String(status));
    return performance.now() - begin
  }
  t.same(await statuses(), [200])
  const entry = { kind: 'key', value: key.id }
  t.equal((await admin.call('POST', '/deny', entry)).status, 201)
  t.ok((await untilAll(401)) < 1_000)

  await t.test('new ones too', async (t) => {
    running.child.kill('SIGUSR2')
    while (!running.output().includes('Workers replaced'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    await untilAll(401)
    t.same(await statuses(), [401])
  })

  await t.test('and all serve again when it is taken back', async (t) => {
    await admin.call('DELETE', '/deny', entry)
    t.ok((await untilAll(200)) < 1_000)
  })
})

t.test('without Redis a new worker serves nobody before it has heard what is denied', async (t) => {
  const fleet = await startFleet(t, { redis: 'none' })
  // Enough that to hear of it takes a moment.
  for (let i = 0; i < 20; i++) {
    const others = Array.from({ length: 20 }, (_, at) => ({ kind: 'key', value: `key_${i}x${at}` }))
    await Promise.all(others.map((entry) => fleet.admin.call('POST', '/deny', entry)))
  }
  await fleet.admin.call('POST', '/deny', { kind: 'key', value: fleet.keyId })
  await untilDenied(fleet)
  const seen = new Set<number>()
  for (let i = 1; i <= 2; i++) {
    fleet.running.child.kill('SIGUSR2')
    const isDone = () => fleet.running.output().split('Workers replaced').length > i
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isDone()) seen.add(await fleet.ask())
      }),
    )
  }
  t.same([...seen], [401])
})

async function untilDenied(fleet: Fleet): Promise<void> {
  const statuses = () => Promise.all(Array.from({ length: 12 }, fleet.ask))
  while ((await statuses()).some((status) => status !== 401));
}
