// Takes a target that no connection can be made to out of those that requests go to, while there are others: it is tried by
// connections of our own until one comes about, so that no request has to find out. Only connects count. What a target
// answers, and how fast, says nothing of whether the next request can be served (docs/decisions.md).

import type { Connect } from './connect.ts'
import { CircuitOpen } from './connect-circuit.ts'
import { isOurs, NoRoom } from './no-room.ts'

/** Connects in a row that came to nothing, none having succeeded meanwhile. */
const failuresToEject = 3
/** Between two trials: at first, and at most; each time twice as long. */
const firstTrialMs = 1_000
const longestTrialMs = 30_000
/** Of it, so much at least, by chance: not all processes try at once. */
const leastShare = 0.8

export interface Ejection {
  /** Connects as it did, and takes note of what comes of it. */
  readonly connect: Connect
  isEjected(): boolean
  /** Whether there are others: one that is alone is never taken out. */
  watch(hasOthers: boolean): void
  /** No trial is made any more. */
  stop(): void
}

/** `changed`: told when it is taken out, with what was wrong last, and when it is back. */
export function createEjection(connect: Connect, changed: (error: Error | undefined) => void): Ejection {
  let failures = 0
  let isEjected = false
  let isWatched = false
  let isStopped = false
  let trialMs = firstTrialMs
  let timer: NodeJS.Timeout | undefined

  function note(error: Error | null): void {
    if (error === null) {
      failures = 0
      if (isEjected) takeBack()
      return
    }
    // Not its fault, or not tried at all.
    if (error instanceof NoRoom || error instanceof CircuitOpen || isOurs(error)) return
    failures++
    if (failures < failuresToEject || isEjected || !isWatched || isStopped) return
    isEjected = true
    trialMs = firstTrialMs
    changed(error)
    tryLater()
  }

  function takeBack(): void {
    isEjected = false
    clearTimeout(timer)
    changed(undefined)
  }

  function tryLater(): void {
    const share = leastShare + (1 - leastShare) * Math.random()
    timer = setTimeout(tryNow, trialMs * share).unref()
    trialMs = Math.min(2 * trialMs, longestTrialMs)
  }

  function tryNow(): void {
    connect(unread, (error, socket) => {
      socket?.destroy()
      if (isStopped || !isEjected) return
      note(error)
      if (error !== null) tryLater()
    })
  }

  return {
    connect: (onread, done) =>
      connect(onread, (error, socket) => {
        note(error)
        done(error, socket)
      }),
    isEjected: () => isEjected,
    watch(hasOthers) {
      isWatched = hasOthers
      if (!hasOthers && isEjected) takeBack()
    },
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/** A trial ends with its connection: what comes over it is nobody's. */
const unread = { buffer: Buffer.alloc(1_024), callback: () => false }
