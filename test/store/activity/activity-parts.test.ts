import t from 'tap'
import { partsOf, type RangePart } from '../../../src/store/activity/activity-parts.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const at = (text: string) => Date.parse(`2026-${text}Z`)
// From a Thursday on, of hours from February on.
const summed = {
  ...{ sinceMs: at('01-01T00:00'), hoursSinceMs: at('02-01T00:00'), untilMs: at('05-20T10:07') },
  totals: { sinceMs: at('03-01T00:00'), untilMs: at('05-19T00:00') },
}
const allTotals = ['total_four_weeks', 'total_week', 'total_day', 'day', 'hour'] as const

/** Whether parts stand one after the other, without a gap, over all of the range. */
function isWhole(parts: readonly RangePart[], fromMs: number, toMs: number): boolean {
  const ends = parts.map((part) => part.toMs)
  return parts.every((part, i) => part.fromMs < part.toMs && part.fromMs === (i === 0 ? fromMs : ends[i - 1]))
    ? (ends.at(-1) ?? toMs) === toMs
    : false
}

void t.test('a range is read from the longest spans within it, and its ends from rows', (t) => {
  const [fromMs, toMs] = [at('05-01T05:30'), at('05-20T12:00')]
  t.same(
    partsOf({ fromMs, toMs }, summed, allTotals).map((part) => [
      part.from,
      new Date(part.fromMs).toISOString().slice(5, 16),
    ]),
    [
      ['rows', '05-01T05:30'],
      ['hour', '05-01T06:00'],
      ['total_day', '05-02T00:00'],
      ['total_week', '05-04T00:00'],
      ['total_day', '05-18T00:00'],
      ['day', '05-19T00:00'],
      ['hour', '05-20T00:00'],
      ['rows', '05-20T10:00'],
    ],
  )
  t.end()
})

void t.test('every moment of any range is in one part, and none beyond what the sums hold', (t) => {
  for (let i = 0; i < 2_000; i++) {
    const fromMs = at('01-01T00:00') + ((i * 7_919 * 61_000) % (170 * dayMs)) - 20 * dayMs
    const toMs = fromMs + ((i * 104_729 * 60_000) % (120 * dayMs)) + 60_000
    for (const parts of [
      partsOf({ fromMs, toMs }, summed, allTotals),
      partsOf({ fromMs, toMs }, summed, []),
      partsOf({ fromMs, toMs }, summed, ['hour']),
    ]) {
      if (!isWhole(parts, fromMs, toMs)) t.fail(`${fromMs} to ${toMs}: ${JSON.stringify(parts)}`)
      for (const part of parts.filter(({ from }) => from !== 'rows')) {
        const ofSums = { ...summed, ...(part.from === 'hour' && { sinceMs: summed.hoursSinceMs }) }
        const { sinceMs, untilMs } = part.from.startsWith('total') ? summed.totals : ofSums
        if (part.fromMs < sinceMs || part.toMs > untilMs) t.fail(JSON.stringify(part))
      }
    }
  }
  t.same(partsOf({ fromMs: 5, toMs: 5 }, summed, ['day']), [])
  t.end()
})
