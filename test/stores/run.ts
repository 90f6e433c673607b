// `npm run test:stores`: the long form of test/stores, what belongs to it elsewhere, and the table that docs/stores.md has
// of it all. What rests on Postgres is tried on the newest that is installed and on the one that npm brings. Folders in
// LATCHKEY_TEST_PROGRAMS, with a `pgbouncer` or a Redis of another version in each, are tried as well.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findInstalled } from '../support/postgres-service.ts'
import { elsewhere, page, readPage, withElsewhere, withTable } from './table.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const tests = fileURLToPath(new URL('..', import.meta.url))
const runner = join(tests, 'support', 'run.js')
const folder = mkdtempSync(join(tmpdir(), 'latchkey-stores-'))
const table = join(folder, 'table')
writeFileSync(table, '')

/** Runs tests in the long form; whether all passed. */
async function passes(files: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  const child = spawn(process.execPath, [runner, '--jobs=1', ...files], {
    stdio: 'inherit',
    env: { ...process.env, LATCHKEY_TEST_LONG: '1', LATCHKEY_STORES_TABLE: table, ...env },
  })
  await once(child, 'exit')
  return child.exitCode === 0
}

/** Names of Postgres and Redis in the lines. */
const versionsIn = (rows: readonly string[]): string =>
  [...new Set(rows.flatMap((row) => row.match(/\b(?:Postgres|Redis|Valkey) \d[\d.]*\d/g) ?? []))]
    .toSorted()
    .join(', ')

const readRows = (): string[] => readFileSync(table, 'utf8').split('\n').filter(Boolean)

/** All that was written, with what was run in other folders. Undefined: something failed. */
async function runAll(): Promise<string[] | undefined> {
  const all = readdirSync(here).filter((name) => name.endsWith('.test.js'))
  // What `table` holds is written first.
  const filesOf = (about: RegExp) =>
    all.filter((name) => about.test(name) && name !== 'table.test.js').map((name) => join(here, name))
  if (findInstalled() === undefined) {
    throw new Error(
      'no Postgres but the one that npm brings: install another version, as by `apt-get install postgresql`',
    )
  }
  const others = elsewhere.map(({ file }) => join(tests, `${file}.test.js`))
  if (!(await passes([...filesOf(/./), ...others]))) return undefined
  const first = withElsewhere(readRows(), versionsIn(readRows()))
  const before = readRows().length
  const rest = () => readRows().slice(before)
  if (!(await passes(filesOf(/^(?!redis-)/), { LATCHKEY_TEST_POSTGRES: 'npm' }))) return undefined
  for (const folder of (process.env['LATCHKEY_TEST_PROGRAMS'] ?? '').split(delimiter).filter(Boolean)) {
    const names = readdirSync(folder)
    const about = names.includes('pgbouncer') ? /^pgbouncer/ : /^(?:redis-|rights)/
    const env = { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` }
    if (!(await passes(filesOf(about), env))) return undefined
  }
  // Of a set-up with nothing else than before the first line stands.
  const seen = new Map<string, string>()
  for (const row of [...first, ...rest()]) {
    const what = row.split(' | ').slice(0, 2).join(' | ')
    if (!seen.has(what)) seen.set(what, row)
  }
  return [...seen.values()]
}

const given = process.argv.slice(2)
const rows = given.length > 0 ? ((await passes(given)) ? readRows() : undefined) : await runAll()
process.exitCode = rows === undefined ? 1 : 0
// What was tried in part says nothing of the rest.
if (given.length === 0 && rows !== undefined) {
  writeFileSync(page, withTable(readPage(), rows))
  console.log('docs/stores.md has the table of this run.')
} else console.log(readRows().join('\n'))
rmSync(folder, { recursive: true, force: true })
