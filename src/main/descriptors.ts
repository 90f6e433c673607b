// What a process does with the descriptors that it may open (RLIMIT_NOFILE): so many for stores, log and files, which must
// never want for one, and the rest for connections of clients and to upstreams. Out of descriptors a process can neither
// take connections nor end them well, and its primary waits for it for ever.

import { readFileSync } from 'node:fs'
import { exitCodes } from '../cli/exit.ts'
import { StartError } from './start-error.ts'

export interface Descriptors {
  /** Connections of clients: those that are served, and those beyond them that are there to be refused. */
  readonly connections: { readonly most: number; readonly margin: number }
  /** Connections to upstreams. */
  readonly upstreams: number
  /** Connections to the control port. */
  readonly control: number
}

export interface Wanted {
  /** Connections to all upstreams, by their settings. */
  readonly upstreams: number
  /** Processes that this one keeps. */
  readonly workers: number
}

/** Standard streams, event loop, both pools of Postgres, Redis, look-ups of names, files that are read. */
const reserved = 56
/** A worker's channel, and a connection on its way to it. */
const eachWorker = 2
const leastSpare = 56

/** How many descriptors this process may open; Infinity: nobody can say. */
export function mostDescriptors(): number {
  const found = /^Max open files\s+(\d+)/m.exec(limitsOfProcess())?.[1]
  return found === undefined ? Number.POSITIVE_INFINITY : Number(found)
}

function limitsOfProcess(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    // No Linux: Node's report has it, and takes longer.
    const report: unknown = process.report.getReport()
    const { soft } = Object(Object(Object(report).userLimits).open_files)
    return typeof soft === 'number' ? `Max open files ${soft}` : ''
  }
}

/** Shares `most` descriptors out. Throws a StartError where they are too few for anything. */
export function shareDescriptors(most: number, wanted: Wanted): Descriptors {
  const control = most < 4_096 ? 16 : 256
  const kept = reserved + control + wanted.workers * eachWorker
  const spare = most - kept
  if (spare < leastSpare) {
    throw new StartError(tooFew(most, `needs ${kept + leastSpare} at least`))
  }
  if (!Number.isFinite(spare)) {
    return { connections: { most, margin: most }, upstreams: most, control }
  }
  // A connection that waits for the upstream to close it is beyond its number: twice as many at most.
  const upstreams = Math.min(Math.ceil(spare / 3), 2 * wanted.upstreams)
  const clients = spare - upstreams
  const margin = Math.min(1_024, Math.floor(clients / 4))
  return { connections: { most: clients - margin, margin }, upstreams, control }
}

function tooFew(most: number, need: string): string {
  const mend = 'raise LimitNOFILE (systemd), --ulimit nofile (Docker) or `ulimit -n`'
  return `this process may open ${most} files and connections, and ${need}: ${mend}`
}

/** Modules are read two hundred at once: without the descriptors for that the loading fails, in one way or another. */
const toLoad = 240

/** Ends the process with a sentence where its own modules could not be loaded. To be called before they are. */
export function requireDescriptors(): void {
  const most = mostDescriptors()
  if (most >= toLoad) return
  process.stderr.write(`error: ${tooFew(most, `needs ${toLoad} at least`)}\n`)
  process.exit(exitCodes.failed)
}
