import type { Percentiles } from '../../api/latency.ts'

export const percentileNames = [
  'p50_ms',
  'p90_ms',
  'p99_ms',
] as const satisfies readonly (keyof Percentiles)[]

export const percentileColors: Readonly<Record<keyof Percentiles, string>> = {
  p50_ms: '--chart-good',
  p90_ms: '--chart-warn',
  p99_ms: '--chart-bad',
}
