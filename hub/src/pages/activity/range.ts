import type { Range } from '../../api/activity.ts'

export const rangeNames = ['1h', '24h', '7d', '30d', '90d'] as const

const lengths: Readonly<Record<string, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
  '90d': 90 * 86_400_000,
}

const wholeMs = 60_000

/** From the address: one of the names up to now, or two times that were chosen. */
export function rangeOf(query: URLSearchParams, nowMs: number): Range {
  const [from, to] = [query.get('from'), query.get('to')].map((text) => Date.parse(text ?? ''))
  if (from !== undefined && to !== undefined && from < to) return { fromMs: from, toMs: to }
  const toMs = Math.ceil(nowMs / wholeMs) * wholeMs
  return { fromMs: toMs - (lengths[query.get('range') ?? '24h'] ?? 86_400_000), toMs }
}
