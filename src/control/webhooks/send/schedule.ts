// When what was not taken is tried again: over three days, ever more rarely. An endpoint has one such clock, as what comes
// later waits for what came first.

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

export interface Schedule {
  /** After so many failures in a row; the last one for all further ones. */
  readonly delaysMs: readonly number[]
  /** Age of an event from which on it is given up, tried once at least. */
  readonly giveUpMs: number
  /** For so long nothing was taken: the endpoint is disabled. */
  readonly disableMs: number
}

export const standardSchedule: Schedule = {
  delaysMs: [
    5 * second,
    30 * second,
    2 * minute,
    10 * minute,
    30 * minute,
    hour,
    2 * hour,
    4 * hour,
    8 * hour,
  ],
  giveUpMs: 3 * day,
  disableMs: 5 * day,
}

/** The longest time that a receiver may ask for (Retry-After). */
const longestAskedMs = hour

/**
 * How long to wait after the `failures`th failure in a row, in milliseconds; `random` from 0 to 1: by a fifth more or less, so that those
 * who failed together do not come back together.
 */
export function delayAfter(
  { delaysMs }: Schedule,
  failures: number,
  { random, retryAfterMs = 0 }: { readonly random: number; readonly retryAfterMs?: number | undefined },
): number {
  const base = delaysMs[Math.min(Math.max(failures, 1), delaysMs.length) - 1] ?? 0
  return Math.max(Math.round(base * (0.8 + 0.4 * random)), Math.min(retryAfterMs, longestAskedMs))
}
