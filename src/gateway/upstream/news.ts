// What is told of upstreams, for the log.

import type { Oddity } from './answer-head.ts'
import type { Habit } from './habits.ts'

/** Told of what was seen of an upstream, by its name. */
export interface UpstreamNews {
  /** Its connections are not used again for so long. */
  notReused(upstream: string, habit: Habit, milliseconds: number): void
  odd(upstream: string, oddity: Oddity): void
  /** A target of it is not available, and why; undefined: it is again. */
  target(upstream: string, target: string, reason: string | undefined): void
  /** A name of it has other addresses, to which no connections can be made here: those of before stay. */
  notMoved(upstream: string, error: unknown): void
}
