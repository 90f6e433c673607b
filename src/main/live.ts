// Decisions for those who watch, in one process: where they are made, and where they are told. A worker hands its own to its
// primary; every other process has a desk, whose watchers its control port brings.

import { createLiveSource, type LiveSource } from '../gateway/record/live-source.ts'
import { createLiveDesk, type LiveDesk } from '../lookup/live-desk.ts'
import type { LiveDecision } from '../telemetry/live.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Core } from './core.ts'
import type { Drain } from './drain.ts'
import type { Workers } from './workers.ts'

export interface Live {
  readonly source: LiveSource
  readonly desk: LiveDesk
}

export interface LiveParts {
  readonly core: Pick<Core, 'redis' | 'instanceId' | 'now'>
  readonly metrics: Pick<Metrics, 'cacheRejected'>
  readonly drain: Pick<Drain, 'last'>
}

/** Nobody watches yet. */
export function openLive(
  { core, metrics, drain }: LiveParts,
  of: { readonly decided?: (batch: readonly LiveDecision[]) => void; readonly workers?: Workers },
): Live {
  const monotonicNow = () => performance.now()
  const hand = of.decided ?? ((batch: readonly LiveDecision[]) => desk.hear(batch))
  const source = createLiveSource({ hand, now: core.now, monotonicNow })
  const desk = createLiveDesk({
    // A worker has no watchers, and its primary speaks for it.
    redis: of.decided === undefined ? core.redis : null,
    instanceId: core.instanceId,
    monotonicNow,
    rejected: metrics.cacheRejected,
    wanted(scopes) {
      source.want(scopes)
      of.workers?.watch(scopes)
    },
  })
  drain.last('live', () => {
    source.stop()
    desk.stop()
    return Promise.resolve()
  })
  return { source, desk }
}
