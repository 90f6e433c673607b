// Which of a time is read from sums, and from which: of a range, the longest spans that lie within it and within what the sums
// hold, and at its ends what is left, from the rows themselves. Each row of the range is in exactly one part.

import type { Summed, SumSpan } from './activity-sum-table.ts'
import type { Totalled, TotalSpan } from './activity-total-table.ts'

/** Milliseconds since the epoch: from `fromMs` on, before `toMs`. */
export interface Range {
  readonly fromMs: number
  readonly toMs: number
}

export interface RangePart extends Range {
  readonly from: PartSource
}

/** `rows`: as it was written; of totals, `total_` and their span. */
export type PartSource = SumSpan | `total_${TotalSpan}` | 'rows'
export type LongSource = Exclude<PartSource, 'rows'>

/** What is added up already. */
export type Added = Summed & { readonly totals: Totalled }

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const weekMs = 7 * dayMs
/** The first Monday. */
const mondayMs = 4 * dayMs

const spans = {
  hour: { ms: hourMs, firstMs: 0 },
  day: { ms: dayMs, firstMs: 0 },
  week: { ms: weekMs, firstMs: mondayMs },
  total_day: { ms: dayMs, firstMs: 0 },
  total_week: { ms: weekMs, firstMs: mondayMs },
  total_four_weeks: { ms: 4 * weekMs, firstMs: mondayMs },
} as const satisfies Record<LongSource, { ms: number; firstMs: number }>

/** What of a source there is. */
function holds(source: LongSource, { totals, ...summed }: Added): { sinceMs: number; untilMs: number } {
  if (source.startsWith('total_')) return totals
  const sinceMs = source === 'hour' ? Math.max(summed.sinceMs, summed.hoursSinceMs) : summed.sinceMs
  return { sinceMs, untilMs: summed.untilMs }
}

/** In the order of time. `of` are the spans that may be used, the longest first. */
export function partsOf(range: Range, added: Added, of: readonly LongSource[]): readonly RangePart[] {
  const { fromMs, toMs } = range
  if (fromMs >= toMs) return []
  const [span, ...shorter] = of
  if (span === undefined) return [{ from: 'rows', fromMs, toMs }]
  const { ms, firstMs } = spans[span]
  const { sinceMs, untilMs } = holds(span, added)
  const lowMs = firstMs + Math.ceil((Math.max(fromMs, sinceMs) - firstMs) / ms) * ms
  const highMs = firstMs + Math.floor((Math.min(toMs, untilMs) - firstMs) / ms) * ms
  if (lowMs >= highMs) return partsOf(range, added, shorter)
  return [
    ...partsOf({ fromMs, toMs: lowMs }, added, shorter),
    { from: span, fromMs: lowMs, toMs: highMs },
    ...partsOf({ fromMs: highMs, toMs }, added, shorter),
  ]
}
