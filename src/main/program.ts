// One process of Latchkey: its servers over its core, from start to drain. Wires everything; decides nothing itself.

import { CertificateFault } from '../config/certificates.ts'
import type { CompiledConfig, Table } from '../config/compiled.ts'
import type { AdminTokens } from '../control/operator.ts'
import { instanceStateOf } from '../control/health/instance-state.ts'
import { createControlServer } from '../control/server.ts'
import type { ControlTls } from '../control/tls.ts'
import { type AddressRecorder, createAddressRecorder } from '../gateway/record/addresses.ts'
import { createActivityRecorder } from '../gateway/record/activity.ts'
import { createRequestKeeper, type RequestKeeper } from '../gateway/record/kept-requests.ts'
import { createGateway } from '../gateway/server.ts'
import { mostTargets } from '../gateway/upstream/targets-in-force.ts'
import type { KeptFiles } from '../config/source.ts'
import type { Followed, TlsSources } from '../gateway/listener/tls.ts'
import type { LiveDecision } from '../telemetry/live.ts'
import { type Logger, type LogLosses, noLosses } from '../telemetry/log.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics.ts'
import { createIds } from '../telemetry/request-id.ts'
import { createActivitySink } from './activity-sink.ts'
import { openAuditSink } from './audit-sink.ts'
import { createAuditSeal } from './audit-seal.ts'
import { type CertificatesInForce, createCertificatesInForce } from './certificates-in-force.ts'
import { type ConfigInForce, type ConfigInForceDeps, createConfigInForce } from './config-in-force.ts'
import { type Core, createCore, type Role } from './core.ts'
import { migrateOrRetry, openDatabase } from './database.ts'
import { createDenyInForce, type DenyInForce } from './deny-in-force.ts'
import { type Descriptors, mostDescriptors, shareDescriptors } from './descriptors.ts'
import { createDrain, type Drain } from './drain.ts'
import { createHousekeeping } from './housekeeping.ts'
import { createExplain } from './explain.ts'
import { openHubPart } from './hub-parts.ts'
import { type KeptConfig, packKept } from './kept-config.ts'
import { boundConnections, listen } from './listen.ts'
import { type Place, type Plan, planOf } from './plan.ts'
import type { PortWatch } from './port-watch.ts'
import { healthOf } from './readiness.ts'
import type { ProcessSecrets } from './secrets.ts'
import { createRequestSink } from './request-sink.ts'
import { openIssuers } from './issuers.ts'
import { openQuotas } from './quotas.ts'
import { openOauthPart } from './oauth-part.ts'
import type { Change } from '../store/change-table.ts'
import type { InstanceState } from '../store/instance-table.ts'
import { openProofs } from './proofs.ts'
import { openLimiter } from './rate-limits.ts'
import { type Live, openLive } from './live.ts'
import { addKeyAddresses } from '../store/keys/key-address-table.ts'
import { toldOnce } from './told-once.ts'
import { createSignOffs } from './sign-offs.ts'
import { addUpstreamMetrics, targetFigures, type UpstreamFigures } from './upstream-figures.ts'
import { StartError } from './start-error.ts'
import { createTicketKeys } from './ticket-keys.ts'
import { refuseUnusableFiles } from './usable-files.ts'
import { failAlone } from './worker-channel.ts'
import { createWebhooks, type Webhooks } from './webhooks.ts'
import { warmUp } from './warm.ts'
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
  /** Of the primary: whether the port that the workers serve answers. */
  readonly port?: PortWatch
  /** Of a worker: how many its primary keeps. */
  readonly serving?: number
  /** Of a worker: who its primary knows it as. */
  readonly instanceId?: string
  /** Of a worker: has `take` called with what its primary was told to deny, now and whenever there is more. */
  readonly denied?: (take: (words: readonly string[]) => void) => void
  /** Of a worker: what its primary gives to all. */
  readonly ticketKeys?: Followed<Buffer> | undefined
  /** Of a worker: gives the files in force, where those on disk have faults. */
  readonly kept?: () => Promise<KeptFiles | undefined>
  /** Of a worker: resolves when its primary has ended, which has the port. */
  readonly orphaned?: Promise<void>
  /** Of a worker: hands decisions to its primary, for those who watch. */
  readonly decided?: (batch: readonly LiveDecision[]) => void
  /** Of a worker: the path by which its primary asks the gateway's port, where `gateway.health` names none. */
  readonly probe?: string
  readonly secrets: ProcessSecrets
  /** Reads files of secrets anew; returns the admin tokens. Throws where they cannot be in force. */
  readonly rereadTokens?: () => AdminTokens
  readonly log: Logger
  /** What of the log could not be written; nothing is lost unless said. */
  readonly losses?: LogLosses
  /** Told of slow steps of the start, a line each. */
  readonly tell?: (line: string) => void
}

