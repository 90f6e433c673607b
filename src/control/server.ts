// The control plane (contract 8): the admin API under /admin/v1, one folder a feature, and the probes.
// It must not know the gateway: a change reaches it through the store and the functions in ControlDeps.
// Who calls is judged before a body is read; every refusal leaves through refusal.ts.

import { hostname } from 'node:os'
import Fastify, { LogController } from 'fastify'
import type { Denial } from '../errors/denial.ts'
import { accessLine } from './access-line.ts'
import { acceptEmptyBodies } from './bodies.ts'
import { serveActivity } from './activity/routes.ts'
import { serveLatency } from './activity/latency.ts'
import { serveActivitySeries } from './activity/series.ts'
import { serveActivityTotals } from './activity/totals.ts'
import { adminPath } from './callers/access.ts'
import { createClientAddress } from './client-address.ts'
import { tlsServer } from './tls.ts'
import { guardAdmin } from './callers/guard.ts'
import { serveAuditExport } from './audit/export.ts'
import { serveAudit } from './audit/routes.ts'
import { serveAuditVerification } from './audit/verify.ts'
import type { AdminDeps, ControlApp, ControlDeps } from './dependencies.ts'
import { serveDeny } from './deny/routes.ts'
import { serveEvents } from './events/routes.ts'
import { createHostCheck } from './hosts.ts'
import { serveExplain } from './explain/routes.ts'
import { serveClients } from './clients/routes.ts'
import { serveGrants } from './grants/routes.ts'
import { serveHubPages } from './hub/serve.ts'
import { serveHealth } from './health/routes.ts'
import { serveInstances } from './instances/routes.ts'
import { serveKeyActions } from './keys/actions.ts'
import { serveExposed } from './keys/exposed/routes.ts'
import { serveKeyImport } from './keys/import/routes.ts'
import { serveKeys } from './keys/routes.ts'
import { serveUsedPermissions } from './keys/used-permissions.ts'
import { serveMerchants } from './merchants/routes.ts'
import { ignoreExpectations, judgeHost, oneAtATime, parserOptions } from './message.ts'
import { nameKeyword } from './name-rule.ts'
import { createOperatorCheck, type OperatorCheck } from './operator.ts'
import { serveOauthKeys } from './oauth/key-routes.ts'
import { serveOauth } from './oauth/mount.ts'
import { serveOpenApi } from './openapi/routes.ts'
import { serveOperators } from './operators/routes.ts'
import { secureAnswers } from './people/headers.ts'
import { createHubApp, type HubApp } from './people/hub-app.ts'
import { serveOthersSessions } from './people/others-sessions.ts'
import { hubPath, serveHub } from './people/serve.ts'
import { servePermissions } from './permissions/routes.ts'
import { serveLiveness, serveProbes } from './probes.ts'
import { refuse, refuseBytes, refuseUnknownPath, sendDenial } from './refusal.ts'
import { serveQuotas } from './quotas/routes.ts'
import { serveReminders } from './reminders/routes.ts'
import { serveUnusedPermissions } from './reminders/permission-routes.ts'
import { serveRequests } from './requests/routes.ts'
import { serveTeam } from './team/routes.ts'
import { serveTokens } from './tokens/routes.ts'
import { serveDeliveries } from './webhooks/deliveries.ts'
import { serveWebhooks } from './webhooks/routes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Address of the client; undefined: its connection has ended. */
    client: string | undefined
    /** The same; undefined also where a trusted proxy says nothing of who stands behind it. */
    vouched: string | undefined
    /** Why the request was refused. */
    denial: Denial | null
  }
}

const bodyLimitBytes = 64 * 1024
const maxHeaderBytes = 16 * 1024
const requestTimeoutMs = 30_000
const keepAliveMs = 5_000

