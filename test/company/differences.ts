// Where the gateway is known to differ from going direct. One that no longer differs makes its test fail: it is to be
// taken out of here, and of docs/compatibility.md.

export interface KnownDifference {
  /** Server, client or front. */
  readonly program: string
  /** The request, answer or question. */
  readonly what: string
  readonly why: string
  /** Seen in some runs only: not to differ is no fault. */
  readonly isUnsteady?: true
}

export const knownDifferences: readonly KnownDifference[] = []

/** The entry for one cell of the table, if there is one. */
export function knownDifference(program: string, what: string): KnownDifference | undefined {
  return knownDifferences.find((known) => known.program === program && known.what === what)
}
