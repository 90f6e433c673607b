// One process of Latchkey: its servers over its core, from start to drain. Wires everything; decides nothing itself.

import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { CertificateFault } from '../config/certificates.ts'
import type { CompiledConfig, Settings, Table } from '../config/compiled.ts'
import { createControlServer } from '../control/server.ts'
import { createActivityRecorder } from '../gateway/activity.ts'
import { createGateway } from '../gateway/server.ts'
import type { Followed, TlsSources } from '../gateway/tls.ts'
import { addActivity } from '../store/activity-table.ts'
import { type Logger, type LogLosses, noLosses } from '../telemetry/log.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics.ts'
import { createIds } from '../telemetry/request-id.ts'
import { type CertificatesInForce, createCertificatesInForce } from './certificates-in-force.ts'
import { type ConfigInForce, type ConfigInForceDeps, createConfigInForce } from './config-in-force.ts'
import { type Core, createCore, type Role } from './core.ts'
import { migrateOrRetry, openDatabase } from './database.ts'
import { createDenyInForce, type DenyInForce } from './deny-in-force.ts'
import { createDrain, type Drain } from './drain.ts'
import { createHousekeeping } from './housekeeping.ts'
import { type Place, type Plan, planOf } from './plan.ts'
import type { ProcessSecrets } from './secrets.ts'
import { createSignOffs } from './sign-offs.ts'
import { StartError } from './start-error.ts'
import { createTicketKeys } from './ticket-keys.ts'
import type { Workers } from './workers.ts'

export interface ProgramOptions {
  readonly config: CompiledConfig
  /** Where it was read from, for reloads. */
  readonly source: ConfigSource
  readonly role: Role
  /** Alone unless said. */
  readonly place?: Place
  /** Of the primary: what it keeps. */
  readonly workers?: Workers
  /** Of a worker: who its primary knows it as. */
  readonly instanceId?: string
  /** Of a worker: has `take` called with what its primary was told to deny, now and whenever there is more. */
  readonly denied?: (take: (words: readonly string[]) => void) => void
  /** Of a worker: what its primary gives to all. */
  readonly ticketKeys?: Followed<Buffer>
  readonly secrets: ProcessSecrets
  readonly log: Logger
  /** What of the log could not be written; nothing is lost unless said. */
  readonly losses?: LogLosses
  /** Told of slow steps of the start, a line each. */
  readonly tell?: (line: string) => void
}

export type ConfigSource = Pick<ConfigInForceDeps, 'file' | 'files' | 'env' | 'shadow'>

export interface Program {
  /** null where this process has no such server. */
  readonly gatewayPort: number | null
  readonly controlPort: number | null
  readonly metrics: Metrics
  /** Reads the configuration anew. Never rejects. */
  reload(): Promise<void>
  /** Another instance's process is gone: nobody waits for it any more. */
  dismiss(instance: string): void
  /** Finishes what is under way, then closes everything. Repeating it waits for the same end. */
  stop(): Promise<void>
  /** The same after `drain_delay`, in which balancers are told to stay away; any further call ends the delay. */
  leave(): Promise<void>
  /** The same as `stop`, while another process serves in this one's place: balancers are told nothing. */
  retire(): Promise<void>
  /** Whether it leaves, and has not begun to drain. */
  isLingering(): boolean
}