/** Makes the server; the caller listens and closes. Throws RangeError on a malformed `adminFrom`. */
export function createControlServer(deps: ControlDeps): ControlApp {
  const check = createOperatorCheck(deps.tokens, deps.adminFrom)
  const app: ControlApp = Fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => deps.newId('req'),
    requestIdHeader: false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    return503OnClosing: false,
    // An id too long to be one is NOT_FOUND like any other, after the token.
    routerOptions: { maxParamLength: maxHeaderBytes },
    ...serverOf(deps),
    // Unknown fields and wrong types are refused, not mended (contract 8).
    ajv: {
      customOptions: {
        ...{ removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: true },
        keywords: [nameKeyword],
      },
    },
    frameworkErrors: (error, request, reply) => void refuse(error, request, reply),
    clientErrorHandler: (error, socket) => refuseBytes(error, socket, deps.newId('req')),
  })
  app.decorateRequest('caller')
  app.decorateRequest('client')
  app.decorateRequest('vouched')
  const clientAddress = createClientAddress(deps.trustedProxies)
  app.decorateRequest('denial', null)
  app.setErrorHandler(refuse)
  app.setNotFoundHandler(refuseUnknownPath)
  ignoreExpectations(app)
  oneAtATime(app)
  closeQuickly(app)
  refuseUnknownPeers(app)
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id).header('cache-control', 'no-store')
    const { client, vouched } = clientAddress(request)
    request.client = client
    request.vouched = vouched
    const denial = judgeHost(request.raw)
    return denial && sendDenial(denial, request, reply)
  })
  const { db, hub: people } = deps
  const hub = db && people ? createHubApp({ ...deps, db, hub: people }) : null
  if (hub) secureAnswers(app, hub.site)
  const judgeName = createHostCheck(deps.hosts, [hostname(), ...publicName(deps)])
  // These say nothing of the installation.
  if (hub && people?.pages) serveHubPages(app, people.pages)
  if (db) serveOpenApi(app, deps.publicUrl)
  serveLiveness(app)
  // Whoever asks for the others has no token, either.
  void app.register(async (open: ControlApp) => {
    open.addHook('onRequest', async (request, reply) => {
      const denial = judgeName(request.raw.headers.host)
      return denial && sendDenial(denial, request, reply)
    })
    serveProbes(open, deps)
    if (hub) void open.register(async (own: ControlApp) => serveHub(own, hub), { prefix: hubPath })
    const { server } = deps.oauth
    if (hub && server) void open.register(async (own: ControlApp) => serveOauth(own, { hub, server }))
  })
  if (db) {
    void app.register(async (admin: ControlApp) => serveAdmin(admin, { ...deps, db }, { check, hub }), {
      prefix: adminPath,
    })
  }
  return app
}

function serverOf({ tls }: ControlDeps) {
  const http = { ...parserOptions, maxHeaderSize: maxHeaderBytes }
  if (tls === null) return { http }
  const times = { keepAliveTimeout: keepAliveMs, requestTimeout: requestTimeoutMs }
  return { serverFactory: tlsServer(tls, { options: http, ...times }) }
}

interface Knowing {
  readonly check: OperatorCheck
  /** null: nobody signs in. */
  readonly hub: HubApp | null
}

function serveAdmin(app: ControlApp, deps: AdminDeps, knowing: Knowing): void {
  guardAdmin(app, deps, knowing)
  app.addHook('onResponse', async (request, reply) => {
    deps.log.info(accessLine(request, reply), 'admin request')
  })
  // Without its own handler an unknown path would be answered outside, before the token is asked for.
  app.setNotFoundHandler(refuseUnknownPath)
  acceptEmptyBodies(app)
  serveMerchants(app, deps)
  serveKeys(app, deps)
  serveKeyActions(app, deps)
  serveKeyImport(app, deps)
  serveExposed(app, deps)
  servePermissions(app, deps)
  serveAudit(app, deps)
  serveAuditVerification(app, deps)
  serveAuditExport(app, deps)
  serveUsedPermissions(app, deps)
  serveActivity(app, deps)
  serveActivityTotals(app, deps)
  serveActivitySeries(app, deps)
  serveLatency(app, deps)
  serveQuotas(app, deps)
  serveExplain(app, deps)
  serveRequests(app, deps)
  serveEvents(app, deps)
  serveInstances(app, deps)
  serveHealth(app, deps)
  serveDeny(app, deps)
  serveTokens(app, deps)
  serveReminders(app, deps)
  serveUnusedPermissions(app, deps)
  serveWebhooks(app, deps)
  serveDeliveries(app, deps)
  serveClients(app, deps)
  serveGrants(app, deps)
  serveOauthKeys(app, deps)
  const { hub } = knowing
  if (hub === null) return
  serveOperators(app, hub.deps)
  serveTeam(app, hub)
  serveOthersSessions(app, hub)
}

/**
 * Node asks for an address when it is wanted, and gets none once the other side has reset the connection: asked as one is
 * taken, it is known, or nothing is read.
 */
function refuseUnknownPeers(app: ControlApp): void {
  app.server.on('connection', (socket) => {
    if (socket.remoteAddress === undefined) socket.destroy()
  })
}

/** A client that keeps its connection open must not hold up the end: its last answer says close. */
function closeQuickly(app: ControlApp): void {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) void reply.header('connection', 'close')
  })
}

function publicName({ publicUrl }: ControlDeps): string[] {
  return publicUrl === null ? [] : [new URL(publicUrl).hostname]
}
