// Rows of one size in one piece of memory outside the heap, found by the digest that each begins with: a hash table with
// open addressing and linear probing, and the clock algorithm (second chance) for whose row is given up when all are taken.
// What else stands in a row is not known here.

/** Of SHA-256. */
export const digestWords = 8
const firstRows = 64

export interface Shelf {
  /** All rows, one behind the other; another piece of memory after a `place`. */
  readonly bytes: Buffer
  readonly size: number
  /** The row of a digest, which is in use from now on; -1: there is none. */
  find(digest: Uint32Array): number
  /** A row for a digest that has none; its other bytes are whatever they were. The row that it takes the place of is told of first. */
  place(digest: Uint32Array, leaving: (row: number) => void): number
  remove(row: number): void
  /** In hex, of the rows that were found since the hand passed over them, or of the others. */
  digests(isUsed: boolean): Iterable<string>
}

/** Takes `maxRows` of `rowBytes` (a multiple of 4, 32 at least); memory is taken as it is needed. */
export function createShelf(maxRows: number, rowBytes: number): Shelf {
  const rowWords = rowBytes / 4
  let rows = Math.min(firstRows, maxRows)
  let words = new Uint32Array(rows * rowWords)
  let bytes = bytesOf(words)
  /** The row, plus one; 0: nothing. */
  let places = new Uint32Array(placesFor(rows))
  /** Whether a row was used since the hand passed over it. */
  let isUsed = new Uint8Array(rows)
  let hand = 0
  /** Rows that were given back. */
  const free: number[] = []
  let begun = 0
  let size = 0

  const hashAt = (row: number) => words[row * rowWords] ?? 0

  function isOf(row: number, digest: Uint32Array): boolean {
    const start = row * rowWords
    for (let i = 0; i < digestWords; i++) if (words[start + i] !== digest[i]) return false
    return true
  }

  function placeOf(row: number): number {
    const mask = places.length - 1
    let place = hashAt(row) & mask
    while (places[place] !== row + 1) place = (place + 1) & mask
    return place
  }

  function enter(row: number): void {
    const mask = places.length - 1
    let place = hashAt(row) & mask
    while (places[place] !== 0) place = (place + 1) & mask
    places[place] = row + 1
  }

  /** Those behind it that came to stand there because of it move up (Knuth, 6.4, algorithm R). */
  function leave(row: number): void {
    const mask = places.length - 1
    let hole = placeOf(row)
    for (let next = (hole + 1) & mask; places[next] !== 0; next = (next + 1) & mask) {
      const held = places[next] ?? 0
      const home = hashAt(held - 1) & mask
      if (((next - home) & mask) < ((next - hole) & mask)) continue
      places[hole] = held
      hole = next
    }
    places[hole] = 0
    size--
  }

  function grow(): void {
    rows = Math.min(maxRows, 2 * rows)
    const before = words
    words = new Uint32Array(rows * rowWords)
    words.set(before)
    bytes = bytesOf(words)
    const usedBefore = isUsed
    isUsed = new Uint8Array(rows)
    isUsed.set(usedBefore)
    places = new Uint32Array(placesFor(rows))
    for (let row = 0; row < begun; row++) enter(row)
  }

  function giveUp(leaving: (row: number) => void): number {
    while (isUsed[hand] === 1) {
      isUsed[hand] = 0
      hand = (hand + 1) % rows
    }
    const row = hand
    hand = (hand + 1) % rows
    leaving(row)
    leave(row)
    return row
  }

  function nextRow(leaving: (row: number) => void): number {
    const again = free.pop()
    if (again !== undefined) return again
    if (begun === rows && rows < maxRows) grow()
    return begun < rows ? begun++ : giveUp(leaving)
  }

  return {
    get bytes() {
      return bytes
    },
    get size() {
      return size
    },
    find(digest) {
      const mask = places.length - 1
      for (let place = (digest[0] ?? 0) & mask; ; place = (place + 1) & mask) {
        const held = places[place] ?? 0
        if (held === 0) return -1
        if (!isOf(held - 1, digest)) continue
        isUsed[held - 1] = 1
        return held - 1
      }
    },
    place(digest, leaving) {
      const row = nextRow(leaving)
      words.set(digest, row * rowWords)
      isUsed[row] = 0
      enter(row)
      size++
      return row
    },
    remove(row) {
      leave(row)
      free.push(row)
    },
    *digests(ofUsed) {
      for (let place = 0; place < places.length; place++) {
        const row = (places[place] ?? 0) - 1
        if (row < 0 || (isUsed[row] === 1) !== ofUsed) continue
        yield bytes.toString('hex', row * rowBytes, row * rowBytes + 4 * digestWords)
      }
    },
  }
}

function bytesOf(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength)
}

/** A power of two, at most two thirds of it taken. */
function placesFor(rows: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, rows * 1.5)))
}
