// What one side puts in and the other waits for: sockets, requests, whatever a test has to catch as it comes.

export interface Waiting<Item> {
  add(item: Item): void
  /** The next item, at once if it is there already. */
  next(): Promise<Item>
}

/** Makes an empty one. */
export function createWaiting<Item>(): Waiting<Item> {
  const items: Item[] = []
  const takers: ((item: Item) => void)[] = []
  return {
    add(item) {
      const taker = takers.shift()
      if (taker === undefined) items.push(item)
      else taker(item)
    },
    next() {
      const [item] = items.splice(0, 1)
      return item === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(item)
    },
  }
}
