// Which of a time is read from sums, and from which: of a range, the longest spans that lie within it and within what the sums
// hold, and at its ends what is left, from the rows themselves. Each row of the range is in exactly one part.

import type { Summed, TotalSpan } from './activity-sum-table.ts'

/** Milliseconds since the epoch: from `fromMs` on, before `toMs`. */
export interface Range {
  readonly fromMs: number
  readonly toMs: number
}

export interface RangePart extends Range {
  /** `rows`: as it was written. */
  readonly from: TotalSpan | 'rows'
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const weekMs = 7 * dayMs
/** The first Monday. */
const mondayMs = 4 * dayMs

const spans = {
  hour: { ms: hourMs, firstMs: 0 },
  day: { ms: dayMs, firstMs: 0 },
  week: { ms: weekMs, firstMs: mondayMs },
  four_weeks: { ms: 4 * weekMs, firstMs: mondayMs },
} as const satisfies Record<TotalSpan, { ms: number; firstMs: number }>

/** In the order of time. `of` are the spans that may be used, the longest first. */
export function partsOf(range: Range, summed: Summed, of: readonly TotalSpan[]): readonly RangePart[] {
  const { fromMs, toMs } = range
  if (fromMs >= toMs) return []
  const [span, ...shorter] = of
  if (span === undefined) return [{ from: 'rows', fromMs, toMs }]
  const { ms, firstMs } = spans[span]
  const sinceMs = span === 'hour' ? Math.max(summed.sinceMs, summed.hoursSinceMs) : summed.sinceMs
  const lowMs = firstMs + Math.ceil((Math.max(fromMs, sinceMs) - firstMs) / ms) * ms
  const highMs = firstMs + Math.floor((Math.min(toMs, summed.untilMs) - firstMs) / ms) * ms
  if (lowMs >= highMs) return partsOf(range, summed, shorter)
  return [
    ...partsOf({ fromMs, toMs: lowMs }, summed, shorter),
    { from: span, fromMs: lowMs, toMs: highMs },
    ...partsOf({ fromMs: highMs, toMs }, summed, shorter),
  ]
}
