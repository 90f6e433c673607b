// A permission table, read beside what the process does. Ten thousand routes take the processor for half a second and
// more, most of it in the YAML library: on the loop that serves, every request would wait so long.

import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Fault, Report } from './fault.ts'
import type { TableRoute } from './route-conflicts.ts'
import { type PermissionTable, readTable, type TableOrder } from './table.ts'

/** What a thread answers. */
export interface TableAnswer {
  /** undefined: no table came of it, and the faults say why. */
  readonly table: PackedTable | undefined
  readonly faults: readonly Fault[]
  readonly warnings: readonly Fault[]
}

/** A message is made anew in one go by whoever gets it: what may be long comes as pieces of JSON. */
export interface PackedTable {
  readonly permissions: readonly string[]
  readonly routes: readonly string[]
}

/** A smaller table is read at once: some ten milliseconds, where a thread starts for half a second of another core. */
const largeCharacters = 32 * 1024
/** Routes or permissions in one piece: some milliseconds' worth. */
const entriesAPiece = 500
/** Told of one table: more are no help to anybody. */
const mostFaults = 1_000

/** Like `readTable`, but the loop turns meanwhile. What becomes of the thread is a fault of the file. */
export async function readTableAside(
  order: TableOrder,
  report: Report,
): Promise<PermissionTable | undefined> {
  const { source } = order
  if (source.text.length < largeCharacters) return readTable(order, report)
  let answer: TableAnswer
  try {
    answer = await askThread(order)
  } catch (error) {
    if (isNotStarted(error)) return readTable(order, report)
    const reason = error instanceof Error ? error.message : 'unknown'
    report.fault({ file: source.file, line: 1, column: 1 }, `the thread that read the file failed: ${reason}`)
    return undefined
  }
  for (const fault of answer.faults) report.faults.push(fault)
  for (const warning of answer.warnings) report.warnings.push(warning)
  return answer.table && unpackTable(answer.table)
}

function askThread({ source: { file, text }, env, ...order }: TableOrder): Promise<TableAnswer> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('table-thread.js', import.meta.url), {
      // Copied: `process.env` itself cannot be handed over.
      workerData: { ...order, source: { file, text }, env: { ...env } } satisfies TableOrder,
      // Nothing that the process was told to load first: it is for the process, and may never end in a thread.
      execArgv: [],
      env: {},
      // It writes nothing, and Node need not lay its streams upon the process's own (main/command-line.ts).
      stdout: true,
      stderr: true,
    })
    // A process that ends does not wait for it.
    thread.unref()
    thread.once('message', (answer: TableAnswer) => {
      resolve(answer)
      void thread.terminate()
    })
    thread.once('error', reject)
    thread.once('exit', (code) => reject(new Error(`it ended with ${code}`)))
  })
}

/** No thread can be had here, or now: late is better than never. */
function isNotStarted(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_WORKER_INIT_FAILED' || code === 'ERR_ACCESS_DENIED'
}

/** What the thread says. */
export function answerOf(table: PermissionTable | undefined, { faults, warnings }: Report): TableAnswer {
  return { table: table && packTable(table), faults: mostOf(faults), warnings: mostOf(warnings) }
}

function mostOf(faults: readonly Fault[]): readonly Fault[] {
  const [first] = faults
  if (first === undefined || faults.length <= mostFaults) return faults
  const message = `${mostFaults} of ${faults.length} are told`
  return [...faults.slice(0, mostFaults), { file: first.file, line: 1, column: 1, message }]
}

function packTable({ permissions, routes }: PermissionTable): PackedTable {
  return { permissions: piecesOf([...permissions]), routes: piecesOf(routes) }
}

function piecesOf(entries: readonly unknown[]): string[] {
  const pieces: string[] = []
  for (let at = 0; at < entries.length; at += entriesAPiece) {
    pieces.push(JSON.stringify(entries.slice(at, at + entriesAPiece)))
  }
  return pieces
}

/** The table that was packed; the loop turns after each piece. */
export async function unpackTable(packed: PackedTable): Promise<PermissionTable> {
  const permissions = new Map<string, string>()
  const routes: TableRoute[] = []
  // Written by `packTable` of this very program.
  for (const piece of packed.permissions) {
    for (const [name, text] of JSON.parse(piece) as [string, string][]) permissions.set(name, text)
    await setImmediate()
  }
  for (const piece of packed.routes) {
    routes.push(...(JSON.parse(piece) as TableRoute[]))
    await setImmediate()
  }
  return { permissions, routes }
}
