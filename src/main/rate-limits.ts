// The rate limits of a process that serves requests.

import { createLimiter, type Limiter } from '../limits/limiter.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Core } from './core.ts'
import type { Drain } from './drain.ts'

export interface LimiterParts {
  readonly core: Core
  readonly metrics: Metrics
  readonly drain: Drain
}

/** What it has leased is given back at the end, when nobody asks for it any more. */
export function openLimiter({ core, metrics, drain }: LimiterParts): Limiter {
  const limiter = createLimiter({
    store: core.leases,
    underWay: core.underWay,
    instances: core.instances,
    monotonicNow: core.monotonicNow,
    refused: ({ api, name, isShadow }) => metrics.rateLimited({ api, limit: name, shadow: String(isShadow) }),
  })
  metrics.gauge('latchkey_rate_limit_counts', 'Callers that are counted under a rate limit', () => ({
    counts: limiter.size(),
  }))
  metrics.gauge(
    'latchkey_rate_limits_shared',
    '1 while rate limits are counted by all instances together; 0: each has its share of them',
    () => ({ gateway: Number(limiter.isNear()) }),
    'min',
  )
  limiter.start()
  drain.last('rate limits', () => limiter.stop())
  return limiter
}
