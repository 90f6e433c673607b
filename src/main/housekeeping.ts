// What keeps the tables from growing for ever: old changes, instances long gone, requests that nobody repeats any more,
// old activity. Any number of processes may do it at once.

import type { Table } from '../config/compiled.ts'
import { pruneActivityBatches, rollUpActivity } from '../store/activity-rollup-table.ts'
import { pruneOutbox } from '../store/change-table.ts'
import { idempotencyKeptMs, pruneReplays } from '../store/idempotency-table.ts'
import { pruneInstances } from '../store/instance-table.ts'
import type { Postgres } from '../store/postgres.ts'
import type { Logger } from '../telemetry/log.ts'

type HouseTable = Pick<Table, 'maxStaleLimitMs'>

const everyMs = 10 * 60_000
const dayMs = 24 * 60 * 60_000
const instancesKeptMs = 7 * dayMs
const activityAges = { minutesMs: 7 * dayMs, hoursMs: 90 * dayMs, daysMs: 2 * 366 * dayMs }
/** No process holds on to a batch for so long. */
const batchesKeptMs = 7 * dayMs

/** One round; `isOver` ends it early. */
export async function keepHouse(db: Postgres, table: HouseTable, isOver: () => boolean): Promise<void> {
  // An instance that was silent for longer than the stale limit starts over anyway.
  await pruneOutbox(db, Math.max(dayMs, 2 * table.maxStaleLimitMs))
  await pruneInstances(db, Math.max(instancesKeptMs, 2 * table.maxStaleLimitMs))
  await pruneReplays(db, idempotencyKeptMs)
  await pruneActivityBatches(db, batchesKeptMs)
  await rollUpActivity(db, activityAges, isOver)
}

/** Starts the rounds, the first one after a minute. */
export function createHousekeeping(
  db: Postgres,
  table: () => HouseTable,
  log: Logger,
): { stop(): Promise<void> } {
  let isStopped = false
  let running: Promise<void> | undefined

  function begin(): void {
    running ??= keepHouse(db, table(), () => isStopped)
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : 'unknown'
        log.warn({ reason }, 'Housekeeping failed; it is tried again')
      })
      .finally(() => {
        running = undefined
      })
  }

  const first = setTimeout(begin, 60_000).unref()
  const timer = setInterval(begin, everyMs).unref()
  return {
    async stop() {
      isStopped = true
      clearTimeout(first)
      clearInterval(timer)
      await running
    },
  }
}
