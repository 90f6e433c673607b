// A histogram that is cheap to add to: one number in an array. prom-client's own looks its labels up by a hash for each
// observation; this one is handed out for an API beforehand, and takes prom-client's form when it is scraped.

import type { Metric, Registry } from 'prom-client'

/** Those of one API. */
export interface Latencies {
  observe(milliseconds: number): void
}

/** Upper bounds of the buckets, in seconds. */
export const latencyBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  120,
] as const

interface Part {
  /** One for each bound, not added up, and one for what is beyond the last. */
  readonly counts: Float64Array
  sumMs: number
}

interface Value {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** Registers a histogram in seconds with the label `api`. */
export function createLatencies(
  registry: Registry,
  { name, help }: { readonly name: string; readonly help: string },
): { of(api: string): Latencies } {
  const parts = new Map<string, Part>()
  const values = () => [...parts].flatMap(([api, part]) => valuesOf(name, api, part))
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({ ...metric, values: values() }),
  }
  // What the registry asks of a metric is its name and this `get`; its type names prom-client's own classes only.
  registry.registerMetric(metric as unknown as Metric)
  return {
    of(api) {
      let part = parts.get(api)
      if (part === undefined)
        parts.set(api, (part = { counts: new Float64Array(latencyBuckets.length + 1), sumMs: 0 }))
      return observerOf(part)
    },
  }
}

const boundsMs = latencyBuckets.map((seconds) => seconds * 1000)

function observerOf(part: Part): Latencies {
  const { counts } = part
  return {
    observe(milliseconds) {
      let bucket = 0
      while (bucket < boundsMs.length && milliseconds > (boundsMs[bucket] ?? 0)) bucket++
      counts[bucket] = (counts[bucket] ?? 0) + 1
      part.sumMs += milliseconds
    },
  }
}

function valuesOf(name: string, api: string, { counts, sumMs }: Part): Value[] {
  let count = 0
  const buckets = [...counts].map((own, i) => {
    count += own
    return { metricName: `${name}_bucket`, labels: { le: latencyBuckets[i] ?? '+Inf', api }, value: count }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: { api }, value: sumMs / 1000 },
    { metricName: `${name}_count`, labels: { api }, value: count },
  ]
}
