// One clock for all processes of a test: their times are compared.

/** Monotonic milliseconds, the same in every process of this machine (CLOCK_MONOTONIC). */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** The monotonic time of a moment that was told by the wall clock. */
export function monotonicMs(wallClockMs: number): number {
  return nowMs() + wallClockMs - Date.now()
}
