// The generic cell rate algorithm: a limit's whole state is one instant, at which all of its burst will be there again.
// Each request moves it on by one interval; none may move it further ahead of now than the burst has intervals. Pure: times are
// milliseconds of any clock, and come in by argument.

import type { Allowance } from '../config/compiled.ts'

/** An instant that is past on every clock: all of the burst is there. */
export const full = Number.NEGATIVE_INFINITY

/** Doubles round: without this much of a request one that is due exactly now might come a hair too early. */
const slack = 1e-6

/** Requests that may come at once, whole and parts of them; negative: more were let through than there were. */
export function levelOf({ intervalMs, burst }: Allowance, fullAt: number, now: number): number {
  return fullAt <= now ? burst : burst - (fullAt - now) / intervalMs + slack
}

/** The state after requests that take `intervalsMs` together. */
export function charged(fullAt: number, now: number, intervalsMs: number): number {
  return (fullAt <= now ? now : fullAt) + intervalsMs
}

/** Milliseconds until one more may come; 0: it may now. */
export function waitMs({ intervalMs, burst }: Allowance, fullAt: number, now: number): number {
  return Math.max(0, fullAt - now - (burst - 1) * intervalMs)
}
