// Where activity goes. What cannot be stored is sent again by who counts it; here it is told why, once for each reason.

import { type ActivityBatch, addActivity } from '../store/activity/activity-table.ts'
import type { Queryable } from '../store/postgres.ts'
import type { Logger } from '../telemetry/log.ts'
import { toldOnce } from './told-once.ts'

/** Stores a batch, or rejects. That Postgres is away is told by those who look for it. */
export function createActivitySink(db: Queryable, log: Logger): (batch: ActivityBatch) => Promise<void> {
  const tell = toldOnce(log, 'Activity cannot be stored')
  return (batch) => tell(() => addActivity(db, batch))
}
