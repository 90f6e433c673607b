// Answers that nobody honest waits for leave at a steady pace. Whoever floods the gateway with keys that do not exist, from
// one address or from thousands, gets its next answer when it is due; a few connections then cannot take the processor
// away from those whose keys are known. In quiet times nothing is held back.

export interface Pacer {
  /** Gives `value` when its turn has come: at once while there are few. */
  pace<Value>(value: Value): Value | Promise<Value>
}

export interface Pace {
  readonly perSecond: number
  /** So many go at once after a quiet time. */
  readonly burst: number
  /** So many are held back at most, which bounds how long too; what is too much goes at once. */
  readonly mostHeld: number
  /** Those who wait go together, so often: what they ask next then comes together too, and shares its queries. */
  readonly tickMs: number
}

/**
 * Of one process: what it refuses takes about a fifth of a core, and nothing is held back for more than a second. A key
 * that two stores had to be asked for costs several times as much as one that memory has an answer to.
 */
export const paces = {
  asked: { perSecond: 500, burst: 300, mostHeld: 500, tickMs: 25 },
  unasked: { perSecond: 3_000, burst: 300, mostHeld: 3_000, tickMs: 10 },
} as const satisfies Record<string, Pace>

/** Begins with nothing held; `monotonicNow` in milliseconds. */
export function createPacer({ perSecond, burst, mostHeld, tickMs }: Pace, monotonicNow: () => number): Pacer {
  let allowed = burst
  let countedAt = monotonicNow()
  let held: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined

  function count(): void {
    const at = monotonicNow()
    allowed = Math.min(burst, allowed + ((at - countedAt) * perSecond) / 1_000)
    countedAt = at
  }

  function release(): void {
    timer = undefined
    count()
    const now = held.slice(0, allowed)
    held = held.slice(now.length)
    allowed -= now.length
    for (const go of now) go()
    schedule()
  }

  function schedule(): void {
    if (held.length > 0) timer ??= setTimeout(release, tickMs)
  }

  return {
    pace(value) {
      count()
      if (held.length === 0 && allowed >= 1) {
        allowed--
        return value
      }
      if (held.length >= mostHeld) return value
      return new Promise((resolve) => {
        held.push(() => resolve(value))
        schedule()
      })
    },
  }
}
