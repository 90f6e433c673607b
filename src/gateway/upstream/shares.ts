// How many connections of one upstream each client holds, and how many requests of it wait: so that where there are not
// enough for all, none has more than half. Counted only then: at other times nobody asks.

import type { Exchange } from './connection.ts'
import type { Queue } from './queue.ts'

export interface Shares {
  add(client: string): void
  remove(client: string): void
  of(client: string): number
}

/** Counts what is in the queues, by client. */
export function countShares(...queues: readonly Queue<Exchange>[]): Shares {
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
  for (const queue of queues)
    for (let one = queue.first; one !== undefined; one = one.queuedAfter) shares.add(one.client)
  return shares
}

/**
 * Who has to give up its place in a full queue: the newest that waits of a client that has more than half of all places,
 * waiting or carried; undefined: there is none, or it is `client` itself.
 */
export function placeTaker(
  client: string,
  { waiting, carried }: { readonly waiting: Queue<Exchange>; readonly carried: Queue<Exchange> },
): Exchange | undefined {
  const shares = countShares(waiting, carried)
  const half = (waiting.length + carried.length) / 2
  if (shares.of(client) >= half) return undefined
  for (let one = waiting.last; one !== undefined; one = one.queuedBefore)
    if (shares.of(one.client) > half) return one
  return undefined
}
