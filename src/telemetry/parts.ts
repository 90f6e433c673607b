// What processes that count apart make together.

import { AggregatorRegistry, type Metric, Registry } from 'prom-client'
import type { TableLabels } from './tables-told.ts'

/** How several processes' gauges become one; sum unless said. */
export type Merge = 'sum' | 'min' | 'max' | 'first'

/** Of a process's part, what outlasts the process: counters and histograms. */
export function lastingMetrics(part: readonly object[]): object[] {
  return part.filter((one) => 'type' in one && (one.type === 'counter' || one.type === 'histogram'))
}

/** Of a part, the values whose labels pass; a mean of nothing is none. */
export function partOf(part: readonly object[], passes: (labels: TableLabels) => boolean): object[] {
  const isTold = (one: unknown) => {
    const { value, labels } = Object(one)
    // What is no number is null where it has come from another process.
    return typeof value === 'number' && !Number.isNaN(value) && passes(Object(labels))
  }
  return part.map((metric) =>
    'values' in metric && Array.isArray(metric.values)
      ? { ...metric, values: metric.values.filter(isTold) }
      : metric,
  )
}

/** Several parts as one. */
export function mergeParts(parts: object[][]): object[] {
  return AggregatorRegistry.aggregate(parts).getMetricsAsArray()
}

/** A microsecond: sums of seconds are told to it. */
const precision = 1e6

/**
 * The same with the sums of what counts rounded. In which order fractions are added moves the last digit of their sum, and
 * it is another one when a worker has ended: a sum that is the least bit lower reads as a restart, and all of it as new.
 */
export function roundSums(part: readonly object[]): object[] {
  const round = (one: unknown) => {
    const { value } = Object(one)
    return typeof value !== 'number' || Number.isInteger(value)
      ? one
      : { ...Object(one), value: Math.round(value * precision) / precision }
  }
  const counting = new Set(lastingMetrics(part))
  return part.map((metric) =>
    counting.has(metric) && 'values' in metric && Array.isArray(metric.values)
      ? { ...metric, values: metric.values.map(round) }
      : metric,
  )
}

/** A part in Prometheus' text format. */
export function textOf(part: readonly object[]): Promise<string> {
  const registry = new Registry()
  // What the registry asks of a metric is its name and a `get`; its type names prom-client's own classes only.
  for (const metric of part) registry.registerMetric({ ...metric, get: () => metric } as unknown as Metric)
  return registry.metrics()
}

/**
 * prom-client's own gauges whose sum or mean would mislead: what counts is the process that is nearest to its limit, and
 * what started is the program.
 */
const merges: readonly (readonly [name: RegExp, merge: Merge])[] = [
  [/_process_max_fds$/, 'min'],
  [/_process_open_fds$/, 'max'],
  [/_process_start_time_seconds$/, 'first'],
  [/_nodejs_eventloop_lag_min_seconds$/, 'min'],
  [/_nodejs_eventloop_lag_/, 'max'],
]

/** Sets how prom-client's own gauges of a registry are merged. */
export function mergeAsMeant(registry: Registry): void {
  for (const metric of registry.getMetricsAsArray()) {
    const merge = merges.find(([name]) => name.test(metric.name))?.[1]
    if (merge !== undefined) metric.aggregator = merge
  }
}
