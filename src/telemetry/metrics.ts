// The program's metrics, for Prometheus. Labels come from closed sets (config, catalogue, reasons), never from what a
// client writes, so that nobody can make them grow.

import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export interface RequestObservation {
  readonly api: string
  readonly environment: string
  readonly route: string
  /** `allow` or `deny`. */
  readonly decision: string
  readonly reason: string
  readonly status: number
  readonly gatewayMs: number
  readonly upstreamMs: number | undefined
}

type RequestLabels = Omit<RequestObservation, 'gatewayMs' | 'upstreamMs'>

export interface Metrics {
  request(observation: RequestObservation): void
  lookup(tier: string, outcome: string, milliseconds: number): void
  /** A decision of the table in force that the candidate's differs from. */
  shadow(labels: Readonly<Record<'api' | 'route' | 'decision' | 'candidate', string>>): void
  cacheRejected(): void
  activityDropped(): void
  /** Registers a gauge that is read at each scrape: label value → number. */
  gauge(name: string, help: string, read: () => Readonly<Record<string, number>>, merge?: Merge): void
  /** The text of a scrape, with what other processes count merged in. */
  text(others?: readonly object[][]): Promise<string>
  /** This process's part, for another one's `text`. */
  part(): Promise<object[]>
  readonly contentType: string
}

/** How several processes' gauges become one; sum unless said. */
export type Merge = 'sum' | 'min' | 'max' | 'first'

const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Makes a registry of its own with all metrics of the program. */
export function createMetrics(): Metrics {
  const registers = [new Registry()]
  const [registry = new Registry()] = registers
  collectDefaultMetrics({ register: registry, prefix: 'latchkey_' })

  // Counted in a map of our own and handed over at a scrape: hashing six labels for each request costs as much as
  // deciding it.
  const counts = new Map<string, { readonly labels: RequestLabels; count: number }>()
  const requests: Counter<keyof RequestLabels> = new Counter({
    name: 'latchkey_requests_total',
    help: 'Requests by what was decided on them; reason is private and never leaves in an answer',
    labelNames: ['api', 'environment', 'route', 'decision', 'reason', 'status'],
    registers,
    collect() {
      for (const entry of counts.values()) {
        if (entry.count > 0) requests.inc(entry.labels, entry.count)
        entry.count = 0
      }
    },
  })
  const gatewaySeconds = perApi({
    name: 'latchkey_gateway_seconds',
    help: 'Time that the gateway itself took: the whole request less the wait for the upstream',
    registers,
  })
  const upstreamSeconds = perApi({
    name: 'latchkey_upstream_seconds',
    help: 'Time from dispatch to the head of the upstream response',
    registers,
  })
  const lookups = new Counter({
    name: 'latchkey_lookups_total',
    help: 'Credential look-ups by the tier that answered',
    labelNames: ['tier', 'outcome'],
    registers,
  })
  const lookupSeconds = new Histogram({
    name: 'latchkey_lookup_seconds',
    help: 'Time of look-ups that memory could not answer',
    labelNames: ['tier'],
    buckets: latencyBuckets,
    registers,
  })
  const shadows = new Counter({
    name: 'latchkey_shadow_differences_total',
    help: 'Requests on which the candidate table would decide otherwise, by its route',
    labelNames: ['api', 'route', 'decision', 'candidate'],
    registers,
  })
  const rejected = new Counter({
    name: 'latchkey_cache_rejected_total',
    help: 'Redis entries and messages refused for a wrong seal: forged, or another LATCHKEY_CACHE_KEY',
    registers,
  })
  const dropped = new Counter({
    name: 'latchkey_activity_dropped_total',
    help: 'Uses that were not recorded because the activity buffer was full',
    registers,
  })

  return {
    request(seen) {
      const { api, environment, route, decision, reason, status } = seen
      const name = `${route}|${api}|${environment}|${decision}|${reason}|${status}`
      const known = counts.get(name)
      if (known !== undefined) known.count++
      else counts.set(name, { labels: { api, environment, route, decision, reason, status }, count: 1 })
      gatewaySeconds.of(api).observe(seen.gatewayMs / 1000)
      if (seen.upstreamMs !== undefined) upstreamSeconds.of(api).observe(seen.upstreamMs / 1000)
    },
    lookup(tier, outcome, milliseconds) {
      lookups.inc({ tier, outcome })
      if (tier !== 'memory') lookupSeconds.observe({ tier }, milliseconds / 1000)
    },
    shadow: (labels) => shadows.inc(labels),
    cacheRejected: () => rejected.inc(),
    activityDropped: () => dropped.inc(),
    gauge(name, help, read, merge = 'sum') {
      const gauge = new Gauge({
        aggregator: merge,
        name,
        help,
        labelNames: ['of'],
        registers,
        collect() {
          // What is no longer there must not stay at its last value.
          gauge.reset()
          for (const [of, value] of Object.entries(read())) gauge.set({ of }, value)
        },
      })
    },
    text: async (others = []) =>
      others.length === 0
        ? registry.metrics()
        : AggregatorRegistry.aggregate([await registry.getMetricsAsJSON(), ...others]).metrics(),
    part: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  }
}

interface HistogramOptions {
  readonly name: string
  readonly help: string
  readonly registers: Registry[]
}

/** A histogram with an API's part of it at hand: looked up by name, not by hashing labels. */
function perApi(options: HistogramOptions): { of(api: string): Histogram.Internal<'api'> } {
  const histogram = new Histogram({ ...options, labelNames: ['api'], buckets: latencyBuckets })
  const parts = new Map<string, Histogram.Internal<'api'>>()
  return {
    of(api) {
      let part = parts.get(api)
      if (part === undefined) parts.set(api, (part = histogram.labels({ api })))
      return part
    },
  }
}
