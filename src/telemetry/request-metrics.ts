// Metrics of requests: counted by their labels, timed by their API, and what their look-ups found.

import { Counter, Histogram, type Registry } from 'prom-client'
import { createLatencies, latencyBuckets } from './latencies.ts'
import type { TablesTold } from './tables-told.ts'

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

interface Counted {
  readonly name: string
  readonly labels: RequestLabels
  /** Since the last scrape. */
  count: number
}

/** What is counted of requests that are over. */
export interface RequestMetrics {
  /** To be kept by the caller: it is found by its labels once, not for each request. */
  requests(labels: RequestLabels): RequestSeries
  /** Drops labels that no table has any more. */
  forget(): void
}

export function createRequestMetrics(registry: Registry, tables: TablesTold): RequestMetrics {
  const registers = [registry]
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
  const timesOf = createTimes(registry)
  return {
    forget() {
      for (const [name, { labels }] of counts) {
        if (tables.isKept(labels)) continue
        counts.delete(name)
        requests.remove(labels)
      }
    },
    requests(labels) {
      const { api, environment, route, decision, reason, status, cut = '' } = labels
      const name = `${route}|${api}|${environment}|${decision}|${reason}|${status}|${cut}`
      let known = counts.get(name)
      if (known === undefined) counts.set(name, (known = { name, labels, count: 0 }))
      const counted = known
      const { gateway, upstream, client } = timesOf(api)
      return {
        observe(gatewayMs, upstreamMs, clientMs = 0) {
          if (counted.count++ === 0) due.push(counted)
          gateway.observe(gatewayMs)
          if (upstreamMs !== undefined) upstream.observe(upstreamMs)
          client.observe(clientMs)
        },
      }
    },
  }
}

function createTimes(registry: Registry) {
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
  return (api: string) => ({
    ...{ gateway: gatewaySeconds.of(api), upstream: upstreamSeconds.of(api), client: clientSeconds.of(api) },
  })
}

/** What a look-up of a credential found, in which tier. */
export type CountLookup = (tier: string, outcome: string, milliseconds: number) => void

export function createLookupMetrics(registers: Registry[]): CountLookup {
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
  return (tier, outcome, milliseconds) => {
    // One a request.
    if (tier === 'memory' && outcome === 'known') return void foundInMemory++
    lookups.inc({ tier, outcome })
    if (tier !== 'memory') lookupSeconds.observe({ tier }, milliseconds / 1000)
  }
}
