// The stages that decide over a request, in their order, which is the security property.

import type { Limits } from '../config/compiled.ts'
import type { Lookup } from '../lookup/chain.ts'
import type { Stage } from './access.ts'
import { authenticate } from './authenticate.ts'
import { authorize, limitBody } from './authorize.ts'
import { chooseEnvironment, extractCredential } from './credential.ts'
import { judgeMessage } from './message.ts'
import { createMisses } from './misses.ts'
import { createPacer, type Pace, paces } from './pacing.ts'
import { judgePath } from './path.ts'
import { refuseDeniedCaller, refuseDeniedClient, refuseDeniedPrefix } from './refuse-denied.ts'
import { matchRoute } from './route.ts'

export interface DecisionDeps {
  readonly lookup: Lookup
  readonly limits: Limits
  readonly requireHttps: boolean
  /** Wall-clock milliseconds. */
  readonly now: () => number
  /** Monotonic milliseconds. */
  readonly monotonicNow: () => number
}

/** Each looks at a request and lets it go on or refuses it; all of them run before a byte of the body is read. */
export function decisionStages({
  lookup,
  limits,
  requireHttps,
  now,
  monotonicNow,
}: DecisionDeps): readonly Stage[] {
  return [
    judgeMessage(limits, requireHttps),
    judgePath,
    matchRoute,
    refuseDeniedClient,
    extractCredential,
    refuseDeniedPrefix,
    chooseEnvironment,
    authenticate({
      lookup,
      misses: createMisses(limits.failedLookups, monotonicNow),
      pacers: {
        asked: createPacer(boundedBy(limits, paces.asked), monotonicNow),
        unasked: createPacer(boundedBy(limits, paces.unasked), monotonicNow),
      },
      now,
    }),
    refuseDeniedCaller,
    authorize,
    limitBody,
  ]
}

/** Those who wait are requests under way: they must leave room for the others. */
function boundedBy({ inFlight }: Limits, pace: Pace): Pace {
  return { ...pace, mostHeld: Math.min(pace.mostHeld, Math.floor(inFlight / 8)) }
}
