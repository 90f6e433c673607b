// Whether a cell of the table is as it should be.

import type { Agreement } from './compare.ts'
import { knownDifference, type KnownDifference } from './differences.ts'

interface Asserting {
  ok(isTrue: unknown, what: string, extra: { found: readonly string[] }): unknown
}

export interface Cell {
  /** The table of known differences that it belongs to. */
  readonly table: readonly KnownDifference[]
  readonly program: string
  readonly what: string
  readonly agreed: Agreement
  /** How many refusals fewer than directly are no fault. */
  readonly slack?: number
  /** A difference that shows in some runs only was looked for often: it is one no more where it was not found. */
  readonly isSought?: boolean
}

/**
 * Asserts that the gateway answers as often as the program itself does, or that the difference is a known one. Gives a
 * few words for the table where they differ.
 */
export function judge(
  t: Asserting,
  { table, program, what, agreed, slack = 0, isSought = false }: Cell,
): string[] {
  const { through, direct, asked, usual, first } = agreed
  const isAgreed = isSame(agreed, slack)
  const known = knownDifference(table, program, what)
  const figures = `${what}: ${usual}: ${through} of ${asked} (direct ${direct})`
  const extra = { found: [figures, ...first] }
  if (known === undefined) t.ok(isAgreed, figures, extra)
  else if (known.isUnsteady !== true || isSought)
    t.ok(!isAgreed, `${figures}: a known difference, which is one no more: ${known.why}`, extra)
  return isAgreed ? [] : [`${figures}${known === undefined ? '' : ` (${known.why})`}`]
}

/** Whether the gateway answers as often as the program itself. */
export function isSame({ through, direct, asked, usual }: Agreement, slack = 0): boolean {
  // Where the program itself does not always answer, or alike, how often it does is chance.
  const isRefusal = /^[45]/.test(usual)
  const least = direct === asked ? direct - (isRefusal ? slack : 0) : Math.floor(direct / 2)
  return through >= least
}
