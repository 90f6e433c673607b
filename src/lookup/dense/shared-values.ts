// Values that many have in common, kept once, by number, for as long as somebody has them.

export interface SharedValues<Value> {
  /** The number of the value that is known by `name`, one more user of it; `make` is asked for it where it is new. */
  take(name: string, make: () => Value): number
  /** Throws a RangeError where nobody has this number. */
  get(number: number): Value
  /** One user less. */
  release(number: number): void
  readonly size: number
}

interface Shared<Value> {
  readonly name: string
  readonly value: Value
  users: number
}

/** Begins empty. */
export function createSharedValues<Value>(): SharedValues<Value> {
  const numbers = new Map<string, number>()
  const shared: (Shared<Value> | undefined)[] = []
  const free: number[] = []

  function at(number: number): Shared<Value> {
    const one = shared[number]
    if (one === undefined) throw new RangeError(`nobody has the value ${number}`)
    return one
  }

  return {
    take(name, make) {
      const known = numbers.get(name)
      if (known !== undefined) {
        at(known).users++
        return known
      }
      const number = free.pop() ?? shared.length
      shared[number] = { name, value: make(), users: 1 }
      numbers.set(name, number)
      return number
    },
    get: (number) => at(number).value,
    release(number) {
      const one = at(number)
      if (--one.users > 0) return
      numbers.delete(one.name)
      shared[number] = undefined
      free.push(number)
    },
    get size() {
      return numbers.size
    },
  }
}
