// What the configuration files become: one immutable value that the rest of the program runs on.
// Types only. Built by compile.ts; read by gateway, control and main. Swapped whole on a reload, never changed.

import type { Requirement } from '../credentials/permission.ts'
import type { Disguises } from './disguise.ts'
import type { HubSettings } from './hub-compiled.ts'
import type { LogPaths } from './log-schema.ts'
import type { Brake } from './brakes.ts'
import type { Quota } from './quotas.ts'
import type { JwtSettings } from './jwt-schema.ts'
import type { OAuthSettings } from './oauth-schema.ts'
import type { CountedBy } from './rate-limit-schema.ts'
import type { Escapes } from './request/escapes.ts'
import type { PathFault } from './request/path-fault.ts'
import type { ExposurePolicy, ScanningKeys } from './scanning-schema.ts'
import type { TrailingSlash } from './trailing-slash.ts'

/** Everything that the files say. */
export interface CompiledConfig {
  /** The same with the routes that are marked `shadow: true`: decides nothing, is compared. null: none is marked. */
  readonly candidate: CompiledConfig | null
  readonly settings: Settings
  readonly table: Table
}

/** What does not concern a single request's permissions. Durations in milliseconds, sizes in bytes. */
export interface Settings {
  readonly gateway: {
    readonly host: string
    readonly port: number
    readonly tls: TlsSettings | null
    /** CIDR blocks or single addresses, IPv4 and IPv6. */
    readonly trustedProxies: readonly string[]
    readonly requireHttps: boolean
    /** Trusted proxies hand the certificates of clients on (RFC 9440). */
    readonly clientCertHeader: boolean
    /** The emergency stop's file, absolute; null: none is named. */
    readonly denyFile: string | null
    /** The path that balancers ask; null: none. */
    readonly health: string | null
    /** From the signal to the drain: not ready, and still taking connections. */
    readonly drainDelayMs: number
    /** Trusted proxies begin each connection with a header of the PROXY protocol. */
    readonly proxyProtocol: boolean
    /** Entries of each process. */
    readonly cache: { readonly maxKnown: number; readonly maxUnknown: number }
    readonly limits: Limits
  }
  readonly control: {
    readonly host: string
    readonly port: number
    /** null: plain HTTP. */
    readonly tls: TlsSettings | null
    readonly trustedProxies: readonly string[]
    /** As in `gateway`. */
    readonly clientCertHeader: boolean
    /** Authorities of clients of OAuth, an absolute path; null: none. */
    readonly clientCaFile: string | null
    /** Where clients with certificates come to, as `publicUrl`; null: there. */
    readonly mtlsUrl: string | null
    /** Scheme, host and port; null: not said. */
    readonly publicUrl: string | null
    readonly adminFrom: readonly string[]
    /** Public keys of scanners whose signed reports are believed. */
    readonly scanners: ScanningKeys
    /** Names in public DNS that the control port answers without a token. */
    readonly hosts: readonly string[]
    /** Where the audit is copied to; null: nowhere. */
    readonly auditSink: AuditSink | null
    /** How long entries of the audit are kept; null: for ever. */
    readonly auditRetentionMs: number | null
  }
  readonly postgres:
    | { readonly kind: 'url'; readonly url: string }
    /** `directory`: absolute; where the demo's data lives. */
    | { readonly kind: 'embedded'; readonly directory: string }
  readonly redis: { readonly kind: 'url'; readonly url: string } | { readonly kind: 'none' }
  /** People's accounts; null: there are none. */
  readonly hub: HubSettings | null
  /** Header names as configured. */
  readonly identity: {
    readonly merchant: string
    readonly permissions: string
    readonly key: string
    readonly environment: string
  }
  /** Of which requests the access log has the path. */
  readonly log: { readonly paths: LogPaths }
  /** CIDR blocks or single addresses, not public ones, that webhooks may be sent to. */
  readonly webhooks: { readonly allow: readonly string[] }
  readonly upstreams: ReadonlyMap<string, Upstream>
}

/** Paths are absolute. */
export type AuditSink =
  | {
      readonly kind: 'http'
      readonly url: string
      readonly headers: readonly (readonly [name: string, value: string])[]
      /** PEM bundle; null: the authorities that Node has. */
      readonly caFile: string | null
      readonly timeoutMs: number
    }
  | { readonly kind: 'file'; readonly path: string }

