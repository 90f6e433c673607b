// How long it is waited before a worker takes the place of one that has ended: not at all after one that was well, and
// else longer each time, up to a bound, so that what cannot start is neither tried all the time nor given up.

export interface ReplacementPause {
  /** Before the next one, in milliseconds, as one has ended that was not well. */
  next(): number
  /** One is well: the next pause is the first again. */
  reset(): void
}

const firstMs = 1_000
const longestMs = 15_000

/** For `count` workers: when all of them fail alike, that is one failure. */
export function createReplacementPause(count: number): ReplacementPause {
  let failures = 0
  return {
    next() {
      const doublings = Math.min(10, Math.floor(failures / count))
      failures++
      return Math.min(longestMs, firstMs * 2 ** doublings)
    },
    reset() {
      failures = 0
    },
  }
}
