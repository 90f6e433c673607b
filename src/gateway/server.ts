// The gateway (data plane): a request's whole way at a glance. Who may do what is decided by the stages of
// decision/stages.ts, whose order is the security property; before them stand those of the connection and the process.
//
// Each stage looks at `request.access` and lets the request go on or refuses it; all of them run before a byte of the
// body is read. Errors leave by Fastify's four ways, by Node's own (missing Host, unknown Expect) and by the stages:
// all end in errors/reply.ts. This folder knows nothing of the stores behind the look-up, nor of the control plane.

import type { Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { CompiledConfig, Limits, Settings, Table } from '../config/compiled.ts'
import type { LogPaths } from '../config/log-schema.ts'
import { type Denial, deny } from '../errors/denial.ts'
import type { Limiter } from '../limits/limiter.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Lookup } from '../lookup/found.ts'
import type { Issuers } from '../lookup/issuer/checked-token.ts'
import type { ProofsSeen } from '../lookup/proofs-seen.ts'
import { type Logger, lineLogOf } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Access } from './access.ts'
import type { ActivityRecorder } from './record/activity.ts'
import type { AddressRecorder } from './record/addresses.ts'
import { createBacklog } from './listener/backlog.ts'
import { accessMaker } from './listener/begin.ts'
import { whenClosed } from './listener/closing.ts'
import { addressMatcher } from '../config/request/addresses.ts'
import { admitConnections, limitConnections } from './listener/connections.ts'
import { decisionStages } from '../decision/stages.ts'
import { boundStrangers } from '../decision/strangers.ts'
import type { DenyList } from '../decision/deny-list.ts'
import { closeEmptyBody } from './listener/empty-body.ts'
import { answerHealth } from './listener/health.ts'
import { lingeringConnections } from './listener/linger.ts'
import { answerParserErrors } from './listener/parser-errors.ts'
import { createOverload, endWork } from './listener/overload.ts'
import { refuseInTurn } from './exchange/in-turn.ts'
import { conclude, registerProxy } from './exchange/proxy.ts'
import { peerOf } from './listener/peer.ts'
import { endPolitely } from './listener/polite-end.ts'
import { expectProxyHeaders } from './listener/proxy-protocol.ts'
import type { RequestKeeper } from './record/kept-requests.ts'
import type { LiveSource } from './record/live-source.ts'
import { createRecorder } from './record/record.ts'
import { refuse } from './exchange/refuse.ts'
import { createShadow } from './record/shadow.ts'
import { runStages } from '../decision/run-stages.ts'
import { followTls, type TlsSources, tlsOptions } from './listener/tls.ts'
import { type Begin, createTurns } from './listener/turns.ts'
import { boundConnections, type ConnectionBounds, type Room } from './listener/room.ts'
import { createLastRequestGuard } from './listener/last-request.ts'
import { ignoreUpgrades, shouldUpgradeCallback } from './listener/upgrades.ts'
import type { Upstreams } from './upstream/upstreams.ts'

declare module 'fastify' {
  interface FastifyRequest {
    access: Access
  }
}

export interface GatewayDeps {
  /** Read on each answer: in a drain, connections end with it. */
  readonly drain: { readonly isDraining: boolean }
  /** Fixed while the process runs. */
  readonly settings: Settings
  /** What descriptors allow. */
  readonly connections: ConnectionBounds
  /** What answers as `gateway.health` does, where that names no path; null: nothing. */
  readonly probe: string | null
  /** In force at this moment; a request keeps what it began with. */
  readonly inForce: () => { readonly table: Table; readonly upstreams: Upstreams }
  /** The emergency stop; null while nothing is denied. */
  readonly denied: () => DenyList | null
  /** Where `gateway.tls` is set; else null. */
  readonly tls: TlsSources | null
  readonly lookup: Lookup
  readonly issuers: Issuers
  readonly limiter: Limiter
  readonly quotas: Quotas
  readonly proofs: ProofsSeen
  /** Of which requests the access log has the path. */
  readonly logPaths: () => LogPaths
  /** What is told to balancers. */
  readonly isReady: () => boolean
  readonly activity: ActivityRecorder
  readonly addresses: AddressRecorder
  readonly requests: RequestKeeper
  readonly live: LiveSource
  readonly metrics: Metrics
  readonly log: Logger
  /** Decides in shadow; null: there is none. */
  readonly candidate: () => CompiledConfig | null
  /** Wall-clock milliseconds. */
  readonly now: () => number
  readonly newId: (prefix: string) => string
}

