// How many connections of one upstream each client holds: so that bodies which may never come to their end have half of them at
// most. Counted only where there are such bodies: at other times nobody asks.

import type { Exchange } from './connection.ts'
import type { Queue } from './queue.ts'

export interface Shares {
  add(client: string): void
  remove(client: string): void
  of(client: string): number
}

/** Counts what is in the queue, by client. */
export function countShares(queue: Queue<Exchange>): Shares {
  const counts = new Map<string, number>()
  const shares: Shares = {
    add(client) {
      counts.set(client, (counts.get(client) ?? 0) + 1)
    },
    remove(client) {
      const left = (counts.get(client) ?? 0) - 1
      if (left > 0) counts.set(client, left)
      else counts.delete(client)
    },
    of: (client) => counts.get(client) ?? 0,
  }
  for (let one = queue.first; one !== undefined; one = one.queuedAfter) shares.add(one.client)
  return shares
}
