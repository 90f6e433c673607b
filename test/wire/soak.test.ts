// What is left after much use: nothing. Short form: 500 slow connections, 3,000 mixed requests; with
// LATCHKEY_TEST_LONG=1 10,000 and 100,000. The gateway is a process of its own, watched from within.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { mixedAnswer, sendMixedLoad } from '../support/mixed-load.ts'
import { prepareTestProgram } from '../support/program.ts'
import type { ResourceReport } from '../support/resource-report.ts'
import { startSlowLoad } from '../support/slow-load.ts'
import { startWatchedProcess, type WatchedProcess } from '../support/watched-process.ts'
import { exchange, request } from '../support/wire.ts'

t.setTimeout(1_800_000)

const isLong = process.env['LATCHKEY_TEST_LONG'] === '1'
const slowConnections = isLong ? 10_000 : 500
const mixedRequests = isLong ? 100_000 : 3_000
/** Of a gateway that does nothing: more or less by so many. */
const idleDescriptors = 20
const heapGrowthMiB = 16
const residentGrowthMiB = 96

type Held = Readonly<Record<string, number>>

/** What the process holds, by kind. */
function held(gateway: WatchedProcess, { resources, timers }: ResourceReport): Held {
  return { ...resources, timers, descriptors: gateway.descriptors() }
}

/** What there is more of than before. */
function grown(before: Held, after: Held): Held {
  const more = Object.entries(after).map(([kind, count]) => [kind, count - (before[kind] ?? 0)] as const)
  return Object.fromEntries(more.filter(([, count]) => count > 0))
}

/** Waits until nothing has changed for some seconds, a minute at most: idle connections to the upstream live that long. */
async function atRest(gateway: WatchedProcess): Promise<ResourceReport> {
  let last = ''
  for (let calm = 0, second = 0; ; calm++, second++) {
    const report = await gateway.report()
    const now = JSON.stringify(held(gateway, report))
    if (now !== last) calm = 0
    if (calm >= 8 || second >= 60) return report
    last = now
    await sleep(1_000)
  }
}

/** Waits until it holds no more than before. */
async function backAt(gateway: WatchedProcess, before: Held): Promise<ResourceReport> {
  for (let second = 0; ; second++) {
    const report = await gateway.report()
    if (Object.keys(grown(before, held(gateway, report))).length === 0 || second >= 90) return report
    await sleep(1_000)
  }
}

t.test('slow connections are held while others are served', { timeout: 1_800_000 }, async (t) => {
  const { file } = await prepareTestProgram(t, { gateway: ', limits: { header_timeout: 30m }' })
  const gateway = await startWatchedProcess(t, file)
  const key = await gateway.admin.makeKey(await gateway.admin.makeMerchant())
  const ask = () =>
    exchange(
      gateway.gatewayPort,
      request('GET /v1/transactions/1', ['Host: api.flintn.com', `X-Api-Key: ${key.secret}`]),
    )
  t.equal((await ask()).status, 200)
  const before = gateway.descriptors()
  const residentBefore = gateway.residentMiB()
  const load = await startSlowLoad(gateway.gatewayPort, slowConnections)
  t.teardown(() => load.stop())
  // The kernel takes connections before the gateway does; some of those before were idle, and go meanwhile.
  while (gateway.descriptors() < before + slowConnections - idleDescriptors) await sleep(50)

  let slowestMs = 0
  for (let i = 0; i < 200; i++) {
    const began = performance.now()
    const { status } = await ask()
    slowestMs = Math.max(slowestMs, performance.now() - began)
    if (status !== 200) t.equal(status, 200)
  }
  t.equal(await load.held(), slowConnections, 'none was lost meanwhile')
  t.comment(
    `${slowConnections} held; 200 requests, the slowest ${slowestMs.toFixed(0)} ms; ` +
      `resident ${residentBefore.toFixed(0)} → ${gateway.residentMiB().toFixed(0)} MiB`,
  )
  await load.stop()
  while (gateway.descriptors() > before + idleDescriptors) await sleep(100)
  t.equal((await ask()).status, 200)
  t.same((await gateway.report()).failures, [])
})

t.test('after good and bad requests nothing is left', { timeout: 1_800_000 }, async (t) => {
  const { file, live } = await prepareTestProgram(t, { answer: mixedAnswer })
  const gateway = await startWatchedProcess(t, file)
  const { secret } = await gateway.admin.makeKey(await gateway.admin.makeMerchant(), { permissions: ['*'] })
  const send = async (count: number) => {
    const tally = await sendMixedLoad(gateway.gatewayPort, secret, { count, atOnce: 24 })
    live.requests.length = 0
    return tally
  }
  // Warm: code, pools, buffers, caches.
  await send(isLong ? 10_000 : 1_000)
  const first = await atRest(gateway)
  const before = held(gateway, first)

  let requests = 0
  while (requests < mixedRequests) {
    const tally = await send(Math.min(10_000, mixedRequests - requests))
    requests += tally.requests
    t.same(tally.surprises.slice(0, 5), [], 'each request got the answer that it should get')
  }
  const last = await backAt(gateway, before)
  t.same(grown(before, held(gateway, last)), {}, 'no more sockets, handles and pending timers than before')
  t.same(last.failures, [], 'no unhandled rejection, no uncaught exception')
  t.equal(gateway.child.exitCode, null)
  t.comment(
    `${requests} requests; heap ${first.heapMiB.toFixed(1)} → ${last.heapMiB.toFixed(1)} MiB, ` +
      `resident ${first.residentMiB.toFixed(0)} → ${last.residentMiB.toFixed(0)} MiB; ${JSON.stringify(before)}`,
  )
  t.ok(last.heapMiB - first.heapMiB < heapGrowthMiB, `the heap grew by less than ${heapGrowthMiB} MiB`)
  t.ok(last.residentMiB - first.residentMiB < residentGrowthMiB)
})
