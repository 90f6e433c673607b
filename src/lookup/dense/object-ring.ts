// The objects of those rows that are in use: a ring of so many, in which the clock algorithm (second chance) finds whose is given up.

export interface ObjectRing<Held> {
  /** The object in a slot, which is in use from now on. */
  use(slot: number): Held
  /** Takes a slot for the object of a place. Whoever had that slot is told of first. */
  hold(held: Held, place: number, leaving: (held: Held, place: number) => void): number
  free(slot: number): void
}

/** Slots are numbered from 1 to `size`. */
export function createObjectRing<Held>(size: number): ObjectRing<Held> {
  const objects: (Held | undefined)[] = new Array<undefined>(size + 1).fill(undefined)
  const places = new Float64Array(size + 1)
  const isUsed = new Uint8Array(size + 1)
  let hand = 1

  return {
    use(slot) {
      const held = objects[slot]
      if (held === undefined) throw new RangeError(`there is nothing in slot ${slot}`)
      isUsed[slot] = 1
      return held
    },
    hold(held, place, leaving) {
      while (isUsed[hand] === 1) {
        isUsed[hand] = 0
        hand = hand === size ? 1 : hand + 1
      }
      const slot = hand
      hand = hand === size ? 1 : hand + 1
      const before = objects[slot]
      if (before !== undefined) leaving(before, places[slot] ?? 0)
      objects[slot] = held
      places[slot] = place
      return slot
    },
    free(slot) {
      objects[slot] = undefined
      isUsed[slot] = 0
    },
  }
}