export type ConfigSource = Pick<ConfigInForceDeps, 'file' | 'files' | 'env' | 'shadow' | 'sources' | 'fault'>

export interface Program {
  /** null where this process has no such server. */
  readonly gatewayPort: number | null
  readonly controlPort: number | null
  readonly metrics: Metrics
  /** How its upstreams' targets stand; empty where it sends no requests. */
  upstreams(): UpstreamFigures
  /** Who this process is among the instances. */
  readonly instanceId: string
  /** The configuration in force, for another process. */
  kept(): KeptConfig
  /** Reads the configuration anew. Never rejects. */
  reload(): Promise<void>
  /** For those who watch: what is asked of a worker, and what workers have decided. */
  readonly live: Pick<Live['source'], 'want'> & Pick<Live['desk'], 'hear'>
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
  refuseUnusableFiles(config.settings, role)
  const plan = planOf(role, options.place ?? 'alone')
  const descriptors = shareDescriptors(mostDescriptors(), {
    upstreams: [...config.settings.upstreams.values()].reduce(
      (sum, upstream) => sum + upstream.connections * mostTargets(upstream),
      0,
    ),
    workers: options.workers?.states().wanted ?? 0,
  })
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
    const followers: (() => void)[] = []
    const taken = () => {
      options.workers?.retry()
      for (const follow of followers) follow()
    }
    const inForce = openConfig({
      ...options.source,
      config,
      log,
      metrics,
      taken,
      mostConnections: descriptors.upstreams,
      isGateway: plan.gateway,
    })
    drain.last('upstreams', () => inForce.close())
    const table = () => inForce.current().table
    // Known once all that it rests on is there.
    const standing: { now?: () => InstanceState } = {}
    const core = createCore({
      standing: () => standing.now?.(),
      postgresUrl: database.url,
      redis: config.settings.redis,
      cacheKey: options.secrets.cacheKey,
      role,
      isPrimary: options.place === 'primary',
      serving: options.serving,
      instanceId: options.instanceId,
      table,
      cache: config.settings.gateway.cache,
      log,
      metrics,
    })
    drain.last('stores', () => core.close())
    await core.start()
    const said = options.workers?.deny
    const { kept } = options
    const deny = createDenyInForce({ inForce, env: options.source.env, core, log, metrics, said, kept })
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
    const tokens = createTokens(options)
    const webhooks = createWebhooks({
      ...{ db: core.db, instanceId: core.instanceId, now: core.now, log, metrics },
      ...{ allow: config.settings.webhooks.allow, sealKeys: options.secrets.sealKeys },
      ...{ tokens: tokens.current, isSending: plan.admin },
      quotas: () => [...table().apis.values()].flatMap((api) => api.quotas),
      brakes: () => [...table().apis.values()].flatMap((api) => api.brakes),
      sendsMail: (config.settings.hub?.mail ?? null) !== null,
      published: core.publish,
    })
    drain.last('webhooks', () => webhooks.stop())
    const live = openLive({ core, metrics, drain }, options)
    const parts = {
      ...{
        ...options,
        live,
        webhooks,
        tokens,
        losses,
        plan,
        descriptors,
        core,
        metrics,
        drain,
        inForce,
        deny,
      },
      follows: (follow: () => void) => void followers.push(follow),
      certificates,
    }
    standing.now = () => instanceStateOf(healthOf(parts))
    await warmUp(core, drain, log)
    const gatewayPort = plan.gateway ? await openGateway(parts) : null
    if (plan.admin) {
      const { auditRetentionMs: auditKeptMs, auditSink } = config.settings.control
      const sessionIdleMs = config.settings.hub?.sessions.idleMs ?? null
      const housekeeping = createHousekeeping({
        ...{ db: core.db, table, auditKeptMs, sessionIdleMs, log, metrics },
      })
      drain.last('housekeeping', () => housekeeping.stop())
      const seal = createAuditSeal({ db: core.db, log })
      drain.last('audit', () => seal.stop())
      metrics.gauge(
        'latchkey_audit_unlinked_seconds',
        'For how long the oldest entry of the audit behind its chain has had no link',
        () => instanceOf(seal.unlinkedSeconds()),
        'max',
      )
      if (auditSink !== null) {
        const sink = openAuditSink(auditSink, { db: core.db, instanceId: core.instanceId, log, metrics })
        drain.last('audit sink', () => sink.stop())
      }
    }
    const controlPort = plan.probes ? await openControl(parts) : null
    inForce.watch()
    log.info({ role, gatewayPort, controlPort, instance: core.instanceId }, 'ready')
    const reload = async () => {
      // First: what the configuration takes from the environment may come from these files.
      tokens.reread()
      await Promise.all([deny.reload(), inForce.reload()])
    }
    const sources = () => [...inForce.sources(), ...[deny.source()].filter((one) => one !== null)]
    return {
      ...{ gatewayPort, controlPort, metrics, reload, dismiss: signOffs.add, instanceId: core.instanceId },
      upstreams: () => (plan.gateway ? targetFigures(inForce.current().upstreams) : {}),
      live: { want: live.source.want, hear: live.desk.hear },
      kept: () => packKept(inForce.current().table.sha256, sources()),
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

/** Of a process that serves the gateway or speaks for those that do, and of one with a control port; null: it has none. */
function openCertificates(
  { config, inForce, log, metrics }: Pick<Parts, 'config' | 'inForce' | 'log' | 'metrics'>,
  role: Role,
  place: Place = 'alone',
): CertificatesInForce | null {
  const { gateway, control } = config.settings
  // Workers have no control port.
  const controlTls = place === 'worker' ? null : control.tls
  const isServing = role !== 'control'
  if (!isServing && controlTls === null) return null
  return createCertificatesInForce({
    tls: isServing ? gateway.tls : null,
    controlTls,
    upstreams: () =>
      isServing ? [...inForce.current().upstreams.all()].map(({ settings }) => settings) : [],
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

interface Tokens {
  current(): AdminTokens
  /** Takes what the files say by now; what cannot be read or is no token leaves the ones before in force. */
  reread(): void
}

function createTokens({ secrets, rereadTokens, log }: ProgramOptions): Tokens {
  let { tokens } = secrets
  return {
    current: () => tokens,
    reread() {
      try {
        tokens = rereadTokens?.() ?? tokens
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown'
        log.error({ reason }, 'The secrets on disk are not in force')
      }
    },
  }
}

interface Parts extends ProgramOptions {
  readonly tokens: Tokens
  readonly losses: LogLosses
  readonly plan: Plan
  readonly descriptors: Descriptors
  readonly core: Core
  readonly metrics: Metrics
  readonly drain: Drain
  readonly inForce: ConfigInForce
  readonly deny: DenyInForce
  readonly certificates: CertificatesInForce | null
  readonly webhooks: Webhooks
  readonly live: Live
  /** Has something done with each configuration that is taken from disk. */
  follows(follow: () => void): void
}

async function openGateway(parts: Parts): Promise<number> {
  const { config, core, metrics, log, drain, inForce, deny, orphaned } = parts
  const { settings } = config
  let untimed = 0
  const activity = createActivityRecorder({
    sink: createActivitySink(core.db, log),
    now: core.now,
    dropped: metrics.activityDropped,
    untimed: () => void untimed++,
  })
  metrics.counter(
    'latchkey_answers_untimed_total',
    'Answers of which it is not recorded how long they took, as too many keys were used at once',
    () => untimed,
  )
  metrics.gauge('latchkey_activity_waiting', 'Rows of activity not yet stored', () => ({
    rows: activity.waiting(),
  }))
  const requests = openRequestKeeper(parts)
  addUpstreamMetrics(metrics, () => inForce.current().upstreams)
  const limiter = openLimiter(parts)
  const addresses = openAddresses(parts)
  const app = await createGateway({
    settings,
    connections: parts.descriptors.connections,
    probe: parts.probe ?? null,
    inForce: inForce.current,
    candidate: inForce.candidate,
    logPaths: inForce.logPaths,
    denied: deny.current,
    tls: tlsOf(parts),
    lookup: core.lookup,
    issuers: await openIssuers({ ...parts, table: () => inForce.current().table }),
    limiter,
    quotas: openQuotas(parts),
    proofs: openProofs(parts),
    isReady: () => core.state().canDecide && !drain.isLeaving,
    activity,
    addresses,
    requests,
    live: parts.live.source,
    metrics,
    log,
    drain,
    now: core.now,
    newId: createIds(Date.now),
  })
  drain.last('activity', async () => {
    activity.stop()
    await activity.flush()
  })
  drain.server(app)
  const listening = listen(app, settings.gateway, 'gateway')
  return orphaned === undefined ? listening : Promise.race([listening, orphaned.then(failAlone)])
}

/** Flushed behind the last request. */
function openAddresses({ core, log, drain }: Parts): AddressRecorder {
  const tell = toldOnce(log, 'Where keys are used from cannot be stored')
  const addresses = createAddressRecorder({
    sink: (seen, nowMs) => tell(() => addKeyAddresses(core.db, seen, nowMs)),
    now: core.now,
  })
  drain.last('addresses', async () => {
    addresses.stop()
    await addresses.flush()
  })
  return addresses
}

/** Flushed behind the last request. */
function openRequestKeeper({ core, log, metrics, drain }: Parts): RequestKeeper {
  const monotonicNow = () => performance.now()
  const keeper = createRequestKeeper({ sink: createRequestSink(core.db, log), now: core.now, monotonicNow })
  metrics.counter(
    'latchkey_requests_not_kept_total',
    'Requests to be found by their id that were too many, or could not be stored',
    keeper.notKept,
  )
  metrics.gauge('latchkey_requests_waiting', 'Requests to be found by their id, not yet stored', () => ({
    rows: keeper.waiting(),
  }))
  drain.last('requests', async () => {
    keeper.stop()
    await keeper.flush()
  })
  return keeper
}

/** Nothing where it is not known. */
function instanceOf(value: number | undefined): Readonly<Record<string, number>> {
  return value === undefined ? {} : { instance: value }
}

function tlsOf({ certificates, ticketKeys, drain }: Parts): TlsSources | null {
  const pair = certificates?.pair ?? null
  if (pair === null) return null
  if (ticketKeys !== undefined) return { pair, ticketKeys }
  const own = createTicketKeys()
  drain.last('ticket keys', () => Promise.resolve(own.stop()))
  return { pair, ticketKeys: own }
}

function controlTlsOf({ config, certificates }: Parts): ControlTls | null {
  const { tls } = config.settings.control
  const pair = certificates?.controlPair ?? null
  if (tls === null || pair === null) return null
  const { handshakeTimeoutMs } = config.settings.gateway.limits
  const { ciphers, asksClients } = tls
  return { current: pair.current, follow: pair.follow, ciphers, asksClients, handshakeTimeoutMs }
}

async function openControl(parts: Parts): Promise<number> {
  const { config, core, metrics, log, drain, tokens, plan, inForce, deny } = parts
  const { workers, port, descriptors, webhooks } = parts
  const newId = createIds(Date.now)
  const table = () => inForce.current().table
  const { hub: hubSettings } = config.settings
  const hub =
    plan.admin && hubSettings
      ? openHubPart(hubSettings, {
          ...{ ...parts, db: core.db, now: core.now, table },
          gateway: config.settings.gateway,
        })
      : null
  drain.last('mail', async () => hub?.stop())
  const published = (change: Change) => {
    core.publish(change)
    webhooks.kick()
  }
  const { hosts, host, mtlsUrl } = config.settings.control
  const app = createControlServer({
    db: plan.admin ? core.db : null,
    hub,
    table,
    tokens: tokens.current,
    adminFrom: config.settings.control.adminFrom,
    hosts: [...hosts, host, ...(mtlsUrl === null ? [] : [new URL(mtlsUrl).hostname])],
    tls: controlTlsOf(parts),
    trustedProxies: config.settings.control.trustedProxies,
    clientCertHeader: config.settings.control.clientCertHeader,
    publicUrl: config.settings.control.publicUrl ?? hubSettings?.publicUrl ?? null,
    scanners: config.settings.control.scanners,
    hasAuditSink: config.settings.control.auditSink !== null,
    refused: metrics.adminRefused,
    now: core.now,
    newId,
    published,
    oauth: openOauthPart({
      ...{
        db: core.db,
        hub: plan.admin ? hubSettings : null,
        control: config.settings.control,
        now: core.now,
        sealing: webhooks.sealing,
        table,
        newId,
        published,
        log,
        fetch: webhooks.get,
      },
      awaitAll: core.acknowledgement.awaitAll,
    }),
    webhooks,
    awaitAll: core.acknowledgement.awaitAll,
    isRedisBehind: core.isRedisBehind,
    instances: core.acknowledgement.instances,
    instanceId: core.instanceId,
    deny: deny.stop,
    denyBehind: deny.behind,
    health: () => healthOf(parts),
    explain: createExplain(config, table),
    live: parts.live.desk,
    metrics: async () => metrics.text(await workers?.metrics(metrics.isKept)),
    metricsContentType: metrics.contentType,
    log,
  })
  boundConnections(app, descriptors.control)
  if (workers !== undefined) addWorkerMetrics(metrics, workers, port)
  drain.control(app)
  return listen(app, config.settings.control, 'control')
}

function addWorkerMetrics(metrics: Metrics, workers: Workers, port: PortWatch | undefined): void {
  metrics.states(
    'latchkey_workers',
    'Worker processes by state; wanted: how many should serve',
    workers.states,
  )
  metrics.counter('latchkey_workers_lost_total', 'Workers that died or could not start', workers.lost)
  if (port === undefined) return
  metrics.gauge(
    'latchkey_gateway_port_answers',
    '1 while the port of the gateway answers the process itself',
    () => ({ port: Number(port.isAnswering()) }),
    'min',
  )
}
