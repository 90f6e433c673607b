// The table in docs/stores.md: every set-up that is tried has its line, and `npm run test:stores` writes what came of it.

import { appendFileSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Outcome } from './trial.ts'

export const page = fileURLToPath(new URL('../../../docs/stores.md', import.meta.url))
const begin = '<!-- table: npm run test:stores -->'
const end = '<!-- end of the table -->'
const head = ['| set-up | version | outcome |', '|---|---|---|']

/** Whether this is the long form, by hand: it tries what takes longer, and more often. */
export const isLong = process.env['LATCHKEY_TEST_LONG'] !== undefined

/**
 * What stands in other folders, as it needs other things: run with the long form, and told of in a word, in the line of the
 * same set-up where there is one.
 */
export const elsewhere = [
  { file: 'e2e/restore', setUp: 'Postgres, data folder restored while no instance runs' },
  { file: 'e2e/clocks', setUp: 'Clocks two minutes behind and ahead' },
  { file: 'e2e/redis-behind', setUp: 'Redis that could not take a revocation' },
  { file: 'e2e/shared-redis', setUp: 'Two installations on one Redis' },
  { file: 'store/redis-sentinel', setUp: 'Redis Sentinel, the master killed' },
] as const

/** The lines with what was run elsewhere: added to its set-up's first line, or a line of its own for these versions. */
export function withElsewhere(rows: readonly string[], version: string): string[] {
  const all = [...rows]
  for (const { file, setUp } of elsewhere) {
    const at = all.findIndex((row) => row.startsWith(`| ${setUp} |`))
    const word = `all of \`test/${file}.test.ts\``
    const found = all[at]
    if (found === undefined) all.push(`| ${setUp} | ${version} | ${word} |`)
    else all[at] = found.replace(/ \|$/, `; ${word} |`)
  }
  return all
}

interface Assertions {
  equal(found: unknown, wanted: unknown, message: string): boolean
  ok(is: unknown, message: string): boolean
}

/** Holds the outcome to what must never be, and writes its line. `note`: what else was seen. */
export function expectOutcome(
  t: Assertions,
  of: { readonly setUp: string; readonly version: string; readonly note?: string },
  outcome: Outcome,
): void {
  const { requests, unavailable, changes, wrongRefusals, deadAccepted, lostChanges } = outcome
  t.equal(wrongRefusals, 0, 'living keys refused')
  t.equal(deadAccepted, 0, 'dead keys let in')
  t.equal(lostChanges, 0, 'changes lost')
  t.ok(requests > 0 && changes > 0, 'something was asked and changed')
  const words = [
    `wrong 401s ${wrongRefusals}, dead keys let in ${deadAccepted}, lost changes ${lostChanges}`,
    `${requests} requests and ${changes} changes, ${unavailable} of the requests 503`,
    ...(of.note === undefined ? [] : [of.note]),
  ]
  writeRow(of.setUp, of.version, words.join('; '))
}

/** A line of the table, where the long form asks for it. */
export function writeRow(setUp: string, version: string, outcome: string): void {
  const file = process.env['LATCHKEY_STORES_TABLE']
  if (file !== undefined) appendFileSync(file, `| ${setUp} | ${version} | ${outcome} |\n`)
}

/** The page with these lines for its table, sorted. */
export function withTable(text: string, rows: readonly string[]): string {
  const [before = '', rest = ''] = text.split(begin)
  const after = rest.split(end)[1] ?? ''
  return [`${before}${begin}`, ...head, ...rows.toSorted(), `${end}${after}`].join('\n')
}

/** The set-ups that the page has a line for. */
export function setUpsOf(text: string): readonly string[] {
  const table = text.split(begin)[1]?.split(end)[0] ?? ''
  return table
    .split('\n')
    .filter((line) => line.startsWith('| ') && !head.includes(line))
    .map((line) => line.split(' | ')[0]?.slice(2) ?? '')
}

export const readPage = (): string => readFileSync(page, 'utf8')
