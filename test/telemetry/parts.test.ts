import t from 'tap'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { lastingMetrics, mergeParts } from '../../src/telemetry/parts.ts'

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

t.test('a gauge does not outlast its process', async (t) => {
  t.notMatch(await createMetrics().text([lastingMetrics(await partOfOne())]), 'latchkey_test')
})
