// What an upstream was seen to do with connections that are used again, and whether they are for now. Three things cost
// more than a new connection: to close it after an answer without saying so, to let the body of an answer wait for the
// acknowledgement of its head, and to serve no other connection while one is kept. A few numbers an upstream, no clock of
// its own, no socket.

/** `closes`: right after its answers; `stalls`: between head and body; `starves`: others, while one is kept. */
export type Habit = 'closes' | 'stalls' | 'starves'

export interface Habits {
  /** A connection that had rested has brought an answer, without any of the three. */
  kept(): void
  /** It was seen to do so once. */
  seen(habit: Habit): void
  /** The body came some time after the head; `wasUsed`: the connection had carried another answer before. */
  paused(milliseconds: number, wasUsed: boolean): void
  /** Whether a connection may be used again. */
  mayReuse(): boolean
  /** Why not, for now. */
  readonly inForce: Habit | undefined
  /** It has kept a connection since it last closed one: it is not one of those that close after each answer. */
  readonly hasKept: boolean
}

/** One time in nine is too often: each time counts as eight answers without. Twice in a row is enough. */
const weight = 8
const tooMuch = 16
/** For how long connections are then not used again; twice as long each time that it was no different after that. */
const firstHoldMs = 10_000
const longestHoldMs = 600_000
/** A delayed acknowledgement takes 40 ms on Linux (TCP_DELACK_MIN), and then the rest comes at once. */
const leastStallMs = 35
const mostStallMs = 60
/** So many of them on new connections, which acknowledge at once, are the upstream's own time. */
const ownPauses = 3
const trustOwnPausesMs = 600_000

/** `now`: monotonic milliseconds; `onHold` is told when connections are not used again from now on. */
export function createHabits(
  now: () => number,
  onHold: (habit: Habit, milliseconds: number) => void = () => {},
): Habits {
  const scores: Record<Habit, number> = { closes: 0, stalls: 0, starves: 0 }
  let isSuspect = false
  let hasKept = false
  let inForce: Habit | undefined
  let heldUntil = 0
  let holdMs = firstHoldMs
  let ownPausesSeen = 0
  let ownPausesUntil = 0

  function seen(habit: Habit): void {
    if (habit === 'closes') hasKept = false
    if (inForce !== undefined) return
    isSuspect = true
    scores[habit] += weight
    if (scores[habit] < tooMuch) return
    inForce = habit
    scores[habit] = tooMuch - weight
    heldUntil = now() + holdMs
    ownPausesSeen = 0
    onHold(habit, holdMs)
    holdMs = Math.min(holdMs * 2, longestHoldMs)
  }

  function forgive(): void {
    isSuspect = false
    for (const habit of ['closes', 'stalls', 'starves'] as const) {
      if (scores[habit] > 0) scores[habit]--
      if (scores[habit] > 0) isSuspect = true
    }
    if (!isSuspect) holdMs = firstHoldMs
  }

  /** It takes its time on new connections too: nothing would be won by them. */
  function pausedAnew(isLikeStall: boolean): void {
    if (inForce !== 'stalls') return
    ownPausesSeen = isLikeStall ? ownPausesSeen + 1 : 0
    if (ownPausesSeen < ownPauses) return
    inForce = undefined
    scores.stalls = 0
    ownPausesUntil = now() + trustOwnPausesMs
  }

  return {
    kept() {
      hasKept = true
      if (isSuspect) forgive()
    },
    seen,
    paused(milliseconds, wasUsed) {
      const isLikeStall = milliseconds >= leastStallMs && milliseconds <= mostStallMs
      if (!wasUsed) pausedAnew(isLikeStall)
      else if (isLikeStall && now() >= ownPausesUntil) seen('stalls')
    },
    mayReuse() {
      if (inForce === undefined) return true
      if (now() < heldUntil) return false
      inForce = undefined
      return true
    },
    get inForce() {
      return inForce
    },
    get hasKept() {
      return hasKept
    },
  }
}
