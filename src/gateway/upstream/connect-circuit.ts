// Keeps requests from waiting, one after the other, for an upstream to which no connection can be made: a host that
// takes no packets makes each of them wait for the whole connect time-out. One that refuses is told at once, and needs
// no circuit.

/** Connects that timed out in a row, none having succeeded meanwhile, that open the circuit. */
const timeoutsToOpen = 5
/** How long an open circuit waits between two attempts, in milliseconds. */
const attemptEveryMs = 1_000

/** An attempt to connect that was not made. */
export class CircuitOpen extends Error {
  override readonly name = 'CircuitOpen'
}

export interface ConnectCircuit {
  /** Whether to try to connect now; while open, one attempt at a time, and not more than one a second. */
  allows(): boolean
  /** The host answered, be it with a refusal. */
  answered(): void
  timedOut(): void
  /** It came to nothing before the host was asked: that says nothing of it. */
  failedHere(): void
}

/** Closed → (time-outs in a row) → open → (an attempt is answered) → closed. `now`: monotonic milliseconds. */
export function createConnectCircuit(now: () => number): ConnectCircuit {
  let timeouts = 0
  let attemptedAt = 0
  let isAttempting = false
  return {
    allows() {
      if (timeouts < timeoutsToOpen) return true
      if (isAttempting || now() - attemptedAt < attemptEveryMs) return false
      isAttempting = true
      return true
    },
    answered() {
      timeouts = 0
      isAttempting = false
    },
    timedOut() {
      timeouts++
      attemptedAt = now()
      isAttempting = false
    },
    failedHere() {
      isAttempting = false
    },
  }
}
