import t from 'tap'
import { type Figure, figuresOf, verdictOf } from '../../bench/check.ts'
import type { Result } from '../../bench/measure.ts'
import { barsOf, missingText, tableOf } from '../../bench/report.ts'
import { names } from '../../bench/scenario.ts'

const figure = (value: number): Figure => ({ title: 'a ratio', value, unit: '', bar: 1.5, aim: 1.1 })

function result(name: string, cpuMicros: number, p99Ms = Number.NaN): Result {
  const round = { cpuMicros, perSecond: 1e6 / cpuMicros, busyCores: 1, machineBusy: 1, rssMiB: 80 }
  return {
    name,
    throughput: [{ ...round, storeMicros: null }],
    latency: Number.isNaN(p99Ms) ? [] : [{ perSecond: 1, p50Ms: 1, p99Ms, p999Ms: 9, busyCores: 0.5 }],
  }
}

void t.test('a figure reaches the aim, is within the bar, or misses it', async (t) => {
  t.equal(verdictOf(figure(1.1)), 'aim')
  t.equal(verdictOf(figure(1.5)), 'bar')
  t.equal(verdictOf(figure(1.51)), 'missed')
  t.equal(verdictOf(figure(Number.NaN)), 'not measured')
  t.equal(verdictOf({ ...figure(9), bar: null, aim: null }), 'told')
})

void t.test('ratios are those of the least of all rounds of one scenario', async (t) => {
  const rounds = (name: string, ...cpu: readonly number[]): Result => ({
    ...result(name, 1),
    throughput: cpu.flatMap((micros) => result(name, micros).throughput),
  })
  const results = [
    { ...rounds(names.latchkey, 90, 60, 300), latency: result('', 1, 1.5).latency },
    rounds(names.loop, 50, 51, 52),
    result(names.httpProxy, 120),
    { ...result(names.direct, 1, 0.5), throughput: [] },
  ]
  const figures = figuresOf([{ name: 'get', title: '', results }])
  const valueOf = (part: string) => figures.find(({ title }) => title.includes(part))?.value
  t.equal(valueOf('@fastify/http-proxy'), 0.5)
  t.equal(valueOf('undici loop'), 1.2)
  const medians = figuresOf([{ name: 'get', title: '', results }], 'median')
  t.equal(medians.find(({ title }) => title.includes('@fastify/http-proxy'))?.value, 0.75)
  t.equal(valueOf('p99'), 1)
  const asked = figuresOf([{ name: 'get', title: '', results, rate: 4_000 }])
  t.ok(Number.isNaN(asked.find(({ title }) => title.includes('p99'))?.value), 'not at half load')
  t.ok(Number.isNaN(valueOf('Caddy')), 'a peer that is not there')
  t.ok(Number.isNaN(valueOf('RSS')), 'a scenario that did not run')
})

void t.test('every figure of the issue has its bar', async (t) => {
  const bars = figuresOf([]).map(({ bar, aim }) => [bar, aim])
  t.same(bars, [
    [0.7, 0.5],
    [1.4, 1.1],
    [0.7, 0.45],
    [2.8, 2],
    [2, 0.7],
    [1.6, 1.2],
    [1.05, 1.02],
    [3, 2],
    [6, 4],
    [6, 2],
    [3, 2],
    [3, 2],
    [100, 1],
    [220, 140],
    [1.5, 1.1],
    [null, null],
    [null, null],
  ])
})

void t.test('the report names what misses its bar, and what was not measured', async (t) => {
  t.match(barsOf([figure(2)], true), /a ratio +2\.00 +bar 1\.5, aim 1\.1 +MISSES THE BAR$/)
  t.match(barsOf([figure(Number.NaN)], true), /not measured in this run/)
  t.equal(barsOf([figure(Number.NaN)], false), '')
  t.match(barsOf([figure(1)], true, [figure(2)]), /reaches the aim +\(of medians 2\.00\)$/)
  t.notMatch(barsOf([figure(1)], true, [figure(1)]), /of medians/)
})

void t.test('a table leaves out the columns in which nothing was measured', async (t) => {
  const text = tableOf({ name: 'get', title: 'A title', results: [result('one', 50)], notes: ['A note'] })
  t.match(text, /^A title\n.*CPU µs.*\none .*50\.0.*\nA note$/)
  t.notMatch(text, /p99|store/)
})

void t.test('what is missing is named with the command that installs it', async (t) => {
  const text = missingText([{ what: 'Caddy', install: 'sudo apt-get install caddy' }])
  t.match(text, /Caddy.*\(sudo apt-get install caddy\)/)
})
