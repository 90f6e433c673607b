// A clock for ages: monotonic, but not blind to the time that a machine was suspended. What was confirmed before an hour
// of sleep is an hour old, though the monotonic clock stood still meanwhile.

/** Leaps of the wall clock below this are corrections, in milliseconds. */
const leastSleepMs = 60_000

/**
 * Milliseconds that never go back; where the wall clock has gone a minute or more further than the monotonic one since
 * the last call, that time counts too. For calls that come every few seconds at least.
 */
export function createSteadyClock(monotonicNow: () => number, wallNow: () => number): () => number {
  let monotonic = monotonicNow()
  let wall = wallNow()
  let slept = 0
  return () => {
    const before = { monotonic, wall }
    monotonic = monotonicNow()
    wall = wallNow()
    const ahead = wall - before.wall - (monotonic - before.monotonic)
    if (ahead >= leastSleepMs) slept += ahead
    return monotonic + slept
  }
}
