import t from 'tap'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { lastingMetrics, mergeParts, partOf, roundSums } from '../../src/telemetry/parts.ts'

async function partOfOne(): Promise<object[]> {
  const metrics = createMetrics()
  metrics.lookup('redis', 'hit', 3)
  metrics.gauge('latchkey_test', 'A gauge', () => ({ a: 1 }))
  return Array.from(JSON.parse(JSON.stringify(await metrics.part())))
}

t.test('counters and histograms of several parts add up, however often they are merged', async (t) => {
  const parts = [await partOfOne(), await partOfOne(), await partOfOne()].map(lastingMetrics)
  const [first = [], ...others] = parts
  let merged = first
  for (const part of others) merged = mergeParts([merged, part])
  const text = await createMetrics().text([merged])
  t.match(text, 'latchkey_lookups_total{tier="redis",outcome="hit"} 3')
  t.match(text, 'latchkey_lookup_seconds_count{tier="redis"} 3')
  t.match(text, 'latchkey_lookup_seconds_bucket{le="+Inf",tier="redis"} 3')
  t.equal(merged.length, first.length)
})

t.test('a sum of fractions does not go back when a process has ended', async (t) => {
  // Added in one order and in another: 0.1 + 0.2 + 0.3 is more than 0.3 + 0.2 + 0.1.
  const of = (value: number) => partWith('latchkey_process_cpu_user_seconds_total', value)
  const [first, second, third] = [await of(0.1), await of(0.2), await of(0.3)]
  const own = await of(0)
  const sumOf = (parts: object[][]) => roundSums(mergeParts(parts)).filter(isUserSeconds)
  const before = sumOf([own, first, second, third])
  t.same(sumOf([own, third, mergeParts([second, first].map(lastingMetrics))]), before)
  t.match(before, [{ values: [{ value: 0.6 }] }])
})

const isUserSeconds = (metric: object) =>
  'name' in metric && metric.name === 'latchkey_process_cpu_user_seconds_total'

t.test('a gauge does not outlast its process', async (t) => {
  t.notMatch(await createMetrics().text([lastingMetrics(await partOfOne())]), 'latchkey_test')
})

/** A part with one value of it changed. */
async function partWith(name: string, value: number): Promise<object[]> {
  const part = await partOfOne()
  for (const metric of part) {
    if (!('name' in metric) || metric.name !== name || !('values' in metric)) continue
    metric.values = [{ value, labels: {} }]
  }
  return part
}

/** What a scrape of three processes tells. */
async function told(name: string, others: readonly number[]): Promise<number> {
  const parts = await Promise.all(others.map((value) => partWith(name, value)))
  const line = (await createMetrics().text(parts)).match(new RegExp(`^${name} (.*)$`, 'm'))
  return Number(line?.[1] ?? Number.NaN)
}

t.test('how each kind of metric of several processes becomes one', async (t) => {
  await t.test('descriptors: of the process that may open least, and that has most open', async (t) => {
    t.equal(await told('latchkey_process_max_fds', [256, 512]), 256)
    t.equal(await told('latchkey_process_open_fds', [1_000_000, 5]), 1_000_000)
  })

  await t.test('the start: of the primary, whenever its workers were started', async (t) => {
    const own = (await createMetrics().text()).match(/^latchkey_process_start_time_seconds (.*)$/m)?.[1]
    t.equal(await told('latchkey_process_start_time_seconds', [5e9, 7]), Number(own))
  })

  await t.test('lag: of the process that lags most', async (t) => {
    for (const of of ['', '_max', '_mean', '_p50', '_p99'])
      t.equal(await told(`latchkey_nodejs_eventloop_lag${of}_seconds`, [40, 2]), 40, of)
    t.equal(await told('latchkey_nodejs_eventloop_lag_min_seconds', [1e-6, 2]), 1e-6)
  })

  await t.test('memory and processor time: of all together', async (t) => {
    const sum = await told('latchkey_process_resident_memory_bytes', [1e15, 1e15])
    t.ok(sum > 2e15, String(sum))
    t.ok((await told('latchkey_process_cpu_seconds_total', [1e9, 1e9])) > 2e9)
  })

  await t.test('gauges of our own: as they were registered', async (t) => {
    const [one, ...others] = [3, 8, 5].map((value) => {
      const metrics = createMetrics()
      for (const merge of ['sum', 'min', 'max', 'first'] as const)
        metrics.gauge(`latchkey_${merge}`, 'A gauge', () => ({ a: value }), merge)
      return metrics
    })
    const parts = await Promise.all(others.map((other) => other.part()))
    const text = await one?.text(parts)
    for (const [merge, value] of Object.entries({ sum: 16, min: 3, max: 8, first: 3 }))
      t.match(text, `latchkey_${merge}{of="a"} ${value}\n`)
  })
})

t.test('of a part, values are left out by their labels, and nothing else', async (t) => {
  const part = [
    {
      name: 'a',
      values: [
        { value: 1, labels: { api: 'x' } },
        { value: 2, labels: {} },
      ],
    },
    { name: 'b' },
  ]
  t.same(
    partOf(part, ({ api }) => api !== 'x'),
    [{ name: 'a', values: [{ value: 2, labels: {} }] }, { name: 'b' }],
  )
})
