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

interface Waiting {
  readonly digest: string
  readonly resolve: (reading: Reading) => void
  readonly reject: (error: unknown) => void
}

/** Makes the tier over a connection pool. */
export function createPostgresTier(deps: PostgresTierDeps): PostgresTier {
  let queue: Waiting[] = []

  function flush(): void {
    const batch = queue.slice(0, maxBatch)
    queue = queue.slice(maxBatch)
    if (queue.length > 0) setImmediate(flush)
    void readBatch(deps, batch)
  }

  return {
    read(digest) {
      if (deps.isAway()) return Promise.reject(new Error('Postgres is away'))
      return new Promise((resolve, reject) => {
        // All look-ups of one turn of the event loop share a query.
        if (queue.length === 0) setImmediate(flush)
        queue.push({ digest, resolve, reject })
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
