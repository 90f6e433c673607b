// What a process says of itself in /readyz.

import type { Health } from '../control/dependencies.ts'
import type { LogLosses } from '../telemetry/log.ts'
import type { CertificatesInForce } from './certificates-in-force.ts'
import type { ConfigInForce } from './config-in-force.ts'
import type { Core } from './core.ts'
import type { DenyInForce } from './deny-in-force.ts'
import type { Drain } from './drain.ts'
import type { Plan } from './plan.ts'
import type { PortWatch } from './port-watch.ts'
import { targetFigures } from './upstream-figures.ts'
import type { Workers } from './workers.ts'

/** All that a process rests on. */
export interface HealthParts {
  readonly core: Pick<Core, 'state'>
  readonly plan: Pick<Plan, 'gateway'>
  readonly drain: Pick<Drain, 'isLeaving' | 'isDraining'>
  readonly inForce: Pick<ConfigInForce, 'current' | 'fault'>
  readonly deny: Pick<DenyInForce, 'counts' | 'fault'>
  readonly certificates: Pick<CertificatesInForce, 'notes' | 'isGrave'> | null
  readonly losses: Pick<LogLosses, 'isDropping'>
  /** Of a primary. */
  readonly workers?: Workers | undefined
  readonly port?: PortWatch | undefined
}

/** How it stands now. */
export function healthOf(parts: HealthParts): Health {
  const { core, plan, drain, inForce, deny, certificates, losses, workers, port } = parts
  const { canDecide, postgres, refusal, redis, appliedRevision, haveKeysApart, clockOffsetMs } = core.state()
  const configFault = inForce.fault()
  const counts = workers?.states()
  const isAnswering = port?.isAnswering() ?? true
  const isServed = isAnswering && (counts === undefined || counts.serving > 0)
  const isWhole = counts === undefined || counts.serving >= counts.wanted
  const denyFault = deny.fault()
  const isDropping = losses.isDropping() || (workers?.areDropping() ?? false)
  const areFilesValid = configFault === undefined && denyFault === undefined
  const isValid =
    areFilesValid && isWhole && isAnswering && !isDropping && !certificates?.isGrave() && !haveKeysApart
  return {
    isReady: canDecide && !drain.isLeaving && !drain.isDraining && isServed,
    status: postgres === 'up' && (redis === 'up' || redis === 'none') && isValid ? 'ok' : 'degraded',
    tableSha256: inForce.current().table.sha256,
    postgres,
    postgresFault: refusal && `${refusal.code}: ${refusal.mend}`,
    redis,
    appliedRevision,
    clockOffsetMs,
    cacheKey: haveKeysApart ? 'apart' : undefined,
    configFault,
    denied: deny.counts(),
    denyFault,
    certificates: certificates?.notes(),
    log: isDropping ? 'dropping' : undefined,
    gateway: isAnswering ? undefined : 'silent',
    workers: counts && { wanted: counts.wanted, serving: counts.serving },
    upstreams: workers?.upstreams() ?? (plan.gateway ? targetFigures(inForce.current().upstreams) : {}),
  }
}
