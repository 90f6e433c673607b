// Connections that carry nothing, those that were never used and those at rest; and which of them is to carry an exchange.

import type { Connection, Exchange } from './connection.ts'
import type { Habits } from './habits.ts'
import { createIdle } from './idle.ts'
import { isRepeatable, isSafeToFollow } from './outgoing-request.ts'

export interface Choice {
  readonly connection: Connection
  /** When it will have been quiet for long enough, in milliseconds of `performance.now()`; undefined: it is ready. */
  readonly readyAt?: number
}

export interface Places {
  /** A new connection can be made. */
  readonly isFree: boolean
  readonly isOpening: boolean
}

export interface Spare {
  readonly length: number
  /** Takes one that was opened. */
  add(connection: Connection): void
  /** Takes one that has answered. */
  rest(connection: Connection): void
  /** Takes one again that was chosen, and carried nothing. */
  putBack(connection: Connection): void
  /** Gives the one that an exchange goes over, which leaves; undefined: none of them may carry it now. */
  choose(exchange: Exchange, places: Places): Choice | undefined
  /** Gives the one that rested last, which leaves. */
  newest(): Connection | undefined
  /** Closes the one that has rested longest, and gives whether there was one. */
  closeOldest(): boolean
  /** Closes those at rest that the upstream has closed by now, as it had `lost`. */
  closeLike(lost: Connection): void
  close(): void
  remove(connection: Connection): void
}

/** What may not be sent twice goes over a connection that was quiet for so long after its last answer. */
const quietMs = 1
/** The same, of an upstream that was never seen to keep one. */
const provingMs = 25

export function createSpare(habits: Pick<Habits, 'hasKept'>): Spare {
  /** Opened, and not used yet: in the order in which they were made, as the upstream takes them. */
  const fresh: Connection[] = []
  const idle = createIdle()
  const now = () => performance.now()

  /**
   * What may be sent twice takes the connection that rested last. What may not goes over a new one, or one that was used
   * just now, so that it is not lost on one that the upstream is about to close; and what ends its connection over a new
   * one while one can be opened, as it would leave as few behind.
   */
  function choose({ request, isAnew }: Exchange, places: Places): Choice | undefined {
    if (isAnew) return ready(neverRested() ?? makeRoom(places))
    const endsIt = !isSafeToFollow(request)
    if (!endsIt && isRepeatable(request)) return ready(idle.newest(now()) ?? newOne())
    const opened = newOne()
    if (opened !== undefined) return ready(opened)
    if (endsIt && places.isFree) return undefined
    return isRepeatable(request) ? ready(idle.newest(now())) : quietOne(places)
  }

  /**
   * While a new one can be made, it has to be one that the upstream was seen to keep. Where none was quiet for long enough, it is the
   * one that is the nearest to it.
   */
  function quietOne(places: Places): Choice | undefined {
    const restMs = habits.hasKept ? quietMs : provingMs
    const at = now()
    const connection = idle.justUsed(at, { quietMs: restMs, isProven: places.isFree })
    if (connection !== undefined || places.isFree) return ready(connection)
    const next = idle.settlesNext(at, restMs)
    if (next === undefined) return makeRoom(places)
    return { connection: next, readyAt: next.restedAt + restMs }
  }

  /** For a new connection, where all places are taken and none is being opened. */
  function makeRoom({ isFree, isOpening }: Places): undefined {
    if (!isFree && !isOpening) idle.closeOldest()
  }

  function neverRested(): Connection | undefined {
    const at = fresh.findIndex((one) => one.isUsable && !one.hasRested)
    return at === -1 ? undefined : fresh.splice(at, 1)[0]
  }

  function newOne(): Connection | undefined {
    let connection = fresh.shift()
    while (connection !== undefined && !connection.isUsable) connection = fresh.shift()
    return connection
  }

  return {
    get length() {
      return idle.length + fresh.length
    },
    add: (connection) => void fresh.push(connection),
    rest: idle.push,
    putBack: idle.putBack,
    choose,
    newest: () => idle.newest(now()),
    closeOldest() {
      const hadOne = idle.length > 0
      idle.closeOldest()
      return hadOne
    },
    closeLike: idle.closeLike,
    close() {
      idle.close()
      for (const connection of fresh.splice(0)) connection.close()
    },
    remove(connection) {
      idle.remove(connection)
      const at = fresh.indexOf(connection)
      if (at !== -1) fresh.splice(at, 1)
    },
  }
}

function ready(connection: Connection | undefined): Choice | undefined {
  return connection && { connection }
}
