// `npm run test:faults`: the tests of faults alone, one file after another, and their figures as a table at the end.
// With LATCHKEY_TEST_LONG=1 it is the long form.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Figure } from './figures.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'latchkey-figures-'))
const file = join(folder, 'figures')
try {
  const tests = readdirSync(here).filter((name) => name.endsWith('.test.js'))
  const runner = fileURLToPath(new URL('../support/run.js', import.meta.url))
  const options = ['--jobs=1', '--disable-coverage', '--timeout=3600']
  const child = spawn(process.execPath, [runner, ...options, ...tests.map((name) => join(here, name))], {
    stdio: 'inherit',
    env: { ...process.env, LATCHKEY_TEST_FIGURES: file },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [code]: unknown[] = await once(child, 'exit')
  printTable(file)
  process.exitCode = typeof code === 'number' ? code : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function printTable(path: string): void {
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Figure => JSON.parse(line))
  const widthOf = (read: (row: Figure) => string) => Math.max(...rows.map((row) => read(row).length))
  const what = widthOf((row) => row.what)
  const value = widthOf((row) => row.value)
  for (const row of rows) {
    console.log(`${row.what.padEnd(what)}  ${row.value.padEnd(value)}  ${row.bound ?? ''}`.trimEnd())
  }
}
