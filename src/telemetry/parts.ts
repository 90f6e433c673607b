// What processes that count apart make together.

import { AggregatorRegistry } from 'prom-client'

/** Of a process's part, what outlasts the process: counters and histograms. */
export function lastingMetrics(part: readonly object[]): object[] {
  return part.filter((one) => 'type' in one && (one.type === 'counter' || one.type === 'histogram'))
}

/** Several parts as one. */
export function mergeParts(parts: object[][]): object[] {
  return AggregatorRegistry.aggregate(parts).getMetricsAsArray()
}
