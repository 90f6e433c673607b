// How the heap of a server grows. Left alone V8 lets it come to four times what is in use before it collects all of it
// again, as garbage is taken for cheaper than collecting; with a hundred thousand keys in memory that is 300 MB for nothing.
// A small heap on the other hand is worth its garbage: each full collection holds requests up for tens of milliseconds
// where the process has one core.

import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** Percent of what is in use: a heap grows at least so much between full collections, and at most. */
const leastGrowth = 20
const mostGrowth = 300
/** A heap of this size, in bytes, and all above it, grow by the least. */
const spacious = 96 * 1024 * 1024
const lookEveryMs = 1_000

/**
 * By how many percent a heap may grow that has so many bytes in use. What of them is garbage nobody knows before it is
 * collected: taken for live, so that a cache that fills stays within bounds. A heap of 40 MB so grows to 50 and to 90 MB
 * in turn.
 */
export function growthOf(usedBytes: number): number {
  const growth = Math.round((spacious / usedBytes - 1) * 100)
  return Math.min(mostGrowth, Math.max(leastGrowth, growth))
}

/** Bounds the heap of this process from here on. V8 asks for the figure at the end of each full collection. */
export function boundHeapGrowth(): void {
  let growth: number | undefined
  const look = () => {
    const next = growthOf(getHeapStatistics().used_heap_size)
    if (next === growth) return
    growth = next
    setFlagsFromString(`--heap-growing-percent=${next}`)
  }
  look()
  setInterval(look, lookEveryMs).unref()
}
