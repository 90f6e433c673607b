// Bodies that come in crumbs: chunks of a byte or two, each of which the HTTP parser hands over by itself. Nobody honest
// sends them in numbers, and a megabyte of them costs a second of the processor. So all of them together get a fifth of
// it: who has sent many is not read for a while.

/** A piece of so many bytes is worth its own handling. */
const worthwhileBytes = 64
/** In one turn; fewer are read without a rest. */
const fewCrumbs = 256
/** What one costs, by measurement on a slow core, and four times as long for everybody else, in milliseconds. */
const restMsOfOne = 0.008

/** Whether what came of a body in this turn is so many crumbs that the rest can wait for the next one. */
export function areManyCrumbs({ count, bytes }: Gathered): boolean {
  return count - bytes / worthwhileBytes > fewCrumbs
}

/** Gives the milliseconds for which a body is not to be read after what came of it; `now` in milliseconds, monotonic. */
export function restAfterCrumbs(gathered: Gathered, now: number): number {
  if (!areManyCrumbs(gathered)) return 0
  restedUntil = Math.max(restedUntil, now) + gathered.count * restMsOfOne
  return restedUntil - now
}

interface Gathered {
  readonly count: number
  readonly bytes: number
}

/** Of the process: whose crumbs they are does not count. */
let restedUntil = 0
