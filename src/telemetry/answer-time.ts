// How times of answers are counted: by how long they took, in steps of a fifth, from a quarter of a millisecond to a quarter of
// an hour. What is kept of a minute fits that of another, so that percentiles of any time and of many keys can be told.

/** How many there are; the last one holds all that took longer, too. */
export const timeBuckets = 88

const perOctave = 4
/** The first one ends at a quarter of a millisecond. */
const first = 2 * perOctave

/** Which one holds a time in milliseconds. */
export function timeBucketOf(milliseconds: number): number {
  const bucket = Math.ceil(Math.log2(milliseconds) * perOctave) + first
  // Of nought the logarithm is -Infinity, of less it is none.
  if (!(bucket >= 0)) return 0
  return bucket < timeBuckets ? bucket : timeBuckets - 1
}

/** What one holds at most, in milliseconds. */
export function timeBoundMs(bucket: number): number {
  return 2 ** ((bucket - first) / perOctave)
}

export interface CountedTime {
  readonly bucket: number
  readonly count: number
}

/**
 * The times in milliseconds that so many of all (of 1) took at most, rounded. `counted` in the order of buckets,
 * each at most once. Within a bucket they are taken to be spread evenly, by the logarithm. Of none: undefined.
 */
export function percentilesOf(
  counted: readonly CountedTime[],
  shares: readonly number[],
): readonly number[] | undefined {
  const all = counted.reduce((sum, { count }) => sum + count, 0)
  if (all === 0) return undefined
  return shares.map((share) => {
    const rank = share * all
    let below = 0
    for (const { bucket, count } of counted) {
      if (below + count >= rank && count > 0) return tenths(timeBoundMs(bucket - 1 + (rank - below) / count))
      below += count
    }
    return tenths(timeBoundMs(counted.at(-1)?.bucket ?? 0))
  })
}

/** Of the shortest, hundredths are told too. */
function tenths(milliseconds: number): number {
  return milliseconds < 10 ? Math.round(milliseconds * 100) / 100 : Math.round(milliseconds * 10) / 10
}
