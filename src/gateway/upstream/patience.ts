// For how long exchanges wait for a connection: one timer, for the first, as nobody waits for longer than who came before.

import type { Exchange } from './connection.ts'
import type { Queue } from './queue.ts'

export interface Patience {
  /** Notes since when those wait that have come, and sets the timer; for the first of them `opening` connections are being opened. */
  look(opening: number): void
}

/** `late` is told since when at the latest those wait that are to wait no longer, in milliseconds of `performance.now()`. */
export function createPatience(
  waiting: Queue<Exchange>,
  timeoutMs: number,
  late: (latest: number) => void,
): Patience {
  let timer: NodeJS.Timeout | undefined

  function end(): void {
    timer = undefined
    late(performance.now() - timeoutMs)
  }

  return {
    look(opening) {
      const now = performance.now()
      for (let one = waiting.last; one?.waitsSince === 0; one = one.queuedBefore) one.waitsSince = now
      // Those that a connection is opened for wait for the upstream, the others for a place.
      let left = opening
      for (let one = waiting.first; one !== undefined && left-- > 0; one = one.queuedAfter) {
        if (one.opensSince === 0) one.opensSince = now
      }
      const dueAt = (waiting.first?.waitsSince ?? now) + timeoutMs
      timer ??= setTimeout(setImmediate, Math.max(1, Math.ceil(dueAt - now)), end).unref()
    },
  }
}
