// Bodies that come in crumbs: chunks of a byte or two, each of which the HTTP parser hands over by itself. Nobody honest
// sends them in numbers, and a megabyte of them costs a second of the processor. So all of them together have a share of
// it (listener/dear-work.ts): who has sent many is not read for a while.

import { restAfter } from '../listener/dear-work.ts'

/** A piece of so many bytes is worth its own handling. */
const worthwhileBytes = 64
/** In one turn; fewer are read without a rest. */
const fewCrumbs = 200
/** What one costs, by measurement on a slow core, in milliseconds. */
const msOfOne = 0.002

/** Whether what came of a body in this turn is so many crumbs that the rest can wait for the next one. */
export function areManyCrumbs({ count, bytes }: Gathered): boolean {
  return count - bytes / worthwhileBytes > fewCrumbs
}

/** Gives the milliseconds for which a body is not to be read after what came of it; `now` in milliseconds, monotonic. */
export function restAfterCrumbs(gathered: Gathered, now: number): number {
  return areManyCrumbs(gathered) ? restAfter(gathered.count * msOfOne, now) : 0
}

interface Gathered {
  readonly count: number
  readonly bytes: number
}
