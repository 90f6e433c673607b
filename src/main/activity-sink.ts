// Where activity goes. What cannot be stored is sent again by who counts it; here it is told why, once for each reason.

import { type ActivityBatch, addActivity } from '../store/activity-table.ts'
import type { Queryable } from '../store/postgres.ts'
import { StatementError } from '../store/postgres-errors.ts'
import { explainFailure, refusalOf } from '../store/refusals.ts'
import type { Logger } from '../telemetry/log.ts'

/** Stores a batch, or rejects. That Postgres is away is told by those who look for it. */
export function createActivitySink(db: Queryable, log: Logger): (batch: ActivityBatch) => Promise<void> {
  const told = new Set<string>()
  return async (batch) => {
    try {
      await addActivity(db, batch)
      told.clear()
    } catch (error) {
      const reason = explainFailure(error)
      const kind = refusalOf(error)?.code ?? (error instanceof StatementError ? error.code : undefined)
      if (kind !== undefined && !told.has(kind)) log.error({ reason }, 'Activity cannot be stored')
      if (kind !== undefined) told.add(kind)
      throw error
    }
  }
}
