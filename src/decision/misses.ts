// Who asks with unknown keys, and how often. A client that goes on guessing is no longer looked up: its unknown keys
// get 429, while the keys that memory knows go on working for it (it may be a network with honest clients, too), and of the others a few
// a second are looked up still: an honest one is let in, and then known.

import { LRUCache } from 'lru-cache'
import { clientNetwork } from '../config/request/addresses.ts'

export interface Misses {
  /** Counts a look-up that found nothing. */
  count(client: string): void
  /** Whether the client has used up its minute. */
  isOver(client: string): boolean
  /** Whether one more may be looked up of a client that has; counts it, if so. */
  mayStill(client: string): boolean
}

const windowMs = 60_000
/** Between look-ups for who has used up its minute: 20 a second. */
const stillEveryMs = 50
/** Clients remembered; the least recent ones are forgotten, which only ever lets more through. */
const maxClients = 100_000

/** `most` failed look-ups a minute for each client; `monotonicNow` in milliseconds. */
export function createMisses(most: number, monotonicNow: () => number): Misses {
  const windows = new LRUCache<string, { startedAt: number; count: number; stillAt: number }>({
    max: maxClients,
  })

  return {
    count(client) {
      const network = clientNetwork(client)
      const at = monotonicNow()
      const window = windows.get(network)
      if (window === undefined || at - window.startedAt >= windowMs) {
        windows.set(network, { startedAt: at, count: 1, stillAt: 0 })
      } else window.count++
    },
    isOver(client) {
      // Nobody has failed: the usual case costs nothing.
      if (windows.size === 0) return false
      const window = windows.get(clientNetwork(client))
      return window !== undefined && window.count >= most && monotonicNow() - window.startedAt < windowMs
    },
    mayStill(client) {
      const window = windows.get(clientNetwork(client))
      const at = monotonicNow()
      if (window === undefined) return true
      if (at < window.stillAt) return false
      window.stillAt = at + stillEveryMs
      return true
    },
  }
}

/** Nobody is counted: for who asks what would be decided, and is no client. */
export const nobodyIsCounted: Misses = { count() {}, isOver: () => false, mayStill: () => true }
