// Things by a number that goes up and down: the first of the lowest or of the highest, in the same time however many there are. Which
// numbers have any is a bit each, and of each 32 such bits one more says whether there is any.

import { Queue, type Queued } from './queue.ts'

const bits = 32
/** What is beyond the last one counts as the last one. */
const most = bits * bits - 1

/** Begins with nothing. A thing is at one level at a time, that it is taken from with the number it was put with. */
export class Levels<T extends Queued<T>> {
  readonly #queues: (Queue<T> | undefined)[] = []
  /** Which levels have any; and which of these words are not 0. */
  readonly #words: number[] = []
  #summary = 0

  /** Behind all that are at this level, or before them. */
  add(one: T, level: number, where: 'last' | 'first' = 'last'): void {
    const at = Math.min(level, most)
    const queue = (this.#queues[at] ??= new Queue())
    if (where === 'last') queue.push(one)
    else queue.unshift(one)
    const word = at >> 5
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (at & 31))
    this.#summary |= 1 << word
  }

  remove(one: T, level: number): void {
    const at = Math.min(level, most)
    const queue = this.#queues[at]
    queue?.remove(one)
    if (queue === undefined || queue.length > 0) return
    const word = at >> 5
    const left = (this.#words[word] ?? 0) & ~(1 << (at & 31))
    this.#words[word] = left
    if (left === 0) this.#summary &= ~(1 << word)
  }

  /** undefined: there is nothing. */
  firstOfLowest(): T | undefined {
    if (this.#summary === 0) return undefined
    const word = lowestBit(this.#summary)
    return this.#queues[(word << 5) | lowestBit(this.#words[word] ?? 0)]?.first
  }

  firstOfHighest(): T | undefined {
    if (this.#summary === 0) return undefined
    const word = highestBit(this.#summary)
    return this.#queues[(word << 5) | highestBit(this.#words[word] ?? 0)]?.first
  }
}

/** Of a number that has one. */
function lowestBit(word: number): number {
  return highestBit(word & -word)
}

function highestBit(word: number): number {
  return 31 - Math.clz32(word)
}
