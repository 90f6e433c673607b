// A checked file and its tables → the immutable value that the program runs on. No fault is found here.

import { dirname, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { compileAuditSink } from './audit-sink.ts'
import type { Api, CompiledConfig, Settings, Table, TlsSettings, Upstream } from './compiled.ts'
import { createHostMatcher, normalizeHost } from './hosts.ts'
import { compileHub } from './hub.ts'
import { compileJwt } from './jwt-schema.ts'
import { compileOAuth, resourceMetadataPath } from './oauth-schema.ts'
import { createRouteTries, type MatchableRoute } from './matcher.ts'
import { brakesOf } from './brakes.ts'
import { quotasOf } from './quotas.ts'
import { rateLimitsOf } from './rate-limits.ts'
import { resolveRedisFiles } from './redis-url.ts'
import { changesNothing, limitOf, limitsOf, withDefaults } from './route-limits.ts'
import type { GatewayFile } from './schema.ts'
import type { PermissionTable } from './table.ts'
import { withoutLastSlash } from './trailing-slash.ts'
import { parseDuration, parseSize } from './units.ts'
import { basePathIn } from './upstream-url.ts'

export interface Checked {
  /** Path of gateway.yaml: relative paths in it start at its folder. */
  readonly path: string
  readonly file: GatewayFile
  /** PEM bundles that stand in for the authorities that Node has; none unless said. */
  readonly authorities?: readonly string[]
  /** By API name. */
  readonly tables: ReadonlyMap<string, PermissionTable>
  /** Lower-case hex. */
  readonly sha256: string
}

/**
 * Builds the configuration, a large table with pauses: requests are served meanwhile. All parts have been checked: a
 * missing one is a bug, and throws.
 */
export async function compile(checked: Checked): Promise<CompiledConfig> {
  const settings = compileSettings(checked)
  const isMarked = [...checked.tables.values()].some(({ routes }) => routes.some((route) => route.isShadow))
  const candidate = isMarked ? { settings, table: await compileAccess(checked), candidate: null } : null
  const tables = new Map([...checked.tables].map(([name, table]) => [name, withoutShadow(table)]))
  return { settings, table: await compileAccess({ ...checked, tables }), candidate }
}

function withoutShadow(table: PermissionTable): PermissionTable {
  return { ...table, routes: table.routes.filter((route) => !route.isShadow) }
}

function compileTls(tls: GatewayFile['gateway']['tls'], folder: string): TlsSettings | null {
  if (tls === undefined) return null
  const { cert, key, ciphers, client_certificates: asked } = tls
  return {
    ...{ certFile: resolve(folder, cert), keyFile: resolve(folder, key) },
    ...{ ciphers, asksClients: asked === 'optional' },
  }
}

function compileSettings({ path, file, authorities = [] }: Checked): Settings {
  const folder = dirname(resolve(path))
  const { gateway, control, identity } = file
  return {
    gateway: {
      host: gateway.host,
      port: gateway.port,
      tls: compileTls(gateway.tls, folder),
      trustedProxies: gateway.trusted_proxies,
      requireHttps: gateway.require_https,
      clientCertHeader: gateway.client_cert_header,
      denyFile: gateway.deny === undefined ? null : resolve(folder, gateway.deny),
      health: gateway.health ?? null,
      drainDelayMs: parseDuration(gateway.drain_delay),
      proxyProtocol: gateway.proxy_protocol,
      cache: { maxKnown: gateway.cache.known, maxUnknown: gateway.cache.unknown },
      limits: {
        headerBytes: parseSize(gateway.limits.header_bytes),
        headerCount: gateway.limits.header_count,
        urlBytes: parseSize(gateway.limits.url_bytes),
        headerTimeoutMs: parseDuration(gateway.limits.header_timeout),
        idleTimeoutMs: parseDuration(gateway.limits.idle_timeout),
        handshakeTimeoutMs: parseDuration(gateway.limits.handshake_timeout),
        bodyRate: gateway.limits.body_rate,
        clientConnections: gateway.limits.client_connections,
        failedLookups: gateway.limits.failed_lookups,
        inFlight: gateway.limits.in_flight,
        unreadBytes: parseSize(gateway.limits.unread_bytes),
        eventLoopDelayMs: parseDuration(gateway.limits.event_loop_delay),
      },
    },
    control: {
      host: control.host,
      port: control.port,
      tls: compileTls(control.tls, folder),
      trustedProxies: control.trusted_proxies,
      clientCertHeader: control.client_cert_header,
      clientCaFile: control.client_ca === undefined ? null : resolve(folder, control.client_ca),
      mtlsUrl: control.mtls_url === undefined ? null : new URL(control.mtls_url).origin,
      publicUrl: control.public_url === undefined ? null : new URL(control.public_url).origin,
      adminFrom: control.admin_from,
      hosts: control.hosts,
      scanners: control.secret_scanning.github,
      auditSink: compileAuditSink(file, folder),
      auditRetentionMs: control.audit_retention === 'none' ? null : parseDuration(control.audit_retention),
    },
    postgres:
      file.postgres === 'embedded'
        ? { kind: 'embedded', directory: resolve(folder, '.latchkey') }
        : { kind: 'url', url: file.postgres },
    redis:
      file.redis === 'none' ? { kind: 'none' } : { kind: 'url', url: resolveRedisFiles(file.redis, folder) },
    hub: compileHub(file),
    identity,
    log: file.log,
    webhooks: file.webhooks,
    upstreams: new Map(
      Object.entries(file.upstreams).map(([name, entry]) => [
        name,
        compileUpstream(name, entry, { folder, authorities }),
      ]),
    ),
  }
}

/** Requests that may wait for each connection of an upstream that does not say. */
const queuePerConnection = 4

interface Surroundings {
  /** Of the gateway file. */
  readonly folder: string
  /** Bundles for upstreams that name none. */
  readonly authorities: readonly string[]
}

function compileUpstream(
  name: string,
  entry: GatewayFile['upstreams'][string],
  { folder, authorities }: Surroundings,
): Upstream {
  return {
    name,
    ...addressesOf(entry),
    resolve: entry.resolve,
    health: compileHealth(entry),
    timeoutMs: parseDuration(entry.timeout),
    connections: entry.connections,
    queue: entry.queue ?? entry.connections * queuePerConnection,
    queueTimeoutMs: parseDuration(entry.queue_timeout),
    connectTimeoutMs: parseDuration(entry.connect_timeout),
    maxAgeMs: parseDuration(entry.max_age),
    reuse: entry.reuse,
    preserveHost: entry.preserve_host,
    headers: Object.entries(entry.headers),
    serverName: entry.server_name === undefined ? null : normalizeHost(entry.server_name),
    caFiles: entry.ca === undefined ? authorities : [resolve(folder, entry.ca)],
    clientCertificate:
      entry.cert === undefined || entry.key === undefined
        ? null
        : { certFile: resolve(folder, entry.cert), keyFile: resolve(folder, entry.key) },
  }
}

/** The base path as it is written: a URL would put it in order. */
function addressesOf({
  url,
  targets,
}: GatewayFile['upstreams'][string]): Pick<Upstream, 'origin' | 'basePath' | 'targets'> {
  const all = targets ?? (url === undefined ? [] : [{ url, weight: 1 }])
  const [first] = all
  if (first === undefined) throw new Error('an upstream has a target')
  return {
    origin: new URL(first.url).origin,
    basePath: basePathIn(first.url),
    targets: all.map((target) => ({ origin: new URL(target.url).origin, weight: target.weight })),
  }
}

function compileHealth({ health }: GatewayFile['upstreams'][string]): Upstream['health'] {
  if (health === undefined) return null
  const { path, interval, healthy_after: healthyAfter, unhealthy_after: unhealthyAfter } = health
  return { path, intervalMs: parseDuration(interval), healthyAfter, unhealthyAfter }
}

async function compileAccess({ file, tables, sha256 }: Checked): Promise<Table> {
  const apis = new Map<string, Api>()
  for (const [name, entry] of Object.entries(file.apis)) {
    const table = tables.get(name)
    if (!table) throw new Error(`the API ${name} has no permission table`)
    apis.set(name, await compileApi(name, { entry, table, file }))
  }
  const all = [...apis.values()]
  return {
    sha256,
    apis,
    plans: new Set(Object.keys(file.plans)),
    prefixes: all.flatMap((api) => api.environments.map((environment) => environment.prefix)),
    maxStaleLimitMs: Math.max(...all.map((api) => api.staleLimitMs)),
    merchantStaleLimitMs: Math.min(...all.filter(({ jwt }) => jwt !== null).map((api) => api.staleLimitMs)),
    escapes: all.flatMap((api) => api.routes).reduce((set, route) => set | route.escapes, 0),
    matchHost: createHostMatcher(all),
  }
}

interface ApiParts {
  readonly entry: GatewayFile['apis'][string]
  readonly table: PermissionTable
  readonly file: GatewayFile
}

/** Where the control plane says of an API what it is as a resource (RFC 9728); null: nobody gives out tokens for it. */
function metadataAt(name: string, { entry, file }: Pick<ApiParts, 'entry' | 'file'>): string | null {
  const hub = entry.oauth === undefined ? null : compileHub(file)
  return hub && `${hub.publicUrl}${resourceMetadataPath}/${name}`
}

async function compileApi(name: string, { entry, table, file }: ApiParts): Promise<Api> {
  const limits = limitsOf(entry)
  const { all: rateLimits, fitting } = rateLimitsOf(name, entry.rate_limits, file.plans)
  const own = table.routes.map((one) => {
    const own = fitting(one.route)
    if (own.length === 0 && changesNothing(one.route, limits)) return one
    return { ...one, route: { ...withDefaults(one.route, limits), rateLimits: own } }
  })
  const match = await matcherOf(own)
  const isSame = entry.trailing_slash === 'same'
  return {
    name,
    credential: compileCredential(entry),
    environments: compileEnvironments(entry),
    permissions: table.permissions,
    staleLimitMs: parseDuration(entry.stale_limit),
    legacyKeys: entry.legacy_keys,
    oauth: compileOAuth(entry.oauth),
    jwt: compileJwt(entry.jwt, Object.keys(entry.environments)),
    resourceMetadata: metadataAt(name, { entry, file }),
    cors: compileCors(entry),
    stripPrefix: entry.strip_prefix,
    forwardAuthorization: entry.forward_authorization,
    docs: entry.docs ?? null,
    timeoutMs: limitOf(limits.timeoutMs),
    trailingSlash: entry.trailing_slash,
    routes: own.map(({ route }) => route),
    rateLimits,
    quotas: quotasOf(name, entry.quotas, file.plans),
    brakes: brakesOf(
      name,
      entry.brakes,
      own.map(({ route }) => route),
    ),
    matchRoute: isSame ? (method, path) => match(method, withoutLastSlash(path)) : match,
  }
}

function compileEnvironments({ environments }: GatewayFile['apis'][string]): Api['environments'] {
  return Object.entries(environments)
    .map(([name, { hosts, prefix, upstream, exposed }]) => ({
      name,
      hosts: hosts.map(normalizeHost),
      prefix,
      upstream,
      exposed,
    }))
    .toSorted((a, b) => Number(b.name === 'live') - Number(a.name === 'live'))
}

/** Clients of OAuth send tokens in Authorization (RFC 6750 §2.1), whatever else an API takes. */
function compileCredential({ credential, oauth, jwt }: GatewayFile['apis'][string]): Api['credential'] {
  const { header } = credential
  const bearer = credential.bearer || oauth !== undefined || jwt !== undefined
  const fields = [...(header === undefined ? [] : [header]), ...(bearer ? ['Authorization'] : [])]
  return { header: header ?? null, bearer, fields, fieldList: fields.join(', ') }
}

function compileCors(entry: GatewayFile['apis'][string]): Api['cors'] {
  const { cors } = entry
  if (typeof cors === 'string') return cors
  const { origins, headers } = cors
  const usual = [
    ...compileCredential(entry).fields,
    ...(entry.oauth === undefined && entry.jwt === undefined ? [] : ['DPoP']),
    'Content-Type',
  ]
  return {
    origins: origins.includes('*') ? null : new Set(origins),
    allowHeaders: (headers ?? usual).join(', '),
    maxAgeSeconds: String(Math.floor(parseDuration(cors.max_age) / 1000)),
  }
}

/** Some milliseconds' worth. */
const routesATurn = 500

async function matcherOf(routes: readonly MatchableRoute[]): Promise<Api['matchRoute']> {
  const { add, match } = createRouteTries()
  for (const [index, route] of routes.entries()) {
    if (index > 0 && index % routesATurn === 0) await setImmediate()
    add(route)
  }
  return match
}
