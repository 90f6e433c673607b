// `npm test`: one Postgres and one Redis for the whole run, tap over all test files, and a closing line with counts. Into a
// file or a pipe, a line for each test file as it ends. A few files that failed beside others run once more, alone, and count as
// they do then: the stores, signals and clocks of these tests are real, and a machine that is busy elsewhere is no fault.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { createFileLines } from './file-lines.ts'
import { startSharedServices } from './services.ts'
import { type Counts, countChecks } from './tap-report.ts'

const parallelFiles = 2
/** More than these that fail are no accident, and nothing is run again. */
const againAtMost = 3
/** At the report, for files that have ended. */
const lookEveryMs = 250

process.exitCode = await runTests(process.argv.slice(2))

/** Runs tap with `args` (files, options); none: all test files. Gives the exit code: 0 if something ran and nothing failed. */
async function runTests(args: string[]): Promise<number> {
  const interrupt = onInterrupt()
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-test-run-'))
  try {
    const services = await startSharedServices()
    const runTap: RunTap = (report, options) =>
      runOnce(join(folder, report), { args: options, env: services.env, interrupt })
    try {
      const first = await runTap('raw.tap', args)
      const isWhole = args.every((one) => one.startsWith('-'))
      const isAgain = (isWhole || process.env['CI'] !== undefined) && !interrupt.aborted
      return close(isAgain && isWorthAnother(first) ? await runAgain(first, runTap) : first)
    } finally {
      await services.stop()
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return close({ counts: { ...{ passed: 0, failed: 1 }, failures: [], failedFiles: [] }, code: 1 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Outcome {
  counts: Counts
  /** Of tap. */
  code: number
}

type RunTap = (report: string, args: readonly string[]) => Promise<Outcome>

async function runOnce(
  report: string,
  run: { args: readonly string[]; env: NodeJS.ProcessEnv; interrupt: AbortSignal },
): Promise<Outcome> {
  const child = startTap([`--output-file=${report}`, ...run.args], run.env)
  const stopTelling = process.stdout.isTTY ? () => {} : tellFiles(report)
  const code = await exitOf(child, run.interrupt).finally(stopTelling)
  return { counts: countChecks(readIfThere(report)), code }
}

function isWorthAnother({ counts: { failedFiles, passed } }: Outcome): boolean {
  const isFew = failedFiles.length > 0 && failedFiles.length <= againAtMost
  const areFiles = failedFiles.every((file) => file.endsWith('.test.js'))
  return isFew && areFiles && passed > 0
}

/** What failed the first time is told whatever comes of it. */
async function runAgain({ counts: first }: Outcome, runTap: RunTap): Promise<Outcome> {
  for (const line of first.failures) console.log(`\n${line}`)
  console.log(`\nOnce more, alone: ${first.failedFiles.join(', ')}`)
  const options = ['--jobs=1', ...first.failedFiles]
  const { counts: second, code } = await runTap('again.tap', options)
  const steady = first.failedFiles.filter((file) => !second.failedFiles.includes(file))
  for (const file of steady) console.log(`unsteady: ${file} failed beside others and passed alone`)
  const passed = first.passed + Math.max(0, first.failed - second.failed)
  return { counts: { ...second, passed }, code }
}

function startTap(args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const manifest = createRequire(import.meta.url).resolve('tap/package.json')
  const bin = join(dirname(manifest), 'dist', 'esm', 'run.mjs')
  // The others draw a moving picture even where there is no terminal, or repeat the raw report.
  const reporter = process.stdout.isTTY ? 'base' : 'min'
  const options = [
    `--jobs=${parallelFiles}`,
    `--reporter=${reporter}`,
    // An eighth of a whole run's time, for a figure that nothing is held to: that each file has its test, test/mirror.test.ts holds.
    ...(process.env['LATCHKEY_TEST_COVERAGE'] === '1'
      ? ['--coverage-report=text-summary']
      : ['--disable-coverage']),
    ...args,
  ]
  return spawn(process.execPath, [bin, ...options], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
}

/** Tells of the files that end, as the report grows. Returns what tells the last ones and ends that. */
function tellFiles(report: string): () => void {
  const lines = createFileLines((line) => console.log(line))
  const decoder = new StringDecoder('utf8')
  const chunk = Buffer.alloc(256 * 1024)
  let file: number | undefined
  const look = () => {
    file ??= openIfThere(report)
    if (file === undefined) return
    for (let bytes = 1; bytes > 0; ) {
      bytes = readSync(file, chunk)
      lines.take(decoder.write(chunk.subarray(0, bytes)))
    }
  }
  const timer = setInterval(look, lookEveryMs)
  return () => {
    clearInterval(timer)
    look()
    if (file !== undefined) closeSync(file)
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}

// From the first moment on: the services are no part of the terminal's process group, so whatever ends us early has to
// wait until they are stopped. Ctrl-C reaches tap by itself; what only we are told is handed on.
function onInterrupt(): AbortSignal {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupt.abort(signal))
  return interrupt.signal
}

function exitOf(child: ChildProcess, interrupt: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const end = (): void => void child.kill('SIGTERM')
    if (interrupt.aborted) end()
    interrupt.addEventListener('abort', end)
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

function close({ counts, code }: Outcome): number {
  // The reporter leaves out a file that failed though all its checks passed.
  for (const line of counts.failures) console.log(`\n${line}`)
  const isUnexplained = counts.failed === 0 && code !== 0
  if (isUnexplained) console.log(`\ntap ended with code ${code} though no check failed`)
  const failed = isUnexplained ? 1 : counts.failed
  // On a line of its own: tap leaves the cursor behind a control sequence.
  console.log(`\n${counts.passed} passed, ${failed} failed`)
  return failed === 0 && counts.passed > 0 ? 0 : 1
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