/** Builds the gateway; the caller listens and closes. */
export async function createGateway(deps: GatewayDeps): Promise<FastifyInstance> {
  const { limits, requireHttps, tls, trustedProxies, clientCertHeader, health } = deps.settings.gateway
  const path = health ?? deps.probe
  const overload = createOverload(limits)
  const monotonicNow = () => performance.now()
  const strangers = boundStrangers(limits, monotonicNow, deps.metrics.refusalHeld)
  const concludeInTurn = refuseInTurn({ strangers, monotonicNow }, conclude)

  const app = Fastify(serverOptions(deps))
  ignoreUpgrades(app.server)
  const first = path === null ? app.routing : answerHealth({ ...deps, path }, app.routing)
  const turns = createTurns(first, () => backlog.relieve())
  prepareServer(app.server, turns.take, limits)
  const backlog = createBacklog({
    server: app.server,
    turns,
    idleMs: limits.idleTimeoutMs,
    mostBytes: limits.unreadBytes,
    cut(socket, limit) {
      deps.metrics.connectionCut(limit)
      deps.log.info({ client: peerOf(socket), limit }, 'Connection cut: its client does not read')
    },
    monotonicNow,
  })
  // Many clients stand behind each of these.
  limitConnections(app.server, limits.clientConnections, [...trustedProxies, '127.0.0.0/8', '::1'])
  admitConnections(app.server, trustedProxies)
  // Behind the listeners above, before which it is to come.
  if (deps.settings.gateway.proxyProtocol) readWhoIsBehind(app.server, deps)
  if (tls !== null && deps.tls !== null && app.server instanceof HttpsServer) {
    followTls(app.server, tls, deps.tls)
    app.server.on('secureConnection', (socket: Socket) => endPolitely(socket, hasNoAnswer))
  }
  app.addHook('onClose', async () => {
    overload.stop()
    backlog.stop()
  })
  deps.metrics.gauge('latchkey_requests_in_flight', 'Requests under way', () => ({
    gateway: overload.inFlight(),
  }))
  deps.metrics.gauge(
    'latchkey_event_loop_delay_seconds',
    'Median lag of the event loop, of the process whose lag is largest',
    () => ({ gateway: overload.delayMs() / 1_000 }),
    'max',
  )
  deps.metrics.gauge(
    'latchkey_lingering_connections',
    'Connections that are read until their client closes, of the process that has most',
    () => ({ gateway: lingeringConnections() }),
    'max',
  )
  deps.metrics.gauge(
    'latchkey_unread_bytes',
    'Bytes kept for clients that do not read, of the process that has most',
    () => ({ answers: backlog.answers(), requests: turns.waiting() }),
    'max',
  )
  const begin = accessMaker({ ...deps, trustedProxies, clientCertHeader, limits, load: overload })
  const shadow = createShadow(deps)
  const record = createRecorder({ ...deps, lines: lineLogOf(deps.log, 'request') })
  const over = (access: Access): void => {
    access.isClosed = true
    access.exchange?.abandon()
    endWork(access)
    if (access.entered !== undefined) deps.limiter.leave(access.entered)
    record(access)
    shadow(access)
  }

  const decided = (access: Access, denial: Denial | undefined): void => {
    // Over while its key was looked up: nobody else would take it out of those under way.
    if (access.isClosed && access.entered !== undefined) deps.limiter.leave(access.entered)
    concludeInTurn(access, denial)
  }

  app.decorateRequest('access')
  app.addHook('onRequest', (request, reply, _done) => {
    const access = begin(request.raw, reply.raw, request.originalUrl)
    request.access = access
    closeEmptyBody(request.raw, access.head)
    overload.enter()
    whenClosed(access, over)
    // From here on the answer is ours.
    reply.hijack()
    runStages(stages, access, decided)
  })
  answerFrameworkErrors(app)
  const answer = answerParserErrors(app.server, { ...deps, readNoMore: turns.readNoMore })
  const room = openRoom(app.server, deps, answer)
  const stages = [
    room.refusal,
    overload.refusal,
    createLastRequestGuard(),
    ...decisionStages({ ...deps, misses: strangers.misses, limits, requireHttps }),
  ]
  await registerProxy(app)
  return app
}

