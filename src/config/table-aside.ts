// A permission table, read beside what the process does. Ten thousand routes take the processor for half a second and
// more, most of it in the YAML library: on the loop that serves, every request would wait so long.

import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Environment } from './expand.ts'
import type { Fault, Report } from './fault.ts'
import type { SourceText } from './source.ts'
import { type PermissionTable, readTable, type TableRoute } from './table.ts'

/** What a thread is asked to read. */
export interface TableOrder {
  readonly source: SourceText
  readonly env: Environment
}

/** What it answers. */
export interface TableAnswer {
  /** undefined: no table came of it, and the faults say why. */
  readonly table: PackedTable | undefined
  readonly faults: readonly Fault[]
  readonly warnings: readonly Fault[]
}

/** A message is made anew in one go by whoever gets it: the routes come as text, parsed piece by piece. */
interface PackedTable {
  readonly permissions: ReadonlyMap<string, string>
  /** JSON of some hundred routes each. */
  readonly routes: readonly string[]
}

/** A smaller table is read at once: some ten milliseconds, where a thread starts for half a second of another core. */
const largeCharacters = 32 * 1024
/** Some milliseconds' worth. */
const routesAPiece = 500

/** Like `readTable`, but the loop turns meanwhile. Rejects when no thread can be had, or it does not come to its end. */
export async function readTableAside(
  source: SourceText,
  env: Environment,
  report: Report,
): Promise<PermissionTable | undefined> {
  if (source.text.length < largeCharacters) return readTable(source, env, report)
  const { table, faults, warnings } = await askThread({ source, env })
  report.faults.push(...faults)
  report.warnings.push(...warnings)
  return table && { permissions: table.permissions, routes: await unpackRoutes(table.routes) }
}

function askThread({ source, env }: TableOrder): Promise<TableAnswer> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('table-thread.js', import.meta.url), {
      // Copied: `process.env` itself cannot be handed over.
      workerData: { source: { file: source.file, text: source.text }, env: { ...env } } satisfies TableOrder,
    })
    // A process that ends does not wait for it.
    thread.unref()
    thread.once('message', resolve)
    thread.once('error', reject)
    thread.once('exit', (code) => reject(new Error(`the thread that read ${source.file} ended with ${code}`)))
  })
}

/** For a message. */
export function packTable({ permissions, routes }: PermissionTable): PackedTable {
  const pieces: string[] = []
  for (let at = 0; at < routes.length; at += routesAPiece) {
    pieces.push(JSON.stringify(routes.slice(at, at + routesAPiece)))
  }
  return { permissions, routes: pieces }
}

async function unpackRoutes(pieces: readonly string[]): Promise<TableRoute[]> {
  const routes: TableRoute[] = []
  for (const piece of pieces) {
    // Written by `packTable` of this very program.
    routes.push(...(JSON.parse(piece) as TableRoute[]))
    await setImmediate()
  }
  return routes
}
