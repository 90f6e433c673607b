// The time by which keys expire and graces end: the database's, on every instance. Each poll brings its clock along; how
// far it is from this machine's is smoothed, as an answer is on its way for a while, and added to this machine's own. So
// two instances with different clocks decide alike, and while Postgres is away the last difference counts on.

/** One question, in milliseconds since the epoch: by this machine's clock, and by the database's. */
export interface ClockSample {
  readonly askedAtMs: number
  readonly answeredAtMs: number
  /** Some moment in between. */
  readonly databaseMs: number
}

export interface DatabaseClock {
  /** Milliseconds since the epoch by the database's clock; by this machine's before the first sample. */
  now(): number
  take(sample: ClockSample): void
  /** How far this machine's clock is behind, in milliseconds; negative: ahead; undefined: not known yet. */
  offsetMs(): number | undefined
}

/** A new sample counts for so much, where both may be right. */
const weight = 1 / 8
/** Clocks drift: what is believed grows vaguer with each sample that is no better. */
const driftMs = 1

/** Knows no other clock yet. */
export function createDatabaseClock(wallNow: () => number): DatabaseClock {
  let offset = 0
  /** In whole milliseconds, as all times are. */
  let added = 0
  let errorMs = Number.POSITIVE_INFINITY
  return {
    now: () => wallNow() + added,
    offsetMs: () => (errorMs === Number.POSITIVE_INFINITY ? undefined : added),
    take({ askedAtMs, answeredAtMs, databaseMs }) {
      const halfMs = (answeredAtMs - askedAtMs) / 2
      // This machine's clock was set back under the question.
      if (!(halfMs >= 0)) return
      const sampled = databaseMs - (askedAtMs + halfMs)
      const isApart = Math.abs(sampled - offset) > errorMs + halfMs + driftMs
      if (errorMs === Number.POSITIVE_INFINITY || isApart) {
        // The first, or one of the clocks was set: nothing to be smoothed.
        offset = sampled
        added = Math.round(offset)
        errorMs = halfMs
        return
      }
      errorMs += driftMs
      if (halfMs > errorMs) return
      offset += (sampled - offset) * weight
      added = Math.round(offset)
      errorMs += (halfMs - errorMs) * weight
    },
  }
}
