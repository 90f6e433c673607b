// `npm run test:stores`: the long form of test/stores, what belongs to it elsewhere, and the table that docs/stores.md has
// of it all. What rests on Postgres alone is tried on the newest that is installed and on the one that npm brings.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findInstalled, startPostgres } from '../support/postgres-service.ts'
import { elsewhere, page, readPage, withTable } from './table.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const tests = fileURLToPath(new URL('..', import.meta.url))
const runner = join(tests, 'support', 'run.js')
const folder = mkdtempSync(join(tmpdir(), 'latchkey-stores-'))
const table = join(folder, 'table')
writeFileSync(table, '')

/** Runs tests in the long form; whether all passed. */
async function passes(files: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  const child = spawn(process.execPath, [runner, '--disable-coverage', '--jobs=1', ...files], {
    stdio: 'inherit',
    env: { ...process.env, LATCHKEY_TEST_LONG: '1', LATCHKEY_STORES_TABLE: table, ...env },
  })
  await once(child, 'exit')
  return child.exitCode === 0
}

async function runAll(): Promise<boolean> {
  const files = readdirSync(here)
    // What that one holds is written first.
    .filter((name) => name.endsWith('.test.js') && name !== 'table.test.js')
    .map((name) => join(here, name))
  const others = elsewhere.map(({ file }) => join(tests, `${file}.test.js`))
  if (findInstalled() === undefined) {
    throw new Error(
      'no Postgres but the one that npm brings: install another version, as by `apt-get install postgresql`',
    )
  }
  const ofNpm = await startPostgres('npm')
  try {
    const again = ['pgbouncer', 'rights'].map((name) => join(here, `${name}.test.js`))
    const isGood =
      (await passes([...files, ...others])) &&
      (await passes(again, { LATCHKEY_TEST_DATABASE_URL: ofNpm.url }))
    return isGood
  } finally {
    await ofNpm.stop()
  }
}

const given = process.argv.slice(2)
const isGood = await (given.length > 0 ? passes(given) : runAll())
process.exitCode = isGood ? 0 : 1
const rows = readFileSync(table, 'utf8').split('\n').filter(Boolean)
// What was tried in part says nothing of the rest.
if (given.length === 0 && isGood) {
  const more = elsewhere.map(({ file, setUp }) => `| ${setUp} | as above | all of \`test/${file}.test.ts\` |`)
  writeFileSync(page, withTable(readPage(), [...new Set([...rows, ...more])]))
  console.log('docs/stores.md has the table of this run.')
} else console.log(rows.join('\n'))
rmSync(folder, { recursive: true, force: true })
