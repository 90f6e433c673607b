// So many at once, and so many that wait; whoever comes beyond is told to come again.

import { deny, DenialError } from '../../errors/denial.ts'

export interface Turns {
  /** Runs work in its turn; `isFirst`: before those that wait and are not. Throws TOO_MANY_ATTEMPTS. */
  take<T>(work: () => Promise<T>, isFirst?: boolean): Promise<T>
}

export interface TurnBounds {
  readonly atOnce: number
  /** Of each kind, those that go first and the others. */
  readonly waiting: number
}

export function createTurns({ atOnce, waiting }: TurnBounds): Turns {
  const first: (() => void)[] = []
  const others: (() => void)[] = []
  let running = 0

  async function place(queue: (() => void)[]): Promise<void> {
    if (running < atOnce) {
      running += 1
      return
    }
    if (queue.length >= waiting)
      throw new DenialError(deny('TOO_MANY_ATTEMPTS', 'passwords_waiting', { retryAfterSeconds: 2 }))
    await new Promise<void>((resolve) => queue.push(resolve))
  }

  return {
    async take(work, isFirst = false) {
      await place(isFirst ? first : others)
      try {
        return await work()
      } finally {
        // The place goes on to the next, if any.
        const next = first.shift() ?? others.shift()
        if (next === undefined) running -= 1
        else next()
      }
    },
  }
}
