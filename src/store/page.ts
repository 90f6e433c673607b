// One page of a list, read by asking for one row more than is shown.

export interface PageRequest<Cursor> {
  /** Where the last page ended; null: from the beginning. */
  readonly after: Cursor | null
  readonly limit: number
}

export interface Page<Row> {
  readonly rows: readonly Row[]
  /** Whether more follow the last row. */
  readonly hasMore: boolean
}

/** Of at most `limit + 1` rows, the page to show. */
export function pageOf<Row>(rows: readonly Row[], limit: number): Page<Row> {
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit }
}
