// `npm run test:stores`: the long form of test/stores, and the table that docs/stores.md has of it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { page, readPage, withTable } from './table.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const runner = fileURLToPath(new URL('../support/run.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'latchkey-stores-'))
const table = join(folder, 'table')
writeFileSync(table, '')
const given = process.argv.slice(2)
const files = readdirSync(here)
  // What it holds is written first.
  .filter((name) => name.endsWith('.test.js') && name !== 'table.test.js')
  .map((name) => join(here, name))
const child = spawn(
  process.execPath,
  [runner, '--disable-coverage', '--jobs=1', ...(given.length > 0 ? given : files)],
  {
    stdio: 'inherit',
    env: { ...process.env, LATCHKEY_TEST_LONG: '1', LATCHKEY_STORES_TABLE: table },
  },
)
await once(child, 'exit')
process.exitCode = child.exitCode ?? 1
// What was tried in part says nothing of the rest.
if (given.length === 0 && process.exitCode === 0) {
  writeFileSync(page, withTable(readPage(), readFileSync(table, 'utf8').split('\n').filter(Boolean)))
  console.log('docs/stores.md has the table of this run.')
} else console.log(readFileSync(table, 'utf8'))
rmSync(folder, { recursive: true, force: true })
