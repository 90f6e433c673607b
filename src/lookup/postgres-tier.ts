// The last tier and the truth. Look-ups that arrive together go to Postgres as one query; while Postgres is known
// to be away, nobody waits for it.

import { readCredentials } from '../store/credential-table.ts'
import type { Postgres } from '../store/postgres.ts'
import type { Reading } from './changes.ts'

export interface PostgresTier {
  /** Reads one digest. Rejects when Postgres cannot be asked. */
  read(digest: string): Promise<Reading>
}

export interface PostgresTierDeps {
  readonly db: Postgres
  readonly now: () => number
  /** Whether the feed's last try to reach Postgres failed. */
  readonly isAway: () => boolean
}

/** Digests per query; more wait for the next one. */
const maxBatch = 500
/** Queries at once: a flood of unknown keys must not take all connections. */
const maxQueries = 4
/** Digests that wait; a look-up beyond them fails at once. */
const maxWaiting = 20_000

interface Waiting {
  readonly digest: string
  readonly resolve: (reading: Reading) => void
  readonly reject: (error: unknown) => void
}

/** Makes the tier over a connection pool. */
export function createPostgresTier(deps: PostgresTierDeps): PostgresTier {
  let queue: Waiting[] = []
  let running = 0
  let isScheduled = false

  function schedule(): void {
    if (isScheduled || running >= maxQueries || queue.length === 0) return
    isScheduled = true
    // All look-ups of one turn of the event loop share a query.
    setImmediate(flush)
  }

  function flush(): void {
    isScheduled = false
    const batch = queue.slice(0, maxBatch)
    queue = queue.slice(maxBatch)
    running++
    void readBatch(deps, batch).finally(() => {
      running--
      schedule()
    })
    schedule()
  }

  return {
    read(digest) {
      if (deps.isAway()) return Promise.reject(new Error('Postgres is away'))
      if (queue.length >= maxWaiting) return Promise.reject(new Error('too many look-ups wait'))
      return new Promise((resolve, reject) => {
        queue.push({ digest, resolve, reject })
        schedule()
      })
    },
  }
}

async function readBatch(deps: PostgresTierDeps, batch: readonly Waiting[]): Promise<void> {
  const confirmedAtMs = deps.now()
  try {
    const { revision, records } = await readCredentials(
      deps.db,
      batch.map((waiting) => waiting.digest),
    )
    for (const waiting of batch) {
      waiting.resolve({ record: records.get(waiting.digest), revision, confirmedAtMs })
    }
  } catch (error) {
    for (const waiting of batch) waiting.reject(error)
  }
}
