// Metrics that are read at each scrape, from whoever registers them.

import { Counter, Gauge, type Registry } from 'prom-client'
import type { Merge } from './parts.ts'

export interface ReadMetrics {
  /** Registers a counter that is read at each scrape. */
  counter(name: string, help: string, read: () => number): void
  /** Registers a gauge that is read at each scrape: label value → number. */
  gauge(name: string, help: string, read: () => Readonly<Record<string, number>>, merge?: Merge): void
  /** The same by label `state`: states that exclude each other, of which one process counts all. */
  states(name: string, help: string, read: () => Readonly<Record<string, number>>): void
}

export function createReadMetrics(registers: Registry[]): ReadMetrics {
  return {
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
  }
}
