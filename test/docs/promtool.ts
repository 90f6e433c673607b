// Asks promtool what docs/prometheus-rules.yaml makes of series: it evaluates them as Prometheus does.

import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { findPromtool } from '../support/promtool-program.ts'

const run = promisify(execFile)

export const rulesFile = fileURLToPath(new URL('../../../docs/prometheus-rules.yaml', import.meta.url))

/** What a scrape brings at so many seconds after the beginning; undefined: nothing. */
export type Values = (seconds: number) => number | undefined

/** `name{labels}` → its values. */
export type SeriesSet = ReadonlyMap<string, Values>

export interface RulesCase {
  readonly series: SeriesSet
  readonly minutes: number
  /** What a query must give, in the notation of the series, without values. */
  readonly expected: readonly {
    readonly at: number
    readonly query: string
    readonly gives: readonly string[]
  }[]
}

/** Evaluates the rules with each scrape. Gives what promtool finds wrong; '': nothing. */
export async function judge(folder: string, scrapeSeconds: number, one: RulesCase): Promise<string> {
  const { file, env } = await findPromtool()
  const path = join(folder, `every-${scrapeSeconds}.yaml`)
  const text = stringify({
    rule_files: [rulesFile],
    evaluation_interval: `${scrapeSeconds}s`,
    tests: [
      {
        interval: `${scrapeSeconds}s`,
        input_series: [...one.series].map(([series, values]) => ({
          series,
          values: samplesOf(values, { scrapeSeconds, minutes: one.minutes }),
        })),
        promql_expr_test: one.expected.map(({ at, query, gives }) => ({
          expr: query,
          eval_time: `${at}m`,
          exp_samples: gives.map((labels) => ({ labels, value: 1 })),
        })),
      },
    ],
  })
  await writeFile(path, text)
  return run(file, ['test', 'rules', path], { env: { ...process.env, ...env } }).then(
    () => '',
    (error: unknown) => `${Object(error).stdout}${Object(error).stderr}`,
  )
}

/** In promtool's notation; a series that ends is marked as Prometheus marks it. */
function samplesOf(
  values: Values,
  { scrapeSeconds, minutes }: { readonly scrapeSeconds: number; readonly minutes: number },
): string {
  const samples: string[] = []
  let isThere = false
  for (let seconds = 0; seconds <= minutes * 60; seconds += scrapeSeconds) {
    const value = values(seconds)
    samples.push(value === undefined ? (isThere ? 'stale' : '_') : String(value))
    isThere = value !== undefined
  }
  return samples.join(' ')
}
