// The table of a run, for docs/compatibility.md: the long form writes it to the file that LATCHKEY_COMPANY_TABLE names.

import { appendFileSync } from 'node:fs'

export interface Row {
  readonly program: string
  readonly version: string
  /** What was asked, and what of it was as directly. */
  readonly asked?: number
  readonly same?: number
  /** What was different, or is worth a word. */
  readonly notes: readonly string[]
}

export function writeRow({ program, version, asked, same, notes }: Row): void {
  const file = process.env['LATCHKEY_COMPANY_TABLE']
  if (file === undefined) return
  const counts = asked === undefined ? [] : [`${same} of ${asked}`]
  const cells = [program, version, ...counts, notes.join('; ') || '–']
  appendFileSync(file, `| ${cells.join(' | ')} |\n`)
}
