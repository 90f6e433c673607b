// A queue that things leave from anywhere, each in the same time however long it is. Its links are in what is in it, and
// are taken out with it. A Set would do the same, but leaves tables behind, each holding what was in it and the next
// table: once one of them is among the old objects, all that passes is kept until the next full collection of garbage.

/** What can wait: in one queue at a time. All of this is the queue's own. */
export interface Queued<T extends Queued<T>> {
  queuedIn: Queue<T> | undefined
  queuedBefore: T | undefined
  queuedAfter: T | undefined
}

/** In the order in which they came. */
export class Queue<T extends Queued<T>> {
  #first: T | undefined
  #last: T | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    return this.#first
  }

  get last(): T | undefined {
    return this.#last
  }

  /** Puts one at the end; nothing where it waits here already. Throws where it waits in another queue. */
  push(one: T): void {
    if (one.queuedIn === this) return
    if (one.queuedIn !== undefined) throw new Error('it waits in another queue')
    one.queuedIn = this
    one.queuedBefore = this.#last
    if (this.#last === undefined) this.#first = one
    else this.#last.queuedAfter = one
    this.#last = one
    this.#length++
  }

  /** Puts one before all others; nothing where it waits here already. Throws where it waits in another queue. */
  unshift(one: T): void {
    const first = this.#first
    if (first === undefined) return this.push(one)
    if (one.queuedIn === this) return
    if (one.queuedIn !== undefined) throw new Error('it waits in another queue')
    one.queuedIn = this
    one.queuedAfter = first
    first.queuedBefore = one
    this.#first = one
    this.#length++
  }

  /** Takes one out, wherever it is; nothing where it does not wait here. */
  remove(one: T): void {
    if (one.queuedIn !== this) return
    const { queuedBefore, queuedAfter } = one
    if (queuedBefore === undefined) this.#first = queuedAfter
    else queuedBefore.queuedAfter = queuedAfter
    if (queuedAfter === undefined) this.#last = queuedBefore
    else queuedAfter.queuedBefore = queuedBefore
    one.queuedIn = undefined
    one.queuedBefore = undefined
    one.queuedAfter = undefined
    this.#length--
  }

  /** Takes the first out; undefined: there is none. */
  shift(): T | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
  }
}
