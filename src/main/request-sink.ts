// Where requests go that are kept for look-up. Those of a day that nobody has made yet have it made; what the database will not
// take at all is given up, and told once for each reason.

import type { Queryable } from '../store/postgres.ts'
import { StatementError } from '../store/postgres-errors.ts'
import { explainFailure, refusalOf } from '../store/refusals.ts'
import { addRequests, type KeptRequest, prepareRequests } from '../store/activity/request-table.ts'
import type { Logger } from '../telemetry/log.ts'

/** No day has the row's time. */
const noDay = '23514'

/** Keeps a batch, and returns how many of it are kept; rejects where the same may go better later. */
export function createRequestSink(
  db: Queryable,
  log: Logger,
): (batch: readonly KeptRequest[]) => Promise<number> {
  const told = new Set<string>()

  async function add(batch: readonly KeptRequest[]): Promise<number> {
    try {
      return await addRequests(db, batch)
    } catch (error) {
      if (!(error instanceof StatementError) || error.code !== noDay) throw error
      await prepareRequests(db)
      return addRequests(db, batch)
    }
  }

  return async (batch) => {
    try {
      const kept = await add(batch)
      told.clear()
      return kept
    } catch (error) {
      const isRefused = error instanceof StatementError
      const kind = refusalOf(error)?.code ?? (isRefused ? error.code : undefined)
      if (kind !== undefined && !told.has(kind))
        log.error({ reason: explainFailure(error) }, 'Requests cannot be kept for look-up')
      if (kind !== undefined) told.add(kind)
      if (isRefused) return 0
      throw error
    }
  }
}
