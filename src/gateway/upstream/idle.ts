// Connections at rest: which of them carries the next request. The one that rested last comes first: it is the likeliest
// to be alive, and the others come to their end.

import type { Connection } from './connection.ts'

export interface Idle {
  readonly length: number
  /** Puts one to rest. */
  push(connection: Connection): void
  /** The one that rested last; undefined: there is none. Those that are too old are closed on the way. */
  newest(now: number): Connection | undefined
  /**
   * One over which what may not be sent twice can go: it came to rest only just now, so the upstream still has it, but
   * `quietMs` ago at least, so the upstream did not close it behind its answer.
   */
  justUsed(now: number, wanted: Wanted): Connection | undefined
  /** Of those that only have to rest a little longer for that the one that has rested longest. */
  settlesNext(now: number, quietMs: number): Connection | undefined
  /** Puts one back in its place that was taken, and carried nothing. */
  putBack(connection: Connection): void
  /** Closes the one that has rested longest. */
  closeOldest(): void
  /** Closes those that are as old as one that the upstream had closed, or have rested as long. */
  closeLike(lost: Connection): void
  /** Closes all. */
  close(): void
  remove(connection: Connection): void
}

export interface Wanted {
  readonly quietMs: number
  /** Only one that has brought an answer after it had rested before. */
  readonly isProven: boolean
}

/** Whether one is as old as one that the upstream had closed, or has rested as long: it is closed by now, too. */
export function isLike(one: Connection, lost: Connection): boolean {
  return one.openedAt <= lost.openedAt || one.restedAt <= lost.restedAt
}

/** What was used just now has rested no longer than this. */
const justUsedMs = 250

export function createIdle(): Idle {
  /** In the order in which they came to rest. */
  const resting: Connection[] = []

  function newest(now: number): Connection | undefined {
    for (let one = resting.pop(); one !== undefined; one = resting.pop()) {
      if (one.isUsable && now < one.expiresAt) return one
      one.close()
    }
    return undefined
  }

  return {
    get length() {
      return resting.length
    },
    push: (connection) => void resting.push(connection),
    newest,
    justUsed(now, { quietMs, isProven }) {
      for (let i = resting.length - 1; i >= 0; i--) {
        const one = resting[i]
        if (one === undefined || one.restedAt < now - justUsedMs) return undefined
        if (one.restedAt > now - quietMs || (isProven && !one.isProven)) continue
        if (!one.isUsable || now >= one.expiresAt) continue
        resting.splice(i, 1)
        return one
      }
      return undefined
    },
    settlesNext(now, quietMs) {
      const at = resting.findIndex(
        (one) => one.restedAt > now - quietMs && one.isUsable && now < one.expiresAt,
      )
      return at === -1 ? undefined : resting.splice(at, 1)[0]
    },
    putBack(connection) {
      const at = resting.findIndex((one) => one.restedAt > connection.restedAt)
      resting.splice(at === -1 ? resting.length : at, 0, connection)
    },
    closeOldest: () => resting.shift()?.close(),
    closeLike(lost) {
      const gone = resting.filter((one) => isLike(one, lost))
      for (const one of gone) {
        resting.splice(resting.indexOf(one), 1)
        one.close()
      }
    },
    close() {
      for (const one of resting.splice(0)) one.close()
    },
    remove(connection) {
      const at = resting.indexOf(connection)
      if (at !== -1) resting.splice(at, 1)
    },
  }
}
