// The program's metrics, for Prometheus. Labels come from closed sets (config, catalogue, reasons), never from what a
// client writes, so that nobody can make them grow.

import { createLatencies, latencyBuckets } from './latencies.ts'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type Merge, mergeAsMeant, mergeParts, partOf, roundSums, textOf } from './parts.ts'
import { createTablesTold, type RoutesByApi, type TableLabels } from './tables-told.ts'

/** Labels of a finished request. */
export interface RequestLabels {
  readonly api: string
  readonly environment: string
  readonly route: string
  /** `allow`, `deny`, `error`: let through, and nothing came of it; `none`: it was over before it was decided. */
  readonly decision: string
  readonly reason: string
  readonly status: number
  /** Who ended it before its proper end; no label where nobody did. */
  readonly cut?: string
}

/** Requests of one set of labels. */
export interface RequestSeries {
  /** Counts one; `upstreamMs` undefined: no upstream was waited for; nor was the client, where it is not said. */
  observe(gatewayMs: number, upstreamMs?: number, clientMs?: number): void
}

export interface Metrics {
  /** Another table is in force: labels of what is neither in it nor in the one before go. */
  table(routes: RoutesByApi): void
  /** Whether what has these labels may still be told, now or after the next table. */
  isKept(labels: TableLabels): boolean
  /** To be kept by the caller: it is found by its labels once, not for each request. */
  requests(labels: RequestLabels): RequestSeries
  lookup(tier: string, outcome: string, milliseconds: number): void
  /** A decision of the table in force that the candidate's differs from. */
  shadow(labels: Readonly<Record<'api' | 'route' | 'decision' | 'candidate', string>>): void
  /** A rate limit has refused a request, or would have. */
  rateLimited(labels: Readonly<Record<'api' | 'limit' | 'shadow', string>>): void
  cacheRejected(): void
  /** Redis answered that it will not. */
  redisRefused(kind: string): void
  activityDropped(): void
  /** A client's connection was cut as it did not read. */
  connectionCut(reason: string): void
  /** A connection was refused before anything of its client was read. */
  connectionRefused(reason: string): void
  /** A refusal waits for its turn: of a key that stores were asked for (`asked`), or another. */
  refusalHeld(pace: string): void
  /** A client's TLS handshake came to nothing. */
  handshakeFailed(reason: string): void
  /** Registers a counter that is read at each scrape. */
  counter(name: string, help: string, read: () => number): void
  /** A call of the admin API that was refused before its path was looked at. */
  adminRefused(reason: string): void
  /** A step of housekeeping has come to its end, or failed. */
  housekeeping(step: string, seconds: number): void
  housekeepingFailed(step: string): void
  /** Registers a gauge that is read at each scrape: label value → number. */
  gauge(name: string, help: string, read: () => Readonly<Record<string, number>>, merge?: Merge): void
  /** The same by label `state`: states that exclude each other, of which one process counts all. */
  states(name: string, help: string, read: () => Readonly<Record<string, number>>): void
  /** The text of a scrape, with what other processes count merged in. */
  text(others?: readonly object[][]): Promise<string>
  /** This process's part, for another one's `text`. */
  part(): Promise<object[]>
  readonly contentType: string
}

/** Told as 0 before the first: a counter that begins at 7 has not risen, for Prometheus. */
const reasonsFromNought = {
  cut: ['idle_timeout', 'unread_bytes'],
  refused: ['proxy_header_missing', 'proxy_header_timeout'],
  held: ['asked', 'unasked'],
  admin: [
    ...['admin_address', 'admin_token_missing', 'admin_token_wrong', 'admin_token_revoked'],
    ...['admin_token_expired', 'role', 'scope', 'viewer', 'session_ended', 'origin', 'csrf_token'],
    ...['unknown_account', 'wrong_password', 'account_disabled', 'pace_of_address', 'pace_of_account'],
    ...['passwords_waiting'],
  ],
  handshake: [
    ...['plain_http', 'not_tls', 'version', 'alpn', 'certificate_refused', 'nothing_shared', 'alert'],
    ...['timeout', 'closed', 'malformed', 'other'],
  ],
} as const

