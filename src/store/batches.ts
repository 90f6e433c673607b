// Work on many rows a batch at a time: each is a statement of its own, short enough for the time that a statement has.

import { StoreUnavailableError } from './postgres-errors.ts'

const largest = 5_000
const smallest = 50

/**
 * Calls `take` until it takes fewer rows than it may, or `isOver`; returns how many were taken in all. A batch that takes too
 * long is tried again with a quarter of the rows, down to 50; then, and on any other failure, rejects as `take` did.
 */
export async function inBatches(
  take: (most: number) => Promise<number>,
  isOver: () => boolean,
): Promise<number> {
  let all = 0
  for (let most = largest; !isOver(); ) {
    try {
      const taken = await take(most)
      all += taken
      if (taken < most) return all
    } catch (error) {
      if (!isTooSlow(error) || most <= smallest) throw error
      most = Math.max(smallest, Math.floor(most / 4))
    }
  }
  return all
}

/** The server has ended the statement, or its answer did not come in time. */
export function isTooSlow(error: unknown): boolean {
  return error instanceof StoreUnavailableError && (error.code === '57014' || error.code === 'timeout')
}
