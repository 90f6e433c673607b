import t from 'tap'
import { chartOf } from '../../bench/chart.ts'
import type { Result } from '../../bench/measure.ts'

function result(name: string, ...cpu: readonly number[]): Result {
  const round = { perSecond: 12_345, storeMicros: null, busyCores: 1, machineBusy: 1, rssMiB: 80 }
  return { name, throughput: cpu.map((cpuMicros) => ({ ...round, cpuMicros })), latency: [] }
}

const texts = { title: 'A <chart> & more', subtitle: 'of a test', footer: 'somewhere' }

void t.test('each subject has a bar, the cheapest first, and ours is marked', async (t) => {
  const svg = chartOf([result('slow', 90, 100, 110), result('Latchkey', 50)], texts)
  t.ok(svg.indexOf('Latchkey') < svg.indexOf('slow'))
  t.equal(svg.match(/<rect class="own"/g)?.length, 1)
  t.equal(svg.match(/<rect class="other"/g)?.length, 1)
  t.match(svg, /90 µs.*12,345 requests\/s/)
})

void t.test('what has no throughput has no bar', async (t) => {
  t.notMatch(chartOf([result('upstream'), result('a', 1)], texts), /upstream/)
})

void t.test('texts are escaped, and nothing outside is needed', async (t) => {
  const svg = chartOf([result('a "b" <c>', 10)], texts)
  t.match(svg, /A &lt;chart&gt; &amp; more/)
  t.match(svg, /a &quot;b&quot; &lt;c&gt;/)
  t.notMatch(svg, /href|url\(|@import|<script/)
})

void t.test('it has colours for a dark background', async (t) => {
  t.match(chartOf([result('a', 10)], texts), /prefers-color-scheme: dark/)
})