interface Counted {
  readonly name: string
  readonly labels: RequestLabels
  /** Since the last scrape. */
  count: number
}

/** Makes a registry of its own with all metrics of the program. */
export function createMetrics(): Metrics {
  const registers = [new Registry()]
  const [registry = new Registry()] = registers
  collectDefaultMetrics({ register: registry, prefix: 'latchkey_' })
  mergeAsMeant(registry)
  const tables = createTablesTold()

  // Counted here and handed over at a scrape: hashing six labels for each request costs as much as deciding it.
  const counts = new Map<string, Counted>()
  /** Those that have counted since the last scrape, whether or not they are still found. */
  let due: Counted[] = []
  const requests: Counter<keyof RequestLabels> = new Counter({
    name: 'latchkey_requests_total',
    help: 'Requests by what was decided on them; reason is private and never leaves in an answer',
    labelNames: ['api', 'environment', 'route', 'decision', 'reason', 'status', 'cut'],
    registers,
    collect() {
      for (const entry of due) {
        // Forgotten, and counted all the same: by a request that outlasted its table, or as its API has come back.
        if (!counts.has(entry.name)) counts.set(entry.name, entry)
        requests.inc(entry.labels, entry.count)
        entry.count = 0
      }
      due = []
    },
  })
  const gatewaySeconds = createLatencies(registry, {
    name: 'latchkey_gateway_seconds',
    help: 'Time that the gateway itself took: the whole request less the waits for upstream and client',
  })
  const upstreamSeconds = createLatencies(registry, {
    name: 'latchkey_upstream_seconds',
    help: 'Time that the upstream took: its connection where one was opened, then from the request to the last byte of the answer, less the waits for the client',
  })
  const clientSeconds = createLatencies(registry, {
    name: 'latchkey_client_seconds',
    help: 'Time that the client held a request up: waits for its body, and for it to take its answer',
  })
  let foundInMemory = 0
  const lookups: Counter<'tier' | 'outcome'> = new Counter({
    name: 'latchkey_lookups_total',
    help: 'Credential look-ups by the tier that answered',
    labelNames: ['tier', 'outcome'],
    registers,
    collect() {
      if (foundInMemory > 0) lookups.inc({ tier: 'memory', outcome: 'known' }, foundInMemory)
      foundInMemory = 0
    },
  })
  const lookupSeconds = new Histogram({
    name: 'latchkey_lookup_seconds',
    help: 'Time of look-ups that memory could not answer',
    labelNames: ['tier'],
    buckets: [...latencyBuckets],
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
  const rateLimited = new Counter({
    name: 'latchkey_rate_limited_total',
    help: 'Requests that found a rate limit used up; shadow: true: they were let through all the same',
    labelNames: ['api', 'limit', 'shadow'],
    registers,
  })
  const redisRefusals = new Counter({
    name: 'latchkey_redis_refused_total',
    help: 'Commands that Redis refused, by its own word',
    labelNames: ['kind'],
    registers,
  })
  const adminRefused = new Counter({
    name: 'latchkey_admin_refused_total',
    help: 'Calls of the admin API refused for their address, token, role or reach',
    labelNames: ['reason'],
    registers,
  })
  const dropped = new Counter({
    name: 'latchkey_activity_dropped_total',
    help: 'Uses that were not recorded because the activity buffer was full',
    registers,
  })
  const cuts = new Counter({
    name: 'latchkey_connections_cut_total',
    help: 'Connections of clients that were cut as they did not read, by the limit',
    labelNames: ['reason'],
    registers,
  })
  const refusals = new Counter({
    name: 'latchkey_connections_refused_total',
    help: 'Connections closed before anything was read of them: without a header of the PROXY protocol, or too many',
    labelNames: ['reason'],
    registers,
  })
  const held = new Counter({
    name: 'latchkey_refusals_held_total',
    help: 'Refusals of clients without a known key that were held back for their turn, by whether stores had been asked for the key',
    labelNames: ['reason'],
    registers,
  })
  const handshakes = new Counter({
    name: 'latchkey_tls_handshakes_failed_total',
    help: 'TLS handshakes of clients that failed, by reason',
    labelNames: ['reason'],
    registers,
  })
  const housekeeping = new Histogram({
    name: 'latchkey_housekeeping_seconds',
    help: 'Time of a step of housekeeping, all of its batches together',
    labelNames: ['step'],
    buckets: [0.01, 0.1, 1, 10, 60, 600],
    registers,
  })
  const housekeepingFailed = new Counter({
    name: 'latchkey_housekeeping_failed_total',
    help: 'Steps of housekeeping that failed; the next round is ten minutes later',
    labelNames: ['step'],
    registers,
  })

  for (const [counter, reasons] of [
    [cuts, reasonsFromNought.cut],
    [refusals, reasonsFromNought.refused],
    [held, reasonsFromNought.held],
    [adminRefused, reasonsFromNought.admin],
    [handshakes, reasonsFromNought.handshake],
  ] as const) {
    for (const reason of reasons) counter.inc({ reason }, 0)
  }

  return {
    table(routes) {
      tables.take(routes)
      for (const [name, { labels }] of counts) {
        if (tables.isKept(labels)) continue
        counts.delete(name)
        requests.remove(labels)
      }
    },
    isKept: tables.isKept,
    requests(labels) {
      const { api, environment, route, decision, reason, status, cut = '' } = labels
      const name = `${route}|${api}|${environment}|${decision}|${reason}|${status}|${cut}`
      let known = counts.get(name)
      if (known === undefined) counts.set(name, (known = { name, labels, count: 0 }))
      const counted = known
      const gateway = gatewaySeconds.of(api)
      const upstream = upstreamSeconds.of(api)
      const client = clientSeconds.of(api)
      return {
        observe(gatewayMs, upstreamMs, clientMs = 0) {
          if (counted.count++ === 0) due.push(counted)
          gateway.observe(gatewayMs)
          if (upstreamMs !== undefined) upstream.observe(upstreamMs)
          client.observe(clientMs)
        },
      }
    },
    lookup(tier, outcome, milliseconds) {
      // One a request.
      if (tier === 'memory' && outcome === 'known') return void foundInMemory++
      lookups.inc({ tier, outcome })
      if (tier !== 'memory') lookupSeconds.observe({ tier }, milliseconds / 1000)
    },
    shadow: (labels) => shadows.inc(labels),
    rateLimited: (labels) => rateLimited.inc(labels),
    cacheRejected: () => rejected.inc(),
    redisRefused: (kind) => redisRefusals.inc({ kind }),
    activityDropped: () => dropped.inc(),
    handshakeFailed: (reason) => handshakes.inc({ reason }),
    connectionCut: (reason) => cuts.inc({ reason }),
    connectionRefused: (reason) => refusals.inc({ reason }),
    refusalHeld: (reason) => held.inc({ reason }),
    counter(name, help, read) {
      const counter = new Counter({
        name,
        help,
        registers,
        collect() {
          counter.reset()
          counter.inc(read())
        },
      })
    },
    housekeeping: (step, seconds) => housekeeping.observe({ step }, seconds),
    housekeepingFailed: (step) => housekeepingFailed.inc({ step }),
    adminRefused: (reason) => adminRefused.inc({ reason }),
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
    states(name, help, read) {
      const gauge = new Gauge({
        name,
        help,
        labelNames: ['state'],
        registers,
        collect() {
          for (const [state, value] of Object.entries(read())) gauge.set({ state }, value)
        },
      })
    },
    async text(others = []) {
      const parts = [await registry.getMetricsAsJSON(), ...others].map((part) => partOf(part, tables.isTold))
      const [own = []] = parts
      return textOf(others.length === 0 ? own : roundSums(mergeParts(parts)))
    },
    part: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  }
}
