import type { Range } from '../../api/activity.ts'

export const rangeNames = ['1h', '24h', '7d', '30d', '90d'] as const

const lengths: Readonly<Record<string, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
  '90d': 90 * 86_400_000,
}

const hourMs = 3_600_000
/** Whole hours of a day and whole days of more: sums of those are kept, and so come at once. */
const wholes: Readonly<Record<string, number>> = { '1h': 60_000, '24h': hourMs }

/** From the address: one of the names up to now, or two times that were chosen. */
export function rangeOf(query: URLSearchParams, nowMs: number): Range {
  const [from, to] = [query.get('from'), query.get('to')].map((text) => Date.parse(text ?? ''))
  if (from !== undefined && to !== undefined && from < to) return { fromMs: from, toMs: to }
  const name = query.get('range') ?? '24h'
  const wholeMs = wholes[name] ?? 24 * hourMs
  const toMs = Math.ceil(nowMs / wholeMs) * wholeMs
  return { fromMs: toMs - (lengths[name] ?? 24 * hourMs), toMs }
}
