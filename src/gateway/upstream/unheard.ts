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

/** Who waits for longer than this, and for three times as long as usual, may be waiting for another connection's end. */
const leastPatienceMs = 150
const mostPatienceMs = 1_000
const timesUsual = 3
/** Of the longest wait for a first answer so much is left after each one. */
const kept = 0.9
/** After others were given up, those that come to rest are so too, for so long. */
const givingUpMs = 250
/** What is answered within this time after others were given up was waiting for them. */
const reliefMs = 100
/** Between two times that it was no use: what is slow by itself must not cost all others their connections. */
const pauseMs = 1_000

export function createUnheard({ now, giveUpIdle }: UnheardDeps): Unheard {
  let waiting: { readonly connection: Connection; readonly since: number }[] = []
  let gaveUpAt = Number.NEGATIVE_INFINITY
  let mayGiveUpAt = 0
  /** How long an upstream takes for a first answer, others' ends not counted. */
  let usualMs = 0
  let timer: NodeJS.Timeout | undefined
  let dueAt = 0

  const patienceMs = () => Math.min(mostPatienceMs, Math.max(leastPatienceMs, timesUsual * usualMs))

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
    const due = Math.max(first.since + patienceMs(), mayGiveUpAt)
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
      lookAt(Math.max(since + patienceMs(), mayGiveUpAt), since)
    },
    heard(connection) {
      const since = waiting[placeOf(connection)]?.since
      if (since === undefined) return false
      waiting = waiting.filter((one) => one.connection.openedAt > connection.openedAt)
      const at = now()
      const tookMs = at - Math.max(since, gaveUpAt)
      const wasRelieved = since + patienceMs() <= gaveUpAt && tookMs <= reliefMs
      usualMs = Math.max(tookMs, usualMs * kept)
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
      if (at - first.since < patienceMs()) return false
      if (at >= mayGiveUpAt) gaveUp(at)
      return at - gaveUpAt <= givingUpMs
    },
  }
}
