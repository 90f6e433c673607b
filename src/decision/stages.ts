// The stages that decide over a request, in their order, which is the security property. There is no other list (what looks
// at the connection and the load alone stands before it in gateway/server.ts): the proxy runs it, and so do `config explain`, `test`, `diff`, `replay` and shadow mode (judge.ts), with a look-up that is given
// instead of asked. A stage that is added here is in all of them.
//
// A stage looks at what is known of a request (inquiry.ts) and lets it go on, or refuses it. All of them run before a byte
// of the body is read. This folder knows no socket, no message of Node's, no upstream and no framework.

import type { Limits } from '../config/compiled.ts'
import type { Limiter } from '../limits/limiter.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Lookup } from '../lookup/found.ts'
import type { Issuers } from '../lookup/issuer/checked-token.ts'
import type { ProofsSeen } from '../lookup/proofs-seen.ts'
import { authenticate } from './authenticate.ts'
import { authorize, limitBody } from './authorize.ts'
import { countUse, limitInFlight, limitRate, limitUse, refuseOtherAddresses } from './limit-rate.ts'
import { chooseEnvironment, extractCredential } from './credential.ts'
import type { Stage } from './inquiry.ts'
import { judgeMessage } from './message.ts'
import { judgePath } from './path.ts'
import { checkProof } from './proof/check-proof.ts'
import { refuseDeniedCaller, refuseDeniedClient, refuseDeniedPrefix } from './refuse-denied.ts'
import { matchRoute } from './route.ts'
import type { Misses } from './misses.ts'

export interface DecisionDeps {
  readonly lookup: Lookup
  readonly issuers: Issuers
  readonly misses: Misses
  readonly limiter: Limiter
  readonly quotas: Quotas
  readonly proofs: ProofsSeen
  readonly limits: Pick<Limits, 'urlBytes'>
  readonly requireHttps: boolean
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

/** The one list. */
export function decisionStages(deps: DecisionDeps): readonly Stage[] {
  return [
    judgeMessage(deps.limits, deps.requireHttps),
    judgePath,
    matchRoute,
    refuseDeniedClient,
    extractCredential,
    refuseDeniedPrefix,
    chooseEnvironment,
    authenticate(deps),
    checkProof(deps),
    refuseDeniedCaller,
    refuseOtherAddresses,
    authorize,
    limitUse(deps.quotas),
    limitRate(deps.limiter),
    limitBody,
    // What it counts is counted until the request is over.
    limitInFlight(deps.limiter),
    // Last, and refuses nothing: what it counts has passed all others.
    countUse(deps.quotas),
  ]
}
