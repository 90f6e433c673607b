// What is counted of upstreams: for metrics, and for /readyz. By the upstreams' names alone: addresses come and go.

import type { Upstreams } from '../gateway/upstream/upstreams.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/** Of one upstream, its targets that requests go to, and how many of them are available. */
export interface TargetCounts {
  readonly targets: number
  readonly available: number
}

export type UpstreamFigures = Readonly<Record<string, TargetCounts>>

/** Of those that have several targets, or are checked. */
export function targetFigures(upstreams: Upstreams): UpstreamFigures {
  const all = [...upstreams.all()].map(({ settings, targets }) => {
    const weighted = targets.all().filter(({ weight }) => weight > 0)
    const available = weighted.filter(({ target }) => target.isAvailable()).length
    const isTold = weighted.length > 1 || settings.health !== null
    return { name: settings.name, isTold, counts: { targets: weighted.length, available } }
  })
  return Object.fromEntries(all.filter(({ isTold }) => isTold).map(({ name, counts }) => [name, counts]))
}

/** What several processes see, of each the least. */
export function leastOf(figures: readonly UpstreamFigures[]): UpstreamFigures {
  const least = new Map<string, TargetCounts>()
  for (const one of figures)
    for (const [name, counts] of Object.entries(one)) {
      const known = least.get(name)
      if (known === undefined || counts.available < known.available) least.set(name, counts)
    }
  return Object.fromEntries(least)
}

/** Registers what a process of the gateway counts. */
export function addUpstreamMetrics(metrics: Metrics, upstreams: () => Upstreams): void {
  const of = (read: (pool: ReturnType<typeof all>[number]) => number) => () =>
    Object.fromEntries(all().map((pool) => [pool.settings.name, read(pool)]))
  const all = () => [...upstreams().all()]
  const figures = (read: (counts: TargetCounts) => number) => () =>
    Object.fromEntries(
      Object.entries(targetFigures(upstreams())).map(([name, counts]) => [name, read(counts)]),
    )
  metrics.gauge(
    'latchkey_upstream_in_flight',
    'Requests under way, by upstream',
    of(({ targets }) => targets.all().reduce((sum, { target }) => sum + target.connections.inFlight(), 0)),
  )
  metrics.gauge(
    'latchkey_upstream_not_reused',
    '1 while connections to an upstream are not used again, as it was seen to close, stall or starve',
    of(({ targets }) =>
      targets.all().some(({ target }) => target.connections.habit() !== undefined) ? 1 : 0,
    ),
    'max',
  )
  metrics.gauge(
    'latchkey_upstream_targets',
    'Targets of an upstream that has several, or is checked; those of weight 0 left out',
    figures(({ targets }) => targets),
    'max',
  )
  metrics.gauge(
    'latchkey_upstream_targets_unavailable',
    'Of them, those that get no requests while others do: no connection comes about, or checks fail; of the process that sees most',
    figures(({ targets, available }) => targets - available),
    'max',
  )
}
