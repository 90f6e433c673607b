// What the tests of faults measure: a comment in each report, and a line in a file for the table at the end.

import { appendFileSync } from 'node:fs'

/** Whether the long form runs: more of everything, and limits on times. */
export const isLong = process.env['LATCHKEY_TEST_LONG'] === '1'

export interface Figure {
  readonly what: string
  readonly value: string
  /** The bound of the contract, where there is one. */
  readonly bound?: string
}

/** Notes a figure. */
export function note(t: { comment(text: string): void }, figure: Figure): void {
  t.comment(`${figure.what}: ${figure.value}${figure.bound === undefined ? '' : ` (bound: ${figure.bound})`}`)
  const file = process.env['LATCHKEY_TEST_FIGURES']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figure)}\n`)
}

/** Milliseconds as people read them. */
export function ms(value: number): string {
  return `${Math.abs(value) < 10 ? value.toFixed(1) : Math.round(value)} ms`
}

/** The value that `part` (0 to 1) of the values do not exceed; 0 for none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** Median and 99th percentile of milliseconds, in this order. */
export function spread(values: readonly number[]): string {
  return `${ms(percentile(values, 0.5))}, ${ms(percentile(values, 0.99))}`
}
