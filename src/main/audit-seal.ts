// Links the entries of the audit behind the changes that make them: any number of processes may be at it, one at a time does.
// The end of the chain is told to the log, which whoever owns the database cannot make anew.

import { sealAudit, unlinkedSeconds } from '../store/audit/audit-chain-table.ts'
import type { Postgres } from '../store/postgres.ts'
import { explainFailure } from '../store/refusals.ts'
import type { Logger } from '../telemetry/log.ts'

export interface SealDeps {
  readonly db: Postgres
  readonly log: Logger
  readonly everyMs?: number
}

const defaultEveryMs = 2_000
const batchSize = 1_000

export interface AuditSeal {
  /** Waits for what is under way; the rest is linked by others, or after the next start. */
  stop(): Promise<void>
  /** For how long the oldest entry without a link has been there, as last seen; undefined: not asked yet. */
  unlinkedSeconds(): number | undefined
}

export function createAuditSeal({ db, log, everyMs = defaultEveryMs }: SealDeps): AuditSeal {
  let waiting: number | undefined
  let isStopped = false
  const isOver = () => isStopped
  let hasFailed = false
  let running: Promise<void> | undefined

  async function seal(): Promise<void> {
    let count: number
    do {
      const sealed = await sealAudit(db, batchSize)
      count = sealed?.count ?? 0
      if (sealed !== undefined && count > 0)
        log.info({ entries: count, seq: sealed.seq, sha256: sealed.digest }, 'audit linked')
    } while (count === batchSize && !isOver())
    // Asked, and not taken from the above: somebody else may be at it, or hold it up.
    waiting = await unlinkedSeconds(db)
  }

  async function trySeal(): Promise<void> {
    try {
      await seal()
      hasFailed = false
    } catch (error) {
      // Said once: while the database is away others say it often enough.
      if (!hasFailed)
        log.warn({ reason: explainFailure(error) }, 'The audit is not linked; it is tried again')
      hasFailed = true
    }
  }

  function begin(): void {
    running ??= trySeal().finally(() => {
      running = undefined
    })
  }

  const timer = setInterval(begin, everyMs).unref()
  return {
    unlinkedSeconds: () => waiting,
    async stop() {
      isStopped = true
      clearInterval(timer)
      await running
    },
  }
}
