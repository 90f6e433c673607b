// A line for each test file as it ends, out of a tap report that is still being written: where nobody looks at a moving
// picture, a run of minutes would say nothing until its end.

import { countChecks } from './tap-report.ts'

export interface FileLines {
  /** Takes the next piece of the report; it may end anywhere. */
  take(text: string): void
}

/** Calls `tell` with `ok FILE (N checks, S s)` or `not ok FILE (…)` for each file that has ended. */
export function createFileLines(tell: (line: string) => void): FileLines {
  let rest = ''
  /** Of the file whose lines come. */
  let block: string[] = []

  return {
    take(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        block.push(line)
        const end = endOf(line, block)
        if (end === undefined) continue
        tell(describe(end, block.join('\n')))
        block = []
      }
    },
  }
}

/** Of a file: its own line stands behind what it sums up, or before that and a brace. */
const point = /^(ok|not ok) \d+ - (.*?)(?: # time=(\d+(?:\.\d+)?)(ms|s|m))?( \{)?$/

/** The line of the file that ends with `line`. */
function endOf(line: string, block: readonly string[]): string | undefined {
  if (line === '}') return block.find((one) => point.test(one))
  return point.test(line) && !line.endsWith(' {') ? line : undefined
}

const secondsOf = { ms: 0.001, s: 1, m: 60 } as const

function describe(line: string, tap: string): string {
  const [, state = '', file = '', time = '0', unit] = point.exec(line) ?? []
  const seconds = Number(time) * (unit === 's' || unit === 'm' || unit === 'ms' ? secondsOf[unit] : 0)
  const { passed, failed } = countChecks(tap)
  const failures = failed === 0 ? '' : `${failed} failed, `
  return `${state} ${file} (${passed + failed} checks, ${failures}${seconds.toFixed(1)} s)`
}
