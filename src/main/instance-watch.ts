// What is wrong between this process and the others, or the database: clocks that are apart, cache keys that do not fit.
// Told in the log when it begins and when it is over, in `/readyz` and in a metric each.

import { listCacheKeys } from '../store/instance-table.ts'
import type { Queryable } from '../store/postgres.ts'
import type { Logger } from '../telemetry/log.ts'

export interface InstanceWatch {
  /** To be called after each poll that has confirmed. Never rejects. */
  look(): Promise<void>
  /** Whether another instance seals by a key that this one cannot read, or the other way round. */
  haveKeysApart(): boolean
  isClockApart(): boolean
}

export interface InstanceWatchDeps {
  readonly db: Queryable
  /** Of this process, the one that it writes with first; null: it uses no Redis. */
  readonly cacheKeys: readonly string[] | null
  /** How far this machine's clock is behind the database's. */
  readonly clockOffsetMs: () => number | undefined
  readonly monotonicNow: () => number
  readonly log: Logger
}

/** More than what answers take, and than what anybody grants by the second. */
const mostApartMs = 1_000
const lookEveryMs = 5_000

/** Has seen nothing yet. */
export function createInstanceWatch(deps: InstanceWatchDeps): InstanceWatch {
  const { cacheKeys, log } = deps
  let lookedAt = Number.NEGATIVE_INFINITY
  let areKeysApart = false
  let isClockApart = false

  function lookAtClock(): void {
    const offsetMs = deps.clockOffsetMs() ?? 0
    const isApart = Math.abs(offsetMs) > mostApartMs
    if (isApart && !isClockApart) {
      log.warn(
        { behindMs: offsetMs },
        "This machine's clock is apart from the database's; keys expire by the database's. Set it right",
      )
    }
    if (!isApart && isClockApart) log.info({ behindMs: offsetMs }, "This machine's clock is right again")
    isClockApart = isApart
  }

  async function lookAtKeys(own: readonly string[]): Promise<void> {
    const others = await listCacheKeys(deps.db)
    const areApart = others.some((other) => !fits(own, other))
    if (areApart && !areKeysApart) {
      log.warn(
        { cacheKeys: own, others },
        'Instances have different LATCHKEY_CACHE_KEYs: what is denied by hand does not reach all of them',
      )
    }
    if (!areApart && areKeysApart) log.info('All instances can read what the others write again')
    areKeysApart = areApart
  }

  return {
    async look() {
      lookAtClock()
      if (cacheKeys === null || deps.monotonicNow() - lookedAt < lookEveryMs) return
      lookedAt = deps.monotonicNow()
      // Postgres went away in between: what was seen last stands.
      await lookAtKeys(cacheKeys).catch(() => {})
    },
    haveKeysApart: () => areKeysApart,
    isClockApart: () => isClockApart,
  }
}

/** Whether each can read what the other one writes. */
function fits(one: readonly string[], other: readonly string[]): boolean {
  return one.includes(other[0] ?? '') && other.includes(one[0] ?? '')
}
