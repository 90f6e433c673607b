// The report on screen: a table for each scenario, the figures with their bars, and what was missing.

import { type Figure, verdictOf } from './check.ts'
import type { Missing } from './machine.ts'
import type { Latency, Result, Throughput } from './measure.ts'
import type { ScenarioReport } from './scenario.ts'
import { spreadOf } from './statistics.ts'

interface Column {
  readonly title: string
  readonly text: (result: Result) => string
}

const columns: readonly Column[] = [
  { title: 'CPU µs', text: median(({ cpuMicros }) => cpuMicros, 1) },
  { title: 'spread', text: spread(({ cpuMicros }) => cpuMicros, 1) },
  { title: 'store µs', text: median(({ storeMicros }) => storeMicros ?? Number.NaN, 1) },
  { title: 'req/s', text: median(({ perSecond }) => perSecond, 0) },
  { title: 'spread', text: spread(({ perSecond }) => perSecond, 0) },
  { title: 'cores', text: median(({ busyCores }) => busyCores, 2) },
  { title: 'machine', text: median(({ machineBusy }) => machineBusy * 100, 0, '%') },
  { title: 'RSS MiB', text: median(({ rssMiB }) => rssMiB, 0) },
  { title: 'p50 ms', text: late(({ p50Ms }) => p50Ms) },
  { title: 'p99', text: late(({ p99Ms }) => p99Ms) },
  { title: '(spread)', text: lateSpread(({ p99Ms }) => p99Ms) },
  { title: 'p99.9', text: late(({ p999Ms }) => p999Ms) },
  { title: 'at req/s', text: late(({ perSecond }) => perSecond, 0) },
  { title: 'busy', text: late(({ busyCores }) => busyCores) },
]

/** The table of one scenario. Columns in which nothing was measured are left out. */
export function tableOf({ title, results, figures = {}, notes = [] }: ScenarioReport): string {
  const rows = results.map((result) => [result.name, ...columns.map(({ text }) => text(result))])
  const table = [['', ...columns.map((column) => column.title)], ...rows]
  const used = table[0]?.map((_, at) => at === 0 || rows.some((row) => row[at] !== '')) ?? []
  const kept = table.map((row) => row.filter((_, at) => used[at]))
  const widths = (kept[0] ?? []).map((_, at) => Math.max(...kept.map((row) => row[at]?.length ?? 0)))
  const lines = kept.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  )
  const single = Object.entries(figures).map(([name, value]) => `${name}: ${plain(value)}`)
  return [title, ...(results.length > 0 ? lines : []), ...single, ...notes].join('\n')
}

/** The figures with bar and aim, and beside them those of `medians`. Only what was measured, unless all are asked for. */
export function barsOf(
  figures: readonly Figure[],
  withMissing: boolean,
  medians: readonly Figure[] = [],
): string {
  const words = { aim: 'reaches the aim', bar: 'within the bar', missed: 'MISSES THE BAR', told: '' } as const
  return figures
    .flatMap((figure) => {
      const verdict = verdictOf(figure)
      if (verdict === 'not measured') {
        return withMissing ? [`${figure.title.padEnd(62)}not measured in this run`] : []
      }
      const value = `${figure.value.toFixed(2)} ${figure.unit}`.trim()
      const bounds = figure.bar === null ? '' : `bar ${figure.bar}, aim ${figure.aim}`
      const median = medians.find(({ title }) => title === figure.title)?.value ?? figure.value
      const beside = median === figure.value ? '' : `(of medians ${median.toFixed(2)})`
      const line = `${figure.title.padEnd(62)}${value.padStart(11)}   ${bounds.padEnd(20)}${words[verdict].padEnd(17)}${beside}`
      return [line.trimEnd()]
    })
    .join('\n')
}

/** What was left out, and the commands that would change that. */
export function missingText(missing: readonly Missing[]): string {
  return missing.map(({ what, install }) => `left out, not installed: ${what}   (${install})`).join('\n')
}

function median(of: (round: Throughput) => number, digits: number, unit = ''): Column['text'] {
  return ({ throughput }) => fixed(spreadOf(throughput.map(of)).median, digits, unit)
}

function spread(of: (round: Throughput) => number, digits: number): Column['text'] {
  return ({ throughput }) => range(throughput.map(of), digits)
}

function late(of: (round: Latency) => number, digits = 2): Column['text'] {
  return ({ latency }) => fixed(spreadOf(latency.map(of)).median, digits)
}

function lateSpread(of: (round: Latency) => number): Column['text'] {
  return ({ latency }) => range(latency.map(of), 2)
}

function range(numbers: readonly number[], digits: number): string {
  const { least, most } = spreadOf(numbers)
  return Number.isNaN(least) ? '' : `${least.toFixed(digits)}–${most.toFixed(digits)}`
}

function fixed(value: number, digits: number, unit = ''): string {
  return Number.isNaN(value) ? '' : value.toFixed(digits) + unit
}

function plain(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(2)
}
