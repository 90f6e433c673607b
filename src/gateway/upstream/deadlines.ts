// Deadlines of what is under way. One a request, nearly always called off: so what has one is itself the link of a list,
// and all that have the same time to run share one timer, which looks at the first of them alone.

import { performance } from 'node:perf_hooks'

/** Something that can run out of time. It has one deadline at most. */
export abstract class Deadline {
  #queue: Queue | undefined
  #before: Deadline | undefined
  #after: Deadline | undefined
  #dueAt = 0

  /** Called once the time has run out, unless the deadline was called off. */
  protected abstract timedOut(): void

  /**
   * Sets the deadline, in place of one that was set before. Milliseconds from now; never runs out too early. Gives the
   * moment of now.
   */
  protected setDeadline(milliseconds: number): number {
    this.clearDeadline()
    const queue = queueOf(milliseconds)
    const now = performance.now()
    this.#queue = queue
    this.#dueAt = now + milliseconds
    this.#before = queue.last
    if (queue.last === undefined) queue.first = this
    else queue.last.#after = this
    queue.last = this
    if (!queue.isArmed) arm(queue, milliseconds)
    return now
  }

  /** Calls it off; nothing where none is set. Leaves no link behind that would keep finished requests in memory. */
  protected clearDeadline(): void {
    const queue = this.#queue
    if (queue === undefined) return
    if (this.#before === undefined) queue.first = this.#after
    else this.#before.#after = this.#after
    if (this.#after === undefined) queue.last = this.#before
    else this.#after.#before = this.#before
    this.#queue = undefined
    this.#before = undefined
    this.#after = undefined
  }

  /** Runs out what is due in a queue; gives the milliseconds until the next one, undefined where there is none. */
  static expire(queue: Queue): number | undefined {
    const now = performance.now()
    for (let first = queue.first; first !== undefined; first = queue.first) {
      if (first.#dueAt > now) return first.#dueAt - now
      first.clearDeadline()
      first.timedOut()
    }
    return undefined
  }
}

/** Those with the same time to run: in the order in which it runs out. */
interface Queue {
  first: Deadline | undefined
  last: Deadline | undefined
  isArmed: boolean
}

/** By milliseconds: the time-outs of routes and upstreams, so there are few. */
const queues = new Map<number, Queue>()

function queueOf(milliseconds: number): Queue {
  let queue = queues.get(milliseconds)
  if (queue === undefined) {
    queue = { first: undefined, last: undefined, isArmed: false }
    queues.set(milliseconds, queue)
  }
  return queue
}

/**
 * It is not moved when the first deadline is called off: it finds the next one when it rings, once in all that time. Between
 * the ring and the end of anything, sockets are read once: what stood still was this process, perhaps, and what was waited
 * for has come long ago.
 */
function arm(queue: Queue, milliseconds: number): void {
  queue.isArmed = true
  const ring = () => {
    let rest: number | undefined
    try {
      rest = Deadline.expire(queue)
    } finally {
      // Until here: one that is set by another that runs out must not put the next ring off.
      queue.isArmed = false
      if (queue.first !== undefined) arm(queue, rest ?? 0)
    }
  }
  setTimeout(setImmediate, Math.ceil(milliseconds), ring).unref()
}
