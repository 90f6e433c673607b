// What others have told of limits that seldom bring a request: whoever is to be counted here for the first time, or has not been for long,
// is counted by that, instead of having all of its burst at each process once.

import { full } from './gcra.ts'

export interface News {
  /** Takes it; times are monotonic milliseconds. */
  take(place: string, fullAt: number): void
  /** When it is full again, as far as others have told; past: nobody has. */
  fullAtOf(place: string): number
  /** Forgets what is over; of each call a part. */
  look(now: number): void
  size(): number
}

/** Of more, those that came first are forgotten. */
export const mostNews = 20_000
const lookedAt = 2_000

/** Begins with none. */
export function createNews(): News {
  const known = new Map<string, number>()
  let looking: IterableIterator<[string, number]> | undefined

  return {
    take(place, fullAt) {
      known.delete(place)
      known.set(place, fullAt)
      if (known.size <= mostNews) return
      const first = known.keys().next()
      if (first.done !== true) known.delete(first.value)
    },
    fullAtOf: (place) => (known.size === 0 ? full : (known.get(place) ?? full)),
    look(now) {
      looking ??= known.entries()
      for (let looked = 0; looked < lookedAt; looked++) {
        const next = looking.next()
        if (next.done === true) {
          looking = undefined
          return
        }
        const [place, fullAt] = next.value
        if (fullAt <= now) known.delete(place)
      }
    },
    size: () => known.size,
  }
}