/** Node keeps the answer in the making on the socket. */
function hasNoAnswer(socket: Socket & { readonly _httpMessage?: unknown }): boolean {
  return !socket._httpMessage
}

function serverOptions({ settings, tls: sources }: GatewayDeps): FastifyServerOptions {
  const { limits, tls } = settings.gateway
  if (tls !== null && sources === null) throw new Error('TLS needs a certificate')
  const http = {
    // Well over our own limits: what exceeds those gets an answer by name, what is far over ends in the parser.
    maxHeaderSize: 4 * (limits.headerBytes + limits.urlBytes) + 64 * 1024,
    requireHostHeader: false,
    insecureHTTPParser: false,
    headersTimeout: limits.headerTimeoutMs,
    shouldUpgradeCallback,
    connectionsCheckingInterval: Math.min(1_000, limits.headerTimeoutMs),
    // Bodies are timed by the dispatcher, between bytes; there is no limit on the whole.
    requestTimeout: 0,
  }
  return {
    // The router sees one constant path: it decodes, limits and cuts paths in ways of its own.
    rewriteUrl: () => '/',
    logger: false,
    // Nobody reads it: ours is another (`Access.requestId`).
    genReqId: () => '',
    keepAliveTimeout: limits.idleTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    ...(tls === null || sources === null
      ? { http }
      : { https: { ...http, ...tlsOptions(tls, sources, limits.handshakeTimeoutMs) } }),
  }
}

/** Behind all that looks at connections as they come. */
function openRoom(
  server: Server,
  { connections, log, metrics }: GatewayDeps,
  refuse: (socket: Socket, denial: Denial) => void,
): Room {
  const { most } = connections
  const full = () => log.warn({ most }, 'All connections that descriptors allow are taken: more are refused')
  const room = boundConnections(server, { ...connections, refuse, full })
  const isBound = Number.isFinite(most)
  metrics.gauge(
    'latchkey_client_connections',
    'Connections of clients: open, and those that are served at most',
    () => ({
      open: room.open(),
      ...(isBound && { most }),
    }),
  )
  return room
}

/** Balancers of connections say for whom they speak. */
function readWhoIsBehind(server: Server, { settings, metrics, log }: GatewayDeps): void {
  const { trustedProxies, limits } = settings.gateway
  expectProxyHeaders(server, {
    isTrusted: addressMatcher(trustedProxies),
    timeoutMs: limits.headerTimeoutMs,
    refused(socket, reason) {
      metrics.connectionRefused(reason)
      log.info({ client: peerOf(socket), reason }, 'Connection refused: no header of the PROXY protocol')
    },
  })
}

/** What Node would answer by itself goes the same way as everything else. */
function prepareServer(server: Server, take: Begin, limits: Limits): void {
  // Well over our own limit, as the parser's limit of bytes is: what exceeds ours gets an answer by name. Of fields beyond this
  // one older releases drop the rest in silence (CVE-2026-58044): what is left is over our limit then, and the head refused
  // whole. Newer ones end in the parser. Without a bound 250,000 fields of a byte each cost 80 ms.
  server.maxHeadersCount = 4 * limits.headerCount + 64
  // The dispatcher says when to go on; an expectation that nobody knows is ignored, as RFC 9110 §10.1.1 allows.
  server.on('checkContinue', take)
  server.on('checkExpectation', take)
  // Fastify's own listener begins a request as soon as it is parsed.
  server.removeAllListeners('request')
  server.on('request', take)
}

/** Fastify's own errors: none is expected on this path, so what comes is ours to look into. */
function answerFrameworkErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    // Nothing of ours has run for it.
    if (request.access === undefined) return void reply.raw.destroy()
    request.access.failure = error
    reply.hijack()
    refuse(request.access, deny('INTERNAL_ERROR', 'framework_error'))
  })
  app.setNotFoundHandler((request, reply) => {
    reply.hijack()
    refuse(request.access, deny('ROUTE_NOT_FOUND', 'route_not_found'))
  })
}
