// Why something cannot be stored is told once for each reason, until it can be again. That Postgres is away is told by those who
// look for it.

import { StatementError } from '../store/postgres-errors.ts'
import { explainFailure, refusalOf } from '../store/refusals.ts'
import type { Logger } from '../telemetry/log.ts'

/** Makes what runs something that may fail, tells why, and lets it fail. */
export function toldOnce(
  log: Pick<Logger, 'error'>,
  message: string,
): <Result>(run: () => Promise<Result>) => Promise<Result> {
  const told = new Set<string>()
  return async (run) => {
    try {
      const result = await run()
      told.clear()
      return result
    } catch (error) {
      const kind = refusalOf(error)?.code ?? (error instanceof StatementError ? error.code : undefined)
      if (kind !== undefined && !told.has(kind)) log.error({ reason: explainFailure(error) }, message)
      if (kind !== undefined) told.add(kind)
      throw error
    }
  }
}
