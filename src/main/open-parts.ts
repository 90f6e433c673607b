// Opens what the servers of a process rest on: stores, the configuration in force, and what follows from both.

import { CertificateFault } from '../config/certificates.ts'
import { instanceStateOf } from '../control/health/instance-state.ts'
import { mostTargets } from '../gateway/upstream/targets-in-force.ts'
import type { InstanceState } from '../store/instance-table.ts'
import { noLosses } from '../telemetry/log.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { type ConfigInForce, type ConfigInForceDeps, createConfigInForce } from './config-in-force.ts'
import { createCore } from './core.ts'
import { migrateOrRetry, openDatabase } from './database.ts'
import { createDenyInForce } from './deny-in-force.ts'
import { type Descriptors, mostDescriptors, shareDescriptors } from './descriptors.ts'
import type { Drain } from './drain.ts'
import { openLive } from './live.ts'
import type { Parts, ProgramOptions } from './parts.ts'
import type { Plan } from './plan.ts'
import { healthOf } from './readiness.ts'
import { createSignOffs } from './sign-offs.ts'
import { StartError } from './start-error.ts'
import { openCertificates } from './tls-part.ts'
import { createTokens } from './tokens.ts'
import { warmUp } from './warm.ts'
import { createWebhooks, type Webhooks } from './webhooks.ts'

/** Opens in turn all that servers rest on; `drain` ends it. Throws a StartError. */
export async function openParts(options: ProgramOptions, plan: Plan, drain: Drain): Promise<Parts> {
  const { config, role, place, log } = options
  const base = await openBase(options, plan, drain)
  const { core, inForce, metrics } = base
  const { deny, signOffs } = await openDeny(base)
  const certificates = openCertificates({ config, inForce, log, metrics }, role, place)
  drain.last('certificates', () => Promise.resolve(certificates?.stop()))
  const tokens = createTokens(options)
  const webhooks = openWebhooks({ ...base, tokens })
  const live = openLive({ core, metrics, drain }, options)
  const parts = { ...base, deny, signOffs, certificates, tokens, webhooks, live }
  base.standing.now = () => instanceStateOf(healthOf(parts))
  await warmUp(core, drain, log)
  return parts
}

interface Base extends Omit<Parts, 'deny' | 'signOffs' | 'certificates' | 'tokens' | 'webhooks' | 'live'> {
  /** Known once all that it rests on is there. */
  readonly standing: { now?: () => InstanceState }
}

/** Stores, and the configuration in force. */
async function openBase(options: ProgramOptions, plan: Plan, drain: Drain): Promise<Base> {
  const { config, role, log, losses = noLosses } = options
  const descriptors = descriptorsOf(options)
  const database = await openDatabase(config.settings, options.tell ?? (() => {}))
  drain.last('database', () => database.stop())
  const aborter = new AbortController()
  drain.last('migrations', () => Promise.resolve(aborter.abort()))
  if (plan.admin) await migrateOrRetry(database.url, log, aborter.signal)

  const metrics = createMetrics()
  metrics.counter(
    'latchkey_log_lines_dropped_total',
    'Lines of the log that could not be written',
    losses.dropped,
  )
  const taken = () => options.workers?.retry()
  const inForce = openConfig({
    ...{ ...options.source, config, log, metrics, taken },
    ...{ mostConnections: descriptors.upstreams, isGateway: plan.gateway },
  })
  drain.last('upstreams', () => inForce.close())
  const standing: Base['standing'] = {}
  const core = createCore({
    ...{ standing: () => standing.now?.(), table: () => inForce.current().table },
    ...{ postgresUrl: database.url, redis: config.settings.redis, cacheKey: options.secrets.cacheKey },
    ...{ role, isPrimary: options.place === 'primary', serving: options.serving },
    ...{ instanceId: options.instanceId, cache: config.settings.gateway.cache, log, metrics },
  })
  drain.last('stores', () => core.close())
  await core.start()
  return { ...options, plan, drain, losses, descriptors, metrics, inForce, core, standing }
}

function descriptorsOf({ config, workers }: ProgramOptions): Descriptors {
  return shareDescriptors(mostDescriptors(), {
    upstreams: [...config.settings.upstreams.values()].reduce(
      (sum, upstream) => sum + upstream.connections * mostTargets(upstream),
      0,
    ),
    workers: workers?.states().wanted ?? 0,
  })
}

async function openDeny(base: Base): Promise<Pick<Parts, 'deny' | 'signOffs'>> {
  const { inForce, core, log, metrics, drain, kept, denied } = base
  const said = base.workers?.deny
  const deny = createDenyInForce({ inForce, env: base.source.env, core, log, metrics, said, kept })
  drain.last('deny list', () => deny.close())
  await deny.start()
  denied?.(deny.hear)
  const signOffs = createSignOffs(async (instance) => {
    const done = await Promise.all([deny.dismiss(instance), core.acknowledgement.dismiss(instance)])
    return !done.includes(false)
  })
  drain.last('sign-offs', () => signOffs.finish())
  return { deny, signOffs }
}

function openWebhooks(base: Base & Pick<Parts, 'tokens'>): Webhooks {
  const { config, core, log, metrics, drain, inForce, plan, secrets, tokens } = base
  const apis = () => [...inForce.current().table.apis.values()]
  const webhooks = createWebhooks({
    ...{ db: core.db, instanceId: core.instanceId, now: core.now, log, metrics },
    ...{ allow: config.settings.webhooks.allow, sealKeys: secrets.sealKeys },
    ...{ tokens: tokens.current, isSending: plan.admin },
    quotas: () => apis().flatMap((api) => api.quotas),
    brakes: () => apis().flatMap((api) => api.brakes),
    sendsMail: (config.settings.hub?.mail ?? null) !== null,
    published: core.publish,
  })
  drain.last('webhooks', () => webhooks.stop())
  return webhooks
}

/** Throws a StartError when the certificates of an upstream cannot be used. */
function openConfig(deps: ConfigInForceDeps): ConfigInForce {
  try {
    return createConfigInForce(deps)
  } catch (error) {
    if (error instanceof Error && error.cause instanceof CertificateFault) throw new StartError(error.message)
    throw error
  }
}
