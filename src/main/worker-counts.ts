// What all workers have counted since the primary began, those that have ended included: a counter that goes back reads
// as a restart to Prometheus, and as a burst of requests. Gauges are of the moment, so only those of workers that serve
// and have just answered count.

import { lastingMetrics, mergeParts, partOf } from '../telemetry/parts.ts'
import type { TableLabels } from '../telemetry/tables-told.ts'

export interface WorkerCounts<Worker> {
  /** The newest word of a worker on all that it counts. */
  hear(worker: Worker, metrics: object[]): void
  /** Nothing more will come from it: what it has counted goes into the sum of those that have ended. */
  end(worker: Worker): void
  /**
   * A part for each worker, whole of the `fresh` ones, and one for all that have ended; of those, what is not `kept` is
   * forgotten for good, as the living forget it by themselves.
   */
  parts(fresh: ReadonlySet<Worker>, kept: (labels: TableLabels) => boolean): object[][]
}

/** Nothing counted yet. */
export function createWorkerCounts<Worker>(): WorkerCounts<Worker> {
  const newest = new Map<Worker, object[]>()
  /** One merged set, however many have ended. */
  let ended: object[] = []

  return {
    hear: (worker, metrics) => void newest.set(worker, metrics),
    end(worker) {
      const metrics = newest.get(worker)
      newest.delete(worker)
      if (metrics !== undefined) ended = mergeParts([ended, lastingMetrics(metrics)])
    },
    parts(fresh, kept) {
      ended = partOf(ended, kept)
      const living = [...newest].map(([worker, metrics]) =>
        fresh.has(worker) ? metrics : lastingMetrics(metrics),
      )
      return [...living, ended]
    },
  }
}
