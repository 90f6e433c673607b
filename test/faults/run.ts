// `npm run test:faults`: the tests of faults, one file after another, and their figures as a table before the closing
// line. The long form, which also holds times against their bounds; with --short the one of .ci/run, which holds what
// must be right on any machine and only prints the times. Names choose among the files: `-- soak`.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Figure } from './figures.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'latchkey-figures-'))
const file = join(folder, 'figures')
try {
  const child = startTests({
    LATCHKEY_TEST_FIGURES: file,
    LATCHKEY_TEST_LONG: process.argv.includes('--short') ? '' : '1',
  })
  const ended = once(child, 'exit')
  const closing = await passOn(child)
  const [code]: unknown[] = await ended
  printTable(file)
  console.log(`\n${closing}`)
  process.exitCode = typeof code === 'number' ? code : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function startTests(env: NodeJS.ProcessEnv): ChildProcess {
  const names = process.argv.slice(2).filter((word) => !word.startsWith('-'))
  const tests = readdirSync(here).filter(
    (file) => file.endsWith('.test.js') && (names.length === 0 || names.includes(file.slice(0, -8))),
  )
  // Without any, tap would run all there are.
  if (tests.length === 0) throw new Error(`no test of faults is named ${names.join(' or ')}`)
  const runner = fileURLToPath(new URL('../support/run.js', import.meta.url))
  const options = ['--jobs=1', '--timeout=3600']
  const child = spawn(process.execPath, [runner, ...options, ...tests.map((name) => join(here, name))], {
    stdio: ['inherit', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return child
}

/** Prints what the tests print, but for the closing line, which it returns. */
async function passOn({ stdout }: ChildProcess): Promise<string> {
  let closing = '0 passed, 1 failed'
  if (stdout === null) return closing
  for await (const line of createInterface({ input: stdout })) {
    if (/^\d+ passed, \d+ failed$/.test(line)) closing = line
    else console.log(line)
  }
  return closing
}

function printTable(path: string): void {
  const rows = (existsSync(path) ? readFileSync(path, 'utf8') : '')
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
