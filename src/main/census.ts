// How many instances serve requests: what a limit is divided by while they cannot count together.

import { countServing } from '../store/instance-table.ts'
import type { Queryable } from '../store/postgres.ts'

export interface Census {
  /** This one included. What was heard last stands while Postgres is away. */
  serving(): number
  /** To be called after each poll that has confirmed. Never rejects. */
  look(): Promise<void>
}

const lookEveryMs = 900

/** Has heard of nobody else yet. */
export function createCensus(db: Queryable, monotonicNow: () => number): Census {
  let serving = 1
  let lookedAt = Number.NEGATIVE_INFINITY
  return {
    serving: () => serving,
    async look() {
      if (monotonicNow() - lookedAt < lookEveryMs) return
      lookedAt = monotonicNow()
      const count = await countServing(db).catch(() => serving)
      serving = Math.max(1, count)
    },
  }
}
