// Where a page ended, as a word that callers hand back and do not read.

import type { Page } from '../store/page.ts'
import { invalid } from './refusal.ts'

/** The cursor behind the last row of a page; null: there is no more. */
export function nextCursor<Row>(page: Page<Row>, placeOf: (row: Row) => unknown): string | null {
  const last = page.rows.at(-1)
  if (!page.hasMore || last === undefined) return null
  return Buffer.from(JSON.stringify(placeOf(last))).toString('base64url')
}

/** Reads a cursor; null: none was given. Throws VALIDATION_FAILED on one that was not given out here. */
export function readCursor<Place>(
  text: string | undefined,
  isPlace: (value: unknown) => value is Place,
): Place | null {
  if (text === undefined) return null
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    value = undefined
  }
  if (!isPlace(value)) throw invalid('cursor', 'is not one that this list has given out')
  return value
}