export interface TlsSettings {
  readonly certFile: string
  readonly keyFile: string
  /** Clients are asked for a certificate. */
  readonly asksClients: boolean
  /** As OpenSSL takes it. */
  readonly ciphers: string
}

export interface Limits {
  readonly headerBytes: number
  readonly headerCount: number
  readonly urlBytes: number
  readonly headerTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly handshakeTimeoutMs: number
  /** Bytes a second that a body must bring after its first ten; 0: no such limit. */
  readonly bodyRate: number
  /** Connections from one address at once. */
  readonly clientConnections: number
  /** Requests with unknown keys from one client in a minute. */
  readonly failedLookups: number
  /** Requests under way at once in one process. */
  readonly inFlight: number
  /** Bytes kept for clients that do not read, in one process. */
  readonly unreadBytes: number
  /** Lag of the event loop beyond which new requests are refused. */
  readonly eventLoopDelayMs: number
}

export interface Upstream {
  readonly name: string
  /** Scheme, host and port of its first target; no path. All have one scheme. */
  readonly origin: string
  /** Where its requests go: one at least. */
  readonly targets: readonly UpstreamTarget[]
  /** Whether each address of a name is a target of its own, or connections take turns among them. */
  readonly resolve: 'turns' | 'all'
  /** Active checks; null: none. */
  readonly health: {
    readonly path: string
    readonly intervalMs: number
    readonly healthyAfter: number
    readonly unhealthyAfter: number
  } | null
  /** Stands before the path of every request, as it is written; no slash at its end. Empty: nothing does. */
  readonly basePath: string
  readonly timeoutMs: number
  readonly connections: number
  /** Requests that may wait for a connection. */
  readonly queue: number
  readonly queueTimeoutMs: number
  readonly connectTimeoutMs: number
  /** Age of a connection from which on it is not used again. */
  readonly maxAgeMs: number
  /** After which requests a connection is used again. */
  readonly reuse: 'bodiless' | 'all' | 'none'
  readonly preserveHost: boolean
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Name that its certificate must be for; null: that of the origin. */
  readonly serverName: string | null
  /** PEM bundles of the authorities to trust, and no others; none: those that Node has. */
  readonly caFiles: readonly string[]
  /** What the gateway shows to an upstream that asks for a certificate. */
  readonly clientCertificate: { readonly certFile: string; readonly keyFile: string } | null
}

export interface UpstreamTarget {
  /** Scheme, host and port. */
  readonly origin: string
  /** 0: it gets no new requests. */
  readonly weight: number
}

/** Who may do what, for all APIs. */
export interface Table {
  /** Lower-case hex SHA-256 of all files that it was made from, secrets of the environment excluded. */
  readonly sha256: string
  readonly apis: ReadonlyMap<string, Api>
  /** Names of the plans that merchants may have. */
  readonly plans: ReadonlySet<string>
  /** Every key prefix of every API. */
  readonly prefixes: readonly string[]
  /** Largest `stale_limit` of any API. */
  readonly maxStaleLimitMs: number
  /** Smallest of those that take tokens of an outside issuer, which are looked up by their merchant; Infinity: none does. */
  readonly merchantStaleLimitMs: number
  /** Escapes that a route of any API takes in its parameters. */
  readonly escapes: Escapes
  /** `host` as the client sent it (any case, perhaps a port, perhaps a trailing dot); undefined: no API has it. */
  matchHost(host: string): HostMatch | undefined
}

/** One API, and those of its environments that the host allows (several where they share it). */
export interface HostMatch {
  readonly api: Api
  readonly environments: readonly [ApiEnvironment, ...ApiEnvironment[]]
}

