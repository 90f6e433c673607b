// Values for parameters with literals around them: one for each set of patterns that a value can be one of at once.

import { touchingTexts } from '../../config/intersection.ts'
import { canMeet, type Pattern } from '../../config/pattern.ts'

export interface PatternValue {
  readonly value: string
  /** Where in it the (first) parameter's value ends: an escape put there is the parameter's; -1: there is no room for one. */
  readonly end: number
}

/** What is of several patterns at once, as literals around parameters. */
interface Common {
  readonly before: string
  readonly betweens: readonly string[]
  readonly after: string
}

/**
 * Values that between them are of every set of patterns that some value is of. `filler` is of no pattern's literals. Throws
 * RangeError beyond `most`.
 */
export function valuesOfPatterns(
  patterns: readonly Pattern[],
  { filler, most }: { filler: string; most: number },
): PatternValue[] {
  const found = new Map<string, PatternValue>()
  const add = (value: string, end: number) => {
    // Dot segments are refused in every path.
    if (!found.has(value) && value !== '.' && value !== '..') found.set(value, { value, end })
  }
  const filled = ({ before, after }: Common, betweens: readonly string[]) =>
    [before, ...betweens.map((text) => filler + text), filler, after].join('')
  for (const common of commons(patterns, most)) {
    const { before, betweens, after } = common
    add(filled(common, betweens), before.length + filler.length)
    // A literal between may stand in those around it.
    for (const left of betweens)
      add(
        filled(
          common,
          betweens.filter((text) => text !== left),
        ),
        before.length + filler.length,
      )
    // Who decodes may take a parameter that is empty.
    const between = betweens.join('')
    for (const value of [between, between + filler, filler + between]) add(before + value + after, -1)
  }
  for (const [index, one] of patterns.entries())
    for (const other of patterns.slice(index + 1))
      if (canMeet(one, other)) for (const text of touchingTexts(one, other)) add(text, -1)
  return [...found.values()]
}

function commons(patterns: readonly Pattern[], most: number): Common[] {
  const all = new Map<string, Common>()
  const add = (common: Common) => {
    all.set(JSON.stringify(common), common)
    if (all.size > most) throw new RangeError('too many kinds of paths')
  }
  for (const { before, between, after } of patterns)
    add({ before, betweens: between === undefined ? [] : [between], after })
  // A map's entries that are added on the way are visited too.
  for (const common of all.values())
    for (const pattern of patterns) {
      const both = meet(common, pattern)
      if (both !== undefined) add(both)
    }
  return [...all.values()]
}

function meet({ before, betweens, after }: Common, pattern: Pattern): Common | undefined {
  if (!canMeet({ kind: 'pattern', before, between: undefined, after }, pattern)) return undefined
  const between = pattern.between === undefined ? betweens : [...new Set([...betweens, pattern.between])]
  return {
    before: before.length >= pattern.before.length ? before : pattern.before,
    betweens: between.toSorted(),
    after: after.length >= pattern.after.length ? after : pattern.after,
  }
}
