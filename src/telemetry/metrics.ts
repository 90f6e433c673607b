// The program's metrics, for Prometheus. Labels come from closed sets (config, catalogue, reasons), never from what a
// client writes, so that nobody can make them grow.

import { collectDefaultMetrics, Registry } from 'prom-client'
import { createEventMetrics, type EventMetrics } from './event-metrics.ts'
import { mergeAsMeant, mergeParts, partOf, roundSums, textOf } from './parts.ts'
import { createReadMetrics, type ReadMetrics } from './read-metrics.ts'
import {
  type CountLookup,
  createLookupMetrics,
  createRequestMetrics,
  type RequestMetrics,
} from './request-metrics.ts'
import { createTablesTold, type RoutesByApi, type TableLabels } from './tables-told.ts'

export interface Metrics extends EventMetrics, ReadMetrics, Pick<RequestMetrics, 'requests'> {
  /** Another table is in force: labels of what is neither in it nor in the one before go. */
  table(routes: RoutesByApi): void
  /** Whether what has these labels may still be told, now or after the next table. */
  isKept(labels: TableLabels): boolean
  readonly lookup: CountLookup
  /** The text of a scrape, with what other processes count merged in. */
  text(others?: readonly object[][]): Promise<string>
  /** This process's part, for another one's `text`. */
  part(): Promise<object[]>
  readonly contentType: string
}

/** Makes a registry of its own with all metrics of the program. */
export function createMetrics(): Metrics {
  const registers = [new Registry()]
  const [registry = new Registry()] = registers
  collectDefaultMetrics({ register: registry, prefix: 'latchkey_' })
  mergeAsMeant(registry)
  const tables = createTablesTold()

  const requests = createRequestMetrics(registry, tables)
  return {
    table(routes) {
      tables.take(routes)
      requests.forget()
    },
    isKept: tables.isKept,
    requests: requests.requests,
    lookup: createLookupMetrics(registers),
    ...createEventMetrics(registers),
    ...createReadMetrics(registers),
    async text(others = []) {
      const parts = [await registry.getMetricsAsJSON(), ...others].map((part) => partOf(part, tables.isTold))
      const [own = []] = parts
      return textOf(others.length === 0 ? own : roundSums(mergeParts(parts)))
    },
    part: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  }
}