export interface Api {
  readonly name: string
  readonly credential: {
    /** Header name as configured; null: the API takes no header. */
    readonly header: string | null
    /** Also where it takes tokens. */
    readonly bearer: boolean
    /** Names of the header fields that it can stand in; at least one. */
    readonly fields: readonly string[]
    /** The same with commas between them. */
    readonly fieldList: string
  }
  /** One at least: `live` first where there is one, else as in the file. */
  readonly environments: readonly ApiEnvironment[]
  /** Permission name → the text that people see, in the file's order. */
  readonly permissions: ReadonlyMap<string, string>
  readonly staleLimitMs: number
  readonly legacyKeys: boolean
  /** null: it takes no access tokens. */
  readonly oauth: OAuthSettings | null
  /** null: it takes no tokens of an outside issuer. */
  readonly jwt: JwtSettings | null
  /** URL of what it says of itself as a resource (RFC 9728); null: there is nothing. */
  readonly resourceMetadata: string | null
  readonly cors: 'off' | 'upstream' | CorsRules
  /** What every path of its routes begins with and is not sent on; empty: all of the path is. */
  readonly stripPrefix: string
  readonly forwardAuthorization: boolean
  /** Of what has no route, as preflights: null: the upstream's. */
  readonly timeoutMs: number | null
  readonly trailingSlash: TrailingSlash
  /** URL of what is said about an error, with `{code}` for its code; null: there is none. */
  readonly docs: string | null
  readonly routes: readonly Route[]
  /** All of them, in the file's order. */
  readonly rateLimits: readonly RateLimit[]
  readonly quotas: readonly Quota[]
  readonly brakes: readonly Brake[]
  /**
   * Matches a request by method and raw path: bytes as they came, no query, already judged unambiguous but for escapes
   * that routes take: those of the path are judged here, for the route that is found.
   * HEAD follows GET where the path has no HEAD route of its own.
   */
  matchRoute(method: string, path: string): RouteMatch
}

/** What the gateway itself tells pages of other origins. */
export interface CorsRules {
  /** null: any. */
  readonly origins: ReadonlySet<string> | null
  /** Of a preflight: Access-Control-Allow-Headers and -Max-Age. */
  readonly allowHeaders: string
  readonly maxAgeSeconds: string
}

export interface ApiEnvironment {
  readonly name: string
  readonly hosts: readonly string[]
  readonly prefix: string
  /** Name of an upstream in Settings. */
  readonly upstream: string
  /** What becomes of a key of it that is reported to stand in public; absent: it is told. */
  readonly exposed?: ExposurePolicy
}

export interface Route {
  readonly method: string
  readonly template: string
  readonly requirement: Requirement
  /** null: the upstream's. */
  readonly timeoutMs: number | null
  /** null: no limit. */
  readonly maxBodyBytes: number | null
  /** Largest body of an answer; null: no limit. */
  readonly maxResponseBytes: number | null
  /** Longest pause of an answer; null: the gateway's. */
  readonly responseIdleMs: number | null
  /** In place of its environment's: one for all, or one for each, sorted by environment; null: the environment's. */
  readonly upstream: string | readonly (readonly [environment: string, upstream: string])[] | null
  /** Those that fit it, in the order in which they refuse; one list for all routes with the same. */
  readonly rateLimits: readonly RateLimit[]
  /** Which values of its parameters are refused for a literal beside them. */
  readonly disguises: Disguises
  /** Which of the escapes that are refused elsewhere its parameters take. */
  readonly escapes: Escapes
  /** `file:line:col` of the route in its permission table. */
  readonly source: string
}

export interface RateLimit {
  readonly api: string
  readonly name: string
  readonly per: CountedBy
  readonly allowance: Allowance
  /** In its place, by plan of the merchant. */
  readonly ofPlans: ReadonlyMap<string, Allowance>
  /** Counts and tells, and refuses nobody. */
  readonly isShadow: boolean
}

/** How often, on average and at once. */
export interface Allowance {
  /** Requests in `windowSeconds`, as the file says it. */
  readonly quota: number
  readonly windowSeconds: number
  /** Milliseconds from one request to the next. */
  readonly intervalMs: number
  readonly burst: number
}

export type RouteMatch =
  | { readonly kind: 'found'; readonly route: Route }
  | { readonly kind: 'not_found' }
  /** The path has routes, but none for this method; `allow` sorted, HEAD included where GET is. */
  | { readonly kind: 'wrong_method'; readonly allow: readonly string[] }
  /** A parameter's value can be read as a literal beside it (disguise.ts): two readers could disagree. */
  | { readonly kind: 'hidden_literal'; readonly at: number }
  /** An escape that no route of this path and method takes (request/escapes.ts). */
  | { readonly kind: 'refused_escape'; readonly fault: PathFault }
