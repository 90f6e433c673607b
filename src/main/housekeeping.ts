// What keeps the tables from growing for ever: old changes, instances long gone, old activity. Any number of processes
// may do it at once.

import type { Table } from '../config/compiled.ts'
import { pruneActivity } from '../store/activity-table.ts'
import { pruneOutbox } from '../store/change-table.ts'
import { pruneInstances } from '../store/instance-table.ts'
import type { Postgres } from '../store/postgres.ts'
import type { Logger } from '../telemetry/log.ts'

const everyMs = 10 * 60_000
const dayMs = 24 * 60 * 60_000
const activityKeptMs = 90 * dayMs
const instancesKeptMs = 7 * dayMs

/** Starts the rounds, the first one after a minute. */
export function createHousekeeping(db: Postgres, table: () => Table, log: Logger): { stop(): Promise<void> } {
  async function round(): Promise<void> {
    try {
      // An instance that was silent for longer than the stale limit starts over anyway.
      await pruneOutbox(db, Math.max(dayMs, 2 * table().maxStaleLimitMs))
      await pruneInstances(db, Math.max(instancesKeptMs, 2 * table().maxStaleLimitMs))
      await pruneActivity(db, activityKeptMs)
    } catch (error) {
      log.warn(
        { reason: error instanceof Error ? error.message : 'unknown' },
        'Housekeeping failed; it is tried again',
      )
    }
  }

  const first = setTimeout(() => void round(), 60_000).unref()
  const timer = setInterval(() => void round(), everyMs).unref()
  return {
    stop() {
      clearTimeout(first)
      clearInterval(timer)
      return Promise.resolve()
    },
  }
}
