// What the tables of known differences say: servers/differences.ts, clients/differences.ts, fronts/differences.ts.

/** Where the gateway is known to differ from going direct. */
export interface KnownDifference {
  /** Server, client or front. */
  readonly program: string
  /** The request, answer or question; `*`: all of them. */
  readonly what: string
  readonly why: string
  /** Seen in some runs only: not to differ is no fault. */
  readonly isUnsteady?: true
}

/** The same for several programs or requests. */
export function each(
  programs: readonly string[],
  whats: readonly string[],
  rest: Pick<KnownDifference, 'why' | 'isUnsteady'>,
): KnownDifference[] {
  return programs.flatMap((program) => whats.map((what) => ({ program, what, ...rest })))
}

/** The entry of a table for one of its cells, if there is one. */
export function knownDifference(
  table: readonly KnownDifference[],
  program: string,
  what: string,
): KnownDifference | undefined {
  return table.find((known) => known.program === program && [what, '*'].includes(known.what))
}
