// The last tier and the truth. Look-ups that arrive together go to Postgres as one query; while Postgres is known
// to be away, nobody waits for it. One time-out is enough to know: from then on look-ups fail at once, until the feed,
// which asks twice a second for nobody's request, has an answer again.

import { readCredentials } from '../store/keys/credential-table.ts'
import type { Postgres } from '../store/postgres.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import type { Reading } from './changes.ts'

export interface PostgresTier {
  /** Reads one digest. Rejects when Postgres cannot be asked. */
  read(digest: string): Promise<OwnReading>
  /** The connections lead to a database that is not the feed's: each is opened anew before it is used again. */
  reconnect(): void
  /** Whether look-ups fail at once. */
  isAway(): boolean
}

export interface OwnReading extends Reading {
  /** Of the database that was asked. */
  readonly epoch: string
}

export interface PostgresTierDeps {
  readonly db: Postgres
  readonly now: () => number
  readonly monotonicNow: () => number
  /** The feed: its tries are the probes of this tier. */
  readonly feed: {
    /** Whether the last try to reach Postgres failed. */
    isAway(): boolean
    /** Monotonic milliseconds at which the last try that succeeded began. */
    confirmedAt(): number
  }
}

/** Digests per query; more wait for the next one. */
const maxBatch = 500
/** Queries at once: a flood of unknown keys must not take all connections. */
export const maxLookups = 4
/** Digests that wait; a look-up beyond them fails at once. */
const maxWaiting = 20_000

/** Failures that say that a connection was of no use, not that the server is: worth a second try, with another one. */
const isPassing = /^(?:connection_lost|ECONNRESET|EPIPE|53300|57P01|57P02|08\w{3})$/
/** Long enough for a connection of the pool's own to come free. */
const retryAfterMs = 20

interface Waiting {
  readonly digest: string
  readonly resolve: (reading: OwnReading) => void
  readonly reject: (error: unknown) => void
}

/** Makes the tier over a connection pool. */
export function createPostgresTier(deps: PostgresTierDeps): PostgresTier {
  /** All that wait, asked or not. */
  const open = new Set<Waiting>()
  let queue: Waiting[] = []
  let running = 0
  let isScheduled = false
  let timedOutAt = Number.NEGATIVE_INFINITY

  const isAway = () => deps.feed.isAway() || timedOutAt > deps.feed.confirmedAt()

  function schedule(): void {
    if (isScheduled || running >= maxLookups || queue.length === 0) return
    isScheduled = true
    // All look-ups of one turn of the event loop share a query.
    setImmediate(flush)
  }

  function flush(): void {
    isScheduled = false
    const batch = queue.slice(0, maxBatch)
    queue = queue.slice(maxBatch)
    if (batch.length === 0) return
    running++
    void ask(batch).finally(() => {
      running--
      schedule()
    })
    schedule()
  }

  async function ask(batch: readonly Waiting[]): Promise<void> {
    const confirmedAtMs = deps.now()
    try {
      const { epoch, revision, records } = await readTwice(
        deps.db,
        batch.map((waiting) => waiting.digest),
      )
      for (const waiting of batch) {
        waiting.resolve({ epoch, record: records.get(waiting.digest), revision, confirmedAtMs })
      }
    } catch (error) {
      for (const waiting of batch) waiting.reject(error)
      if (error instanceof StoreUnavailableError && error.code === 'timeout') giveUp(error)
    }
  }

  /** Nobody waits a second time for what has just not come. */
  function giveUp(error: Error): void {
    timedOutAt = deps.monotonicNow()
    queue = []
    for (const waiting of open) waiting.reject(error)
  }

  return {
    isAway,
    reconnect: () => deps.db.reconnect(),
    read(digest) {
      if (isAway()) return Promise.reject(new StoreUnavailableError('known_away'))
      if (queue.length >= maxWaiting) return Promise.reject(new Error('too many look-ups wait'))
      return new Promise<OwnReading>((resolve, reject) => {
        const waiting: Waiting = {
          digest,
          resolve(reading) {
            open.delete(waiting)
            resolve(reading)
          },
          reject(error) {
            open.delete(waiting)
            reject(error)
          },
        }
        open.add(waiting)
        queue.push(waiting)
        schedule()
      })
    },
  }
}

/** A server that restarts, or a balancer that moves on, cuts connections on which a question is under way. */
async function readTwice(db: Postgres, digests: readonly string[]): ReturnType<typeof readCredentials> {
  try {
    return await readCredentials(db, digests)
  } catch (error) {
    if (!(error instanceof StoreUnavailableError && isPassing.test(error.code))) throw error
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs))
    return readCredentials(db, digests)
  }
}