/** Starts a process; resolves when its ports are open. Throws a StartError, with nothing left running. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { config, role, log } = options
  const plan = planOf(role, options.place ?? 'alone')
  const drain = createDrain(log, plan.gateway ? config.settings.gateway.drainDelayMs : 0)
  try {
    const database = await openDatabase(config.settings, options.tell ?? (() => {}))
    drain.last('database', () => database.stop())
    const aborter = new AbortController()
    drain.last('migrations', () => Promise.resolve(aborter.abort()))
    if (plan.admin) await migrateOrRetry(database.url, log, aborter.signal)

    const metrics = createMetrics()
    const { losses = noLosses } = options
    metrics.counter(
      'latchkey_log_lines_dropped_total',
      'Lines of the log that could not be written',
      losses.dropped,
    )
    const inForce = openConfig({ ...options.source, config, log, metrics })
    drain.last('upstreams', () => inForce.close())
    const table = () => inForce.current().table
    const core = createCore({
      postgresUrl: database.url,
      redis: config.settings.redis,
      cacheKey: options.secrets.cacheKey,
      role,
      instanceId: options.instanceId,
      table,
      log,
      metrics,
    })
    drain.last('stores', () => core.close())
    await core.start()
    const said = options.workers?.deny
    const deny = createDenyInForce({ inForce, env: options.source.env, core, log, metrics, said })
    drain.last('deny list', () => deny.close())
    await deny.start()
    options.denied?.(deny.hear)
    const signOffs = createSignOffs(async (instance) => {
      const done = await Promise.all([deny.dismiss(instance), core.acknowledgement.dismiss(instance)])
      return !done.includes(false)
    })
    drain.last('sign-offs', () => signOffs.finish())
    const certificates = openCertificates({ config, inForce, log, metrics }, role, options.place)
    drain.last('certificates', () => Promise.resolve(certificates?.stop()))
    const parts = { ...options, losses, plan, core, metrics, drain, inForce, deny, certificates }
    const gatewayPort = plan.gateway ? await openGateway(parts) : null
    if (plan.admin) {
      const housekeeping = createHousekeeping(core.db, table, log)
      drain.last('housekeeping', () => housekeeping.stop())
    }
    const controlPort = plan.probes ? await openControl(parts) : null
    inForce.watch()
    log.info({ role, gatewayPort, controlPort, instance: core.instanceId }, 'ready')
    const reload = async () => void (await Promise.all([deny.reload(), inForce.reload()]))
    return {
      ...{ gatewayPort, controlPort, metrics, reload, dismiss: signOffs.add },
      ...{ stop: drain.run, leave: drain.leave, retire: drain.retire },
      isLingering: () => drain.isLeaving && !drain.isDraining,
    }
  } catch (error) {
    await drain.run()
    throw error
  }
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

/** Of a process that serves the gateway, or speaks for those that do; null: it has nothing to do with it. */
function openCertificates(
  { config, inForce, log, metrics }: Pick<Parts, 'config' | 'inForce' | 'log' | 'metrics'>,
  role: Role,
  place: Place = 'alone',
): CertificatesInForce | null {
  if (role === 'control') return null
  return createCertificatesInForce({
    tls: config.settings.gateway.tls,
    upstreams: () => [...inForce.current().upstreams.all()].map(({ settings }) => settings),
    hosts: () => hostsOf(inForce.current().table),
    isTelling: place !== 'worker',
    now: Date.now,
    log,
    metrics,
  })
}

function hostsOf({ apis }: Table): string[] {
  const environments = [...apis.values()].flatMap((api) => api.environments)
  return [...new Set(environments.flatMap(({ hosts }) => hosts))]
}

interface Parts extends ProgramOptions {
  readonly losses: LogLosses
  readonly plan: Plan
  readonly core: Core
  readonly metrics: Metrics
  readonly drain: Drain
  readonly inForce: ConfigInForce
  readonly deny: DenyInForce
  readonly certificates: CertificatesInForce | null
}

async function openGateway(parts: Parts): Promise<number> {
  const { config, core, metrics, log, drain, inForce, deny } = parts
  const { settings } = config
  const activity = createActivityRecorder({
    sink: (batch) => addActivity(core.db, batch),
    now: Date.now,
    dropped: metrics.activityDropped,
  })
  metrics.gauge('latchkey_activity_waiting', 'Rows of activity not yet stored', () => ({
    rows: activity.waiting(),
  }))
  metrics.gauge('latchkey_upstream_in_flight', 'Requests under way, by upstream', () =>
    Object.fromEntries(
      [...inForce.current().upstreams.all()].map((pool) => [pool.settings.name, pool.connections.inFlight()]),
    ),
  )
  metrics.gauge(
    'latchkey_upstream_not_reused',
    '1 while connections to an upstream are not used again, as it was seen to close, stall or starve',
    () =>
      Object.fromEntries(
        [...inForce.current().upstreams.all()].map(({ settings: { name }, connections }) => [
          name,
          connections.habit() === undefined ? 0 : 1,
        ]),
      ),
    'max',
  )
  const app = await createGateway({
    settings,
    inForce: inForce.current,
    candidate: inForce.candidate,
    denied: deny.current,
    tls: tlsOf(parts),
    lookup: core.lookup,
    isReady: () => core.state().canDecide && !drain.isLeaving,
    activity,
    metrics,
    log,
    drain,
    now: Date.now,
    newId: createIds(Date.now),
  })
  drain.last('activity', async () => {
    activity.stop()
    await activity.flush()
  })
  drain.server(app)
  return listen(app, settings.gateway, 'gateway')
}

