// `npm run bench`: Latchkey in its normal configuration beside its peers, in one run, interleaved, several rounds. Prints
// CPU time a request (user + system, of all processes of the one under test), requests a second on one core, latencies
// at half load, memory; medians with spread, and the bars by the least. Absolute figures hold for one machine only; the ratios are what to look at.
// docs/performance.md tells how it measures. `npm run bench -- --help` lists the options.

import { writeFileSync } from 'node:fs'
import type { Bench } from './bench.ts'
import { chartOf } from './chart.ts'
import { figuresOf, verdictOf } from './check.ts'
import { createFleet } from './fleet.ts'
import { mainScenario, type Options, readOptions, UsageError, usage } from './options.ts'
import { longer } from './measure.ts'
import { barsOf, missingText, tableOf } from './report.ts'
import type { Scenario, ScenarioReport } from './scenario.ts'
import { against, againstScenarios } from './scenarios/against.ts'
import { decision } from './scenarios/decision.ts'
import { get, large, post } from './scenarios/forwarding.ts'
import { keysInMemory, keysInPostgres, keysInRedis, memory } from './scenarios/keys.ts'
import { forbidden, unauthorized } from './scenarios/refusals.ts'
import { limits } from './scenarios/limits.ts'
import { connections, workers } from './scenarios/scale.ts'
import { handshakes, tokens } from './scenarios/tokens.ts'
import { withBench } from './with-bench.ts'

const scenarios: readonly Scenario[] = [
  get,
  post,
  large,
  unauthorized,
  forbidden,
  decision,
  limits,
  keysInMemory,
  memory,
  keysInRedis,
  keysInPostgres,
  workers,
  connections,
  tokens,
  handshakes,
]

try {
  const names = scenarios.map(({ name }) => name)
  const options = readOptions(process.argv.slice(2), names)
  if (options !== null) chosen(options)
  if (options === null) console.log(`${usage}\n\n${scenarios.map(describe).join('\n')}`)
  else await withBench(options, run)
} catch (error) {
  console.error(error instanceof Error ? `bench: ${error.message}` : error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}

async function run(bench: Bench): Promise<void> {
  const { options } = bench
  console.log(headOf(bench))
  const fleet = createFleet(bench)
  const reports: ScenarioReport[] = []
  for (const { name, title, run: measure } of chosen(options)) {
    bench.tell(`${name}: ${title}`)
    const report = { name, title, ...(await measure(bench, fleet)) }
    reports.push(report)
    console.log(`\n${tableOf(report)}`)
    // What is measured is not lost where a later scenario fails.
    save(bench, reports)
  }
  const figures = figuresOf(reports)
  const bars = barsOf(figures, options.isCheck, figuresOf(reports, 'median'))
  if (bars !== '') console.log(`\n${bars}`)
  if (bench.missing().length > 0) console.log(`\n${missingText(bench.missing())}`)
  if (options.isCheck && figures.some((figure) => verdictOf(figure) === 'missed')) process.exitCode = 1
}

function chosen({ scenarios: names, against: checkout }: Options): Scenario[] {
  const named = scenarios.filter(({ name }) => names.includes(name))
  if (checkout === null) return named
  return named.map((scenario) => {
    const other = against(scenario, checkout)
    if (other !== undefined) return other
    throw new UsageError(`--against takes ${againstScenarios.join(', ')}, not ${scenario.name}`)
  })
}

function describe({ name, title }: Scenario): string {
  return `  ${name.padEnd(16)}${title}`
}

function headOf({ description, options, upstream, wrk, pins }: Bench): string {
  const { connections: count, rounds, seconds } = options
  const load = wrk === undefined ? 'own program' : 'wrk'
  const placed = pins ? `subject on core ${pins.subject}, all else on ${pins.others}` : 'nothing is pinned'
  return [
    description,
    `${count} connections, ${rounds} rounds of ${seconds} s (latencies: ${Math.ceil(rounds / longer)} of ${seconds * longer} s), upstream ${upstream.name}, closed loop by ${load}, ${placed}`,
  ].join('\n')
}

function save(bench: Bench, reports: readonly ScenarioReport[]): void {
  const { options, description, missing } = bench
  if (options.jsonFile !== null) {
    const upstream = bench.upstream.name
    const load = bench.wrk === undefined ? 'own program' : 'wrk'
    const machine = { description, upstream, load, pins: bench.pins }
    const all = {
      machine,
      options: shown(options),
      scenarios: reports,
      figures: figuresOf(reports),
      figuresOfMedians: figuresOf(reports, 'median'),
      missing: missing(),
    }
    writeFileSync(options.jsonFile, `${JSON.stringify(all, undefined, 2)}\n`)
  }
  const main = reports.find(({ name }) => name === mainScenario)
  if (options.svgFile === null || main === undefined) return
  const title = 'CPU time a request, and requests a second on one core'
  const subtitle = `${main.title}; Latchkey with authentication, access log, metrics and activity recording`
  writeFileSync(options.svgFile, chartOf(main.results, { title, subtitle, footer: description }))
}

function shown({
  scenarios: names,
  seconds,
  rounds,
  connections: count,
  rate,
  keys,
  against: other,
}: Options) {
  return { scenarios: names, seconds, rounds, connections: count, rate, keys, against: other }
}
