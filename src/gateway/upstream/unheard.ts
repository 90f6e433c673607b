// New connections over which a request has gone and nothing has come back: a server that serves few connections at a time
// does not look at them while others are kept, at rest. It takes connections in the order in which they were made, so one
// that is answered tells that those before it are looked at, and merely slow.

import type { Connection } from './connection.ts'

export interface Unheard {
  /** The first request has gone over it. */
  add(connection: Connection): void
  /** Something has come over it; gives whether it had to wait until others were given up. */
  heard(connection: Connection): boolean
  /** It is closed. */
  remove(connection: Connection): void
  /** Whether a connection that would rest now is to be closed instead: another one most likely waits for its end. */
  givesUp(): boolean
}

export interface UnheardDeps {
  readonly now: () => number
  /** Closes all connections at rest; gives whether there were any. */
  readonly giveUpIdle: () => boolean
}

/** Nearly every answer begins sooner: who waits for longer may be waiting for another connection's end. */
const patienceMs = 150
/** What is answered within this time after others were given up was waiting for them. */
const reliefMs = 250
/** Between two times that it was no use: what is slow by itself must not cost all others their connections. */
const pauseMs = 1_000

export function createUnheard({ now, giveUpIdle }: UnheardDeps): Unheard {
  let waiting: { readonly connection: Connection; readonly since: number }[] = []
  let gaveUpAt = Number.NEGATIVE_INFINITY
  let mayGiveUpAt = 0
  let timer: NodeJS.Timeout | undefined
  let dueAt = 0

  function lookAt(due: number, at: number): void {
    if (timer !== undefined && dueAt <= due) return
    clearTimeout(timer)
    dueAt = due
    // Sockets are read once more before it is looked: what stood still was this process, perhaps.
    timer = setTimeout(setImmediate, Math.max(1, Math.ceil(due - at)), look).unref()
  }

  function look(): void {
    timer = undefined
    const [first] = waiting
    if (first === undefined) return
    const at = now()
    const due = Math.max(first.since + patienceMs, mayGiveUpAt)
    if (at < due) return lookAt(due, at)
    if (giveUpIdle()) gaveUp(at)
    lookAt(at + pauseMs, at)
  }

  function gaveUp(at: number): void {
    gaveUpAt = at
    mayGiveUpAt = at + pauseMs
  }

  const placeOf = (connection: Connection) => waiting.findIndex((one) => one.connection === connection)

  return {
    add(connection) {
      const since = now()
      waiting.push({ connection, since })
      lookAt(Math.max(since + patienceMs, mayGiveUpAt), since)
    },
    heard(connection) {
      const since = waiting[placeOf(connection)]?.since
      if (since === undefined) return false
      waiting = waiting.filter((one) => one.connection.openedAt > connection.openedAt)
      const wasRelieved = since + patienceMs <= gaveUpAt && now() - gaveUpAt <= reliefMs
      if (wasRelieved) mayGiveUpAt = 0
      return wasRelieved
    },
    remove(connection) {
      const place = placeOf(connection)
      if (place !== -1) waiting.splice(place, 1)
    },
    givesUp() {
      const [first] = waiting
      if (first === undefined) return false
      const at = now()
      if (at - first.since < patienceMs) return false
      if (at >= mayGiveUpAt) gaveUp(at)
      return at - gaveUpAt <= reliefMs
    },
  }
}