function tlsOf({ certificates, ticketKeys, drain }: Parts): TlsSources | null {
  const pair = certificates?.pair ?? null
  if (pair === null) return null
  if (ticketKeys !== undefined) return { pair, ticketKeys }
  const own = createTicketKeys()
  drain.last('ticket keys', () => Promise.resolve(own.stop()))
  return { pair, ticketKeys: own }
}

async function openControl(parts: Parts): Promise<number> {
  const { config, core, metrics, log, drain, secrets, plan, inForce, deny, certificates, workers, losses } =
    parts
  const newId = createIds(Date.now)
  const table = () => inForce.current().table
  const app = createControlServer({
    db: plan.admin ? core.db : null,
    table,
    tokens: secrets.tokens,
    adminFrom: config.settings.control.adminFrom,
    hosts: [...config.settings.control.hosts, config.settings.control.host],
    refused: metrics.adminRefused,
    now: Date.now,
    newId,
    published: core.publish,
    awaitAll: core.acknowledgement.awaitAll,
    instances: core.acknowledgement.instances,
    instanceId: core.instanceId,
    deny: deny.stop,
    denyBehind: deny.behind,
    health() {
      const { canDecide, postgres, redis, appliedRevision } = core.state()
      const configFault = inForce.fault()
      const denyFault = deny.fault()
      const isDropping = losses.isDropping() || (workers?.areDropping() ?? false)
      const isValid =
        configFault === undefined && denyFault === undefined && !isDropping && !certificates?.isGrave()
      return {
        isReady: canDecide && !drain.isLeaving && !drain.isDraining && (workers?.areServing() ?? true),
        status: postgres === 'up' && redis !== 'down' && isValid ? 'ok' : 'degraded',
        tableSha256: table().sha256,
        postgres,
        redis,
        appliedRevision,
        configFault,
        denied: deny.counts(),
        denyFault,
        certificates: certificates?.notes(),
        log: isDropping ? 'dropping' : undefined,
      }
    },
    metrics: async () => metrics.text(await workers?.metrics(metrics.isKept)),
    metricsContentType: metrics.contentType,
    log,
  })
  drain.control(app)
  return listen(app, config.settings.control, 'control')
}

type Closable = Pick<FastifyInstance, 'listen' | 'server'>

async function listen(
  app: Closable,
  at: { host: string; port: number },
  name: keyof Settings,
): Promise<number> {
  // For `localhost` Fastify makes a second server, for ::1, which nothing of ours would guard.
  const host = at.host === 'localhost' ? '127.0.0.1' : at.host
  try {
    await app.listen({ host, port: at.port })
  } catch (error) {
    throw new StartError(explain(error, `${at.host}:${at.port}`, name))
  }
  const address: AddressInfo | string | null = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : at.port
}

function explain(error: unknown, place: string, name: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const mend = `Set ${name}.port (or ${name}.host) in the configuration, or free it.`
  if (code === 'EADDRINUSE') return `${place} is in use by another program. ${mend}`
  if (code === 'EACCES') return `${place} may not be opened by this user. ${mend}`
  if (code === 'EADDRNOTAVAIL') return `${place} is no address of this machine. ${mend}`
  return `${place} cannot be opened: ${error instanceof Error ? error.message : String(error)}. ${mend}`
}
