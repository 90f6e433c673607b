// What a process knows of keys and tokens, in some 120 bytes each outside the heap: no object stands for one unless it is in
// use, and no collection of garbage passes over the others. What many have in common (API, permissions, limits) is kept
// once. Digests are spread over shelves, so that none is long to make larger.

import type { KnownEntry } from '../entry.ts'
import { createObjectRing } from './object-ring.ts'
import {
  type Common,
  commonAt,
  fitsRow,
  readRow,
  rowBytes,
  writeCommon,
  writeRow,
  writeState,
} from './row.ts'
import { createSharedValues } from './shared-values.ts'
import { createShelf, digestWords, type Shelf } from './shelf.ts'

export interface DenseStore {
  /** The same object for as long as it is in use. */
  get(digest: string): KnownEntry | undefined
  /** In place of whatever is there; who was not asked for in long makes room. What does not fit a row is not kept. */
  set(digest: string, entry: KnownEntry): void
  delete(digest: string): void
  readonly size: number
  /** Those first that were asked for since they came, or since others had to make room. */
  keys(): Iterable<string>
}

/** One of these is made larger in a millisecond or two. */
const rowsOfShelf = 16_384
/** Some 600 bytes each. With 16,384 they lived until collections had copied them twice: a look-up of any of a million keys took twice as long. */
export const mostObjects = 4_096

/** Holds `max` entries, or a few per cent less, as digests are not spread evenly; `objects` of them (65,535 at most) as objects. */
export function createDenseStore(max: number, objects = mostObjects): DenseStore {
  const count = 2 ** Math.ceil(Math.log2(Math.max(1, max / rowsOfShelf)))
  const rows = Math.ceil(max / count)
  const shelves = Array.from({ length: count }, () => createShelf(rows, rowBytes))
  const shared = createSharedValues<Common>()
  const ring = createObjectRing<KnownEntry>(objects)
  /** Of each row of each shelf; 0: it has no object. */
  const slots = new Uint16Array(count * rows)
  const words = new Uint32Array(digestWords)
  const digestBytes = Buffer.from(words.buffer)

  const shelfAt = (number: number): Shelf => {
    const shelf = shelves[number]
    if (shelf === undefined) throw new RangeError('there is no such shelf')
    return shelf
  }

  /** Takes note of the digest that is asked about, and gives its shelf. */
  function take(digest: string): number {
    if (digestBytes.write(digest, 'hex') !== digestBytes.length) throw new RangeError('this is no digest')
    return (words[1] ?? 0) & (count - 1)
  }

  /** Its object is given up: what was learned since it was made stays in its row. */
  function putBack(entry: KnownEntry, place: number): void {
    slots[place] = 0
    writeState(shelfAt(Math.floor(place / rows)).bytes, (place % rows) * rowBytes, entry)
  }

  function letGo(number: number, row: number): void {
    shared.release(commonAt(shelfAt(number).bytes, row * rowBytes))
    const place = number * rows + row
    const slot = slots[place] ?? 0
    if (slot > 0) ring.free(slot)
    slots[place] = 0
  }

  function remove(number: number): void {
    const shelf = shelfAt(number)
    const row = shelf.find(words)
    if (row < 0) return
    letGo(number, row)
    shelf.remove(row)
  }

  function hold(entry: KnownEntry, place: number): void {
    slots[place] = ring.hold(entry, place, putBack)
  }

  return {
    get(digest) {
      const number = take(digest)
      const shelf = shelfAt(number)
      const row = shelf.find(words)
      if (row < 0) return undefined
      const place = number * rows + row
      const slot = slots[place] ?? 0
      if (slot > 0) return ring.use(slot)
      const at = row * rowBytes
      const entry = readRow(shelf.bytes, at, shared.get(commonAt(shelf.bytes, at)))
      hold(entry, place)
      return entry
    },
    set(digest, entry) {
      const number = take(digest)
      remove(number)
      if (!fitsRow(entry)) return
      const shelf = shelfAt(number)
      const row = shelf.place(words, (leaving) => letGo(number, leaving))
      const at = row * rowBytes
      const common = writeRow(shelf.bytes, at, entry)
      writeCommon(
        shelf.bytes,
        at,
        shared.take(JSON.stringify(common), () => common),
      )
      hold(entry, number * rows + row)
    },
    delete: (digest) => remove(take(digest)),
    *keys() {
      for (const isUsed of [true, false]) for (const shelf of shelves) yield* shelf.digests(isUsed)
    },
    get size() {
      return shelves.reduce((sum, shelf) => sum + shelf.size, 0)
    },
  }
}
