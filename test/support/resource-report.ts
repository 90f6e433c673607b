// Preloaded into a process that a test watches (so it works at import): on SIGUSR2 it writes what the process holds to
// the file that LATCHKEY_TEST_REPORT names, after a garbage collection.

import { createHook } from 'node:async_hooks'
import { renameSync, writeFileSync } from 'node:fs'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface ResourceReport {
  /** Counts reports, so that a new one is told from an old one. */
  readonly number: number
  /** Handles and requests that keep the process alive, by kind. */
  readonly resources: Readonly<Record<string, number>>
  /** Timers that are pending, also those that do not keep the process alive. */
  readonly timers: number
  readonly heapMiB: number
  /** What was among the old objects and of no use any more: it goes with a full collection alone. */
  readonly oldGarbageMiB: number
  readonly residentMiB: number
  /** Uncaught exceptions and unhandled rejections. */
  readonly failures: readonly string[]
}

const file = process.env['LATCHKEY_TEST_REPORT']
const timers = new Set<number>()
const failures: string[] = []
let number = 0

if (file !== undefined) {
  setFlagsFromString('--expose-gc')
  const collectGarbage: unknown = runInNewContext('gc')
  createHook({
    init(id, type) {
      if (type === 'Timeout') timers.add(id)
    },
    destroy(id) {
      timers.delete(id)
    },
  }).enable()
  process.on('uncaughtExceptionMonitor', (error, origin) => failures.push(`${origin}: ${error.message}`))
  process.on('SIGUSR2', () => {
    const before = oldMiB()
    if (typeof collectGarbage === 'function') collectGarbage()
    writeFileSync(`${file}.draft`, JSON.stringify(report(before - oldMiB())))
    renameSync(`${file}.draft`, file)
  })
}

function oldMiB(): number {
  const old = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')
  return (old?.space_used_size ?? 0) / 1024 ** 2
}

function report(oldGarbageMiB: number): ResourceReport {
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  const { heapUsed, rss } = process.memoryUsage()
  return {
    number: ++number,
    resources,
    timers: timers.size,
    heapMiB: heapUsed / 1024 ** 2,
    oldGarbageMiB,
    residentMiB: rss / 1024 ** 2,
    failures,
  }
}
