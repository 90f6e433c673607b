// The primary's /metrics: what workers have counted outlasts them, since a counter that goes back is an alert for
// nothing.

import t from 'tap'
import { createWorkerCounts } from '../../src/main/worker-counts.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { createWaiting } from '../support/waiting.ts'
import { startFleet, until } from './fleet.ts'

t.setTimeout(240_000)

const requests = 'latchkey_requests_total'

t.test('counters of all workers together never go back', async (t) => {
  const fleet = await startFleet(t)
  const askSome = () => Promise.all(Array.from({ length: 8 }, fleet.ask))
  await askSome()
  t.equal(await fleet.counted(requests), 8)

  await t.test('when one is killed', async (t) => {
    const [first = 0] = fleet.workers()
    process.kill(first, 'SIGKILL')
    t.ok(await until(() => !fleet.workers().includes(first) && fleet.workers().length === 2))
    t.equal(await fleet.counted(requests), 8)
    t.equal(await fleet.counted('latchkey_gateway_seconds_count'), 8, 'histograms too')
  })

  await t.test('when one does not answer in time', async (t) => {
    await until(async () => (await fleet.ask()) === 200)
    const sum = await fleet.counted(requests)
    const [first = 0] = fleet.workers()
    process.kill(first, 'SIGSTOP')
    t.equal(await fleet.counted(requests), sum)
    process.kill(first, 'SIGCONT')
    t.equal(await fleet.counted(requests), sum)
  })

  await t.test('when all are replaced, with all that they have served until their end', async (t) => {
    await until(async () => (await fleet.ask()) === 200)
    const sum = await fleet.counted(requests)
    await askSome()
    // Nobody scrapes meanwhile.
    fleet.running.child.kill('SIGUSR2')
    t.ok(await until(() => fleet.running.output().includes('Workers replaced')))
    t.equal(await fleet.counted(requests), sum + 8)
  })
})

t.test('a request that ends in the drain is counted, and one that drains is asked', async (t) => {
  const answers = createWaiting<() => void>()
  const fleet = await startFleet(t, {
    answer: (_, socket) => {
      answers.add(() => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
      return undefined
    },
  })
  const served = async (meanwhile: () => Promise<void>) => {
    const status = fleet.ask()
    const answer = await answers.next()
    await meanwhile()
    answer()
    t.equal(await status, 200)
  }
  await served(async () => {})
  const before = fleet.workers()
  await served(async () => {
    // All drain, one of them with a request under way.
    for (const pid of before) process.kill(pid, 'SIGTERM')
    t.equal(await fleet.counted(requests), 1)
  })
  t.ok(await until(() => !fleet.workers().some((pid) => before.includes(pid))))
  t.equal(await fleet.counted(requests), 2)
})

t.test('what is kept of those that have ended is one part, however many', async (t) => {
  const counts = createWorkerCounts<number>()
  for (const worker of [1, 2, 3]) {
    const metrics = createMetrics()
    metrics.cacheRejected()
    counts.hear(worker, await metrics.part())
    counts.end(worker)
    // Told twice, it is counted once.
    counts.end(worker)
  }
  const parts = counts.parts(new Set())
  t.equal(parts.length, 1)
  t.match(await createMetrics().text(parts), 'latchkey_cache_rejected_total 3')
})

t.test('gauges count only of those that serve and answer', async (t) => {
  const counts = createWorkerCounts<string>()
  for (const worker of ['a', 'b']) {
    const metrics = createMetrics()
    metrics.cacheRejected()
    metrics.gauge('latchkey_test', 'A gauge', () => ({ a: 1 }))
    counts.hear(worker, await metrics.part())
  }
  const text = await createMetrics().text(counts.parts(new Set(['a'])))
  t.match(text, 'latchkey_test{of="a"} 1')
  t.match(text, 'latchkey_cache_rejected_total 2')
})
