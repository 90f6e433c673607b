// What nobody honest sends in numbers and is dear to read, slices and crumbs, has a twentieth of the processor: all of it together,
// of the process, whosever it is.

/** After what was done of it, so many times as long something else has its turn. */
const restFactor = 19
/** Nobody waits for longer, however much was done at once. */
const longestRestMs = 5_000
let restedUntil = 0

/** Gives the milliseconds until more of it may be done, behind `workMs` of it that were done; `now` in milliseconds, monotonic. */
export function restAfter(workMs: number, now: number): number {
  restedUntil = Math.min(Math.max(restedUntil, now) + workMs * restFactor, now + longestRestMs)
  return restedUntil - now
}
