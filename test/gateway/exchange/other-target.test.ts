// A request goes to another target where the one that it was for has no connection for it.

import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { adminClient } from '../../support/admin.ts'
import { withKey } from '../../support/keyed-program.ts'
import { startProcess } from '../../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram, startTestProgram } from '../../support/program.ts'
import { plainAnswer, startUpstream } from '../../support/upstream.ts'
import { exchange, request } from '../../support/wire.ts'

t.setTimeout(120_000)

/** One that answers nothing until it is let. */
async function startHolding(t: Test) {
  const held: Socket[] = []
  const upstream = await startUpstream((_request, socket) => void held.push(socket))
  t.teardown(() => upstream.close())
  return { ...upstream, held, answer: () => void held.shift()?.write(plainAnswer) }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Bounded by the test's own time. */
async function inFlight(controlPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  return Number(/^latchkey_upstream_in_flight\{of="payments"\} (\d+)$/m.exec(text)?.[1])
}

t.test('where the process has no room for a connection, it waits for one that a target has', async (t) => {
  const [a, b, hog] = [await startHolding(t), await startHolding(t), await startHolding(t)]
  const { file } = await prepareTestProgram(t, {
    upstreams: () =>
      `  payments: { targets: [{ url: "${a.url}" }, { url: "${b.url}" }], queue_timeout: 1m }
  payments-sandbox: { url: "${hog.url}", connections: 100 }`,
  })
  const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }
  const { gatewayPort, controlPort, stop } = await startProcess(['--config', file], env, 'ready', '-n 256')
  t.teardown(async () => void (await stop()))
  const admin = adminClient(`http://127.0.0.1:${controlPort}`, adminToken)
  const merchant = await admin.makeMerchant()
  const key = async (environment: string) =>
    `X-Api-Key: ${(await admin.makeKey(merchant, { environment })).secret}`
  const [live, sandbox] = [await key('live'), await key('sandbox')]
  const ask = async (host: string, auth: string) =>
    (await exchange(gatewayPort, request('GET /v1/transactions/1', [`Host: ${host}`, auth]))).status
  const first = ask('api.flintn.com', live)
  await until(() => a.held.length + b.held.length === 1)
  // A third of 184: what is kept for stores, log and files left out.
  const others = Array.from({ length: 61 }, () => ask('sandbox.api.flintn.com', sandbox))
  await until(() => hog.held.length === 61)
  const second = ask('api.flintn.com', live)
  let isOver = false
  void second.then(() => (isOver = true))
  await until(async () => isOver || (await inFlight(controlPort)) === 2)
  const busy = a.held.length === 1 ? a : b
  busy.answer()
  t.equal(await first, 200)
  await until(() => isOver || busy.held.length === 1)
  busy.answer()
  t.equal(await second, 200)
  for (const _ of others) hog.answer()
  t.same(new Set(await Promise.all(others)), new Set([200]))
})

t.test('what has waited in vain for a connection to one is sent to another that has a place', async (t) => {
  const [a, b] = [await startHolding(t), await startHolding(t)]
  const program = await withKey(
    await startTestProgram(t, {
      upstreams: ({ sandbox }) =>
        `  payments:
    targets: [{ url: "${a.url}", weight: 100 }, { url: "${b.url}" }]
    connections: 1
    queue_timeout: 1s
  payments-sandbox: { url: "${sandbox}" }`,
    }),
  )
  const statuses: number[] = []
  const ask = async () => void statuses.push((await program.send('GET /v1/transactions/1')).status)
  const first = ask()
  await until(() => a.held.length === 1)
  const second = ask()
  await until(() => b.held.length === 1)
  const third = ask()
  await until(async () => (await inFlight(program.controlPort)) === 3)
  b.answer()
  await second
  await until(() => b.held.length === 1 || statuses.length > 1)
  b.answer()
  await third
  t.equal(a.requests.length, 1, 'it is still under way')
  a.answer()
  await first
  t.same(statuses, [200, 200, 200])
})
