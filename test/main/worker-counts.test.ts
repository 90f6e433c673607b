// The primary's /metrics: what workers have counted outlasts them, since a counter that goes back is an alert for
// nothing.

import { readFile, writeFile } from 'node:fs/promises'
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

t.test('a reload that renames a route keeps all counts, and the next one lets the old name go', async (t) => {
  const fleet = await startFleet(t)
  const routes = async () => {
    const lines = (await fleet.scrape()).matchAll(/^latchkey_requests_total\{.*route="([^"]*)".*\} (\d+)$/gm)
    return Object.fromEntries([...lines].map(([, route, count]) => [route, Number(count)]))
  }
  const tables = async () =>
    [...(await fleet.scrape()).matchAll(/^latchkey_table\{of="(\w+)"\}/gm)].map(([, sha256]) => sha256)
  const reload = async (change: (text: string) => string) => {
    const before = await tables()
    await writeFile(fleet.table, change(await readFile(fleet.table, 'utf8')))
    const isTaken = async () => {
      const now = await tables()
      return now.length === 1 && now[0] !== before[0]
    }
    t.ok(await until(isTaken), 'by the primary and both workers')
  }
  const ask = () => Promise.all(Array.from({ length: 8 }, fleet.ask))
  await ask()
  t.equal(await fleet.counted(requests), 8)
  const [first = 0] = fleet.workers()
  process.kill(first, 'SIGKILL')
  t.ok(await until(() => !fleet.workers().includes(first) && fleet.workers().length === 2))
  await until(async () => (await fleet.ask()) === 200)
  const [[old, before] = []] = Object.entries(await routes())
  await reload((text) => text.replace('GET    /v1/transactions/{id}:', 'GET    /v1/transactions/{renamed}:'))
  await ask()
  t.same(await routes(), { [String(old)]: before, 'GET /v1/transactions/{renamed}': 8 })
  await reload((text) => `${text}\n`)
  t.same(await routes(), { 'GET /v1/transactions/{renamed}': 8 }, 'that of the killed one too')
})

t.test('what two workers and their primary tell as one', async (t) => {
  const fleet = await startFleet(t)
  await fleet.ask()
  const pids = [fleet.running.child.pid ?? 0, ...fleet.workers()]
  const text = await fleet.scrape()
  const value = (name: string) => Number(text.match(new RegExp(`^${name}(?:\\{[^}]*\\})? (.*)$`, 'm'))?.[1])
  const limit = /^Max open files +(\d+)/m.exec(await readFile(`/proc/${pids[1]}/limits`, 'utf8'))
  t.equal(value('latchkey_process_max_fds'), Number(limit?.[1]), 'not thrice that')
  const startedAgo = Date.now() / 1_000 - value('latchkey_process_start_time_seconds')
  t.ok(startedAgo > 0 && startedAgo < 240, 'a time in seconds')
  t.ok(value('latchkey_event_loop_delay_seconds') >= 0)
  t.ok(value('latchkey_process_resident_memory_bytes') > 100e6, 'of three processes')
  t.equal(value('latchkey_config_valid'), 1)
  t.equal(value('latchkey_nodejs_version_info'), 1)
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  t.equal(new Set(names).size, names.length, 'each once')
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
  const parts = counts.parts(new Set(), () => true)
  t.equal(parts.length, 1)
  t.match(await createMetrics().text(parts), 'latchkey_cache_rejected_total 3')
})

t.test('of those that have ended, what is kept no more is forgotten for good', async (t) => {
  const counts = createWorkerCounts<number>()
  const metrics = createMetrics()
  metrics.lookup('redis', 'known', 1)
  metrics.shadow({ api: 'flintn', route: 'GET /old', decision: 'allow', candidate: 'ROUTE_NOT_FOUND' })
  counts.hear(1, await metrics.part())
  counts.end(1)
  counts.parts(new Set(), ({ api }) => api === undefined)
  const text = await createMetrics().text(counts.parts(new Set(), () => true))
  t.match(text, 'latchkey_lookups_total{tier="redis",outcome="known"} 1')
  t.notMatch(text, 'GET /old')
})

t.test('gauges count only of those that serve and answer', async (t) => {
  const counts = createWorkerCounts<string>()
  for (const worker of ['a', 'b']) {
    const metrics = createMetrics()
    metrics.cacheRejected()
    metrics.gauge('latchkey_test', 'A gauge', () => ({ a: 1 }))
    counts.hear(worker, await metrics.part())
  }
  const text = await createMetrics().text(counts.parts(new Set(['a']), () => true))
  t.match(text, 'latchkey_test{of="a"} 1')
  t.match(text, 'latchkey_cache_rejected_total 2')
})
