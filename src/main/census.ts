// How many instances serve requests: what a limit is divided by while they cannot count together.

import { countServing } from '../store/instance-table.ts'
import type { Queryable } from '../store/postgres.ts'

export interface Census {
  /** This one included. What was heard last stands while Postgres is away. */
  serving(): number
  /** To be called after each poll that has confirmed. Never rejects. */
  look(): Promise<void>
}

export interface CensusDeps {
  readonly db: Queryable
  readonly monotonicNow: () => number
  /** Those that serve here, as far as is known before anybody was heard of. */
  readonly atFirst: number
}

const lookEveryMs = 900
/** When Postgres is back the others have not said anything yet: fewer are believed only after all have had their time to. */
const fewerAfterMs = 3_500
/** Looks further apart than this are none in a row. */
const rowMs = 2_500

/** Has heard of nobody else yet. */
export function createCensus({ db, monotonicNow, atFirst }: CensusDeps): Census {
  let serving = Math.max(1, atFirst)
  let lookedAt = Number.NEGATIVE_INFINITY
  /** Since when fewer were seen at each look, and how many at most; undefined: the last look saw no fewer. */
  let fewer: { readonly since: number; most: number } | undefined

  function take(count: number, at: number): void {
    if (count >= serving) {
      serving = count
      fewer = undefined
      return
    }
    fewer ??= { since: at, most: count }
    fewer.most = Math.max(fewer.most, count)
    if (at - fewer.since < fewerAfterMs) return
    serving = Math.max(1, fewer.most)
    fewer = undefined
  }

  return {
    serving: () => serving,
    async look() {
      const at = monotonicNow()
      if (at - lookedAt < lookEveryMs) return
      if (at - lookedAt > rowMs) fewer = undefined
      lookedAt = at
      const count = await countServing(db).catch(() => undefined)
      if (count === undefined) fewer = undefined
      else take(count, at)
    },
  }
}
