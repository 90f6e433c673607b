// What the control plane needs from the rest of the program, handed in by main.

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Static } from 'typebox'
import type { Table } from '../config/compiled.ts'
import type { explanationSchema } from './explain/explanation.ts'
import type { AccessTokenStore } from '../oauth/access-tokens.ts'
import type { OauthServer } from '../oauth/server.ts'
import type { Sealing } from '../credentials/sealing.ts'
import type { HubSettings } from '../config/hub-compiled.ts'
import type { HubPages } from './hub/pages.ts'
import type { ScanningKeys } from '../config/scanning-schema.ts'
import type { DenyBehind } from '../lookup/deny-acknowledge.ts'
import type { DenyStop } from '../lookup/deny-stop.ts'
import type { LiveDesk } from '../lookup/live-desk.ts'
import type { Change } from '../store/change-table.ts'
import type { InstanceView } from '../store/instance-table.ts'
import type { Postgres } from '../store/postgres.ts'
import type { AdminTokens } from './operator.ts'
import type { ControlTls } from './tls.ts'
import type { DestinationRule } from './webhooks/send/destination.ts'

/** What stands before the underscore of an id. */
export type IdKind =
  | ('key' | 'sec' | 'mer' | 'req' | 'tok')
  | ('usr' | 'ses' | 'inv' | 'eml' | 'pky')
  | ('whk' | 'whs' | 'evt' | 'dlv')
  | ('cli' | 'cls' | 'grt' | 'atk')

export interface ControlDeps {
  /** null: no admin API is served, only the probes and metrics. */
  readonly db: Postgres | null
  /** The table in force. */
  table(): Table
  /** Those in force: they may change while the process runs. */
  tokens(): AdminTokens
  /** CIDR blocks or single addresses that the admin API is served to. */
  readonly adminFrom: readonly string[]
  /** null: plain HTTP. */
  readonly tls: ControlTls | null
  /** CIDR blocks or single addresses that may say who the client is. */
  readonly trustedProxies: readonly string[]
  /** They hand certificates of clients on (RFC 9440). */
  readonly clientCertHeader: boolean
  /** Where the control plane is reached: scheme, host and port; null: not said. */
  readonly publicUrl: string | null
  /** Whose signed reports of exposed keys are believed. */
  readonly scanners: ScanningKeys
  /** Whether the audit is copied to somewhere. */
  readonly hasAuditSink: boolean
  /** Names that the control port answers without a token, besides addresses and those of private networks. */
  readonly hosts: readonly string[]
  /** People's accounts; null: there are none, and none of their paths. */
  readonly hub: HubDeps | null
  /** Counts a call that the admin API refused for its token or its address. */
  refused(reason: string): void
  /** Milliseconds since the epoch. */
  now(): number
  /** `key_…`: after the prefix 10 to 40 letters and digits, in the order of creation. */
  newId(prefix: IdKind): string
  /** Spreads a change after its commit. Never throws. */
  published(change: Change): void
  /** Access tokens, and the server that gives them out. */
  readonly oauth: OauthDeps
  /** What webhooks need. */
  readonly webhooks: WebhookDeps
  /** Resolves with the instances that have not applied `revision` within `timeoutMs`; empty: all have. Never rejects. */
  awaitAll(revision: number, timeoutMs: number): Promise<readonly PendingInstance[]>
  /** Resolves with whether Redis lacks a change up to `revision`, within `timeoutMs`. Never rejects. */
  isRedisBehind(revision: number, timeoutMs: number): Promise<boolean>
  /** The instances that count. */
  instances(): Promise<readonly InstanceView[]>
  /** Of this process. */
  readonly instanceId: string
  /** The emergency stop. */
  readonly deny: DenyStop
  /** The instances that do not hold the same stop as this one, after `timeoutMs` at most; null: nobody can be asked. */
  denyBehind(timeoutMs: number): Promise<readonly DenyBehind[] | null>
  health(): Health
  /** What the gateway would do with a request. */
  explain(asked: AskedRequest): Explained
  /** Decisions as they are made. */
  readonly live: Pick<LiveDesk, 'listen'>
  /** Prometheus' text format. */
  metrics(): Promise<string>
  readonly metricsContentType: string
  readonly log: FastifyBaseLogger
}

export interface AskedRequest {
  readonly method: string
  /** Absolute, or a path. */
  readonly url: string
  readonly host: string | undefined
  /** undefined: it has no key. */
  readonly caller:
    | {
        /** undefined: of the API that serves the host. */
        readonly api: string | undefined
        readonly environment: string | undefined
        readonly permissions: readonly string[]
      }
    | undefined
}

export type Explained =
  | Static<typeof explanationSchema>
  /** It cannot be asked so; `at` names the member. */
  | { readonly at: string; readonly fault: string }

export interface OauthDeps {
  /** Ends those that fit: to be called last in a transaction. null: there is nothing to spread. */
  endTokens: AccessTokenStore['end']
  /** Gives the authorization server, or null while no API takes tokens; null: there is none, and none of its paths. */
  readonly server: (() => Promise<OauthServer | null>) | null
}

export interface WebhookDeps {
  /** Of the keys that are configured now. */
  sealing(): Sealing
  readonly rule: DestinationRule
  /** There is something to send, perhaps. */
  kick(): void
}

/** What people's accounts need. */
export interface HubDeps {
  /** Where people reach it: scheme, host and port. */
  readonly publicUrl: string
  /** What a proxy takes away before us; empty: nothing. */
  readonly path: string
  readonly sessions: HubSettings['sessions']
  readonly oidc: HubSettings['oidc']
  /** The web application; null: its pages are not served. */
  readonly pages: HubPages | null
  /** Whether links are sent by mail; else they are shown to whoever makes them. */
  readonly sendsMail: boolean
  /** A mail stands in its table. Never throws. */
  mailQueued(): void
}

/** An instance that may still decide by an older revision. Times in milliseconds since the epoch. */
export interface PendingInstance {
  readonly instance: string
  readonly appliedRevision: number
  readonly lastSeenAtMs: number
  /** By when it has stopped using what it knew, if it never comes back. */
  readonly deadByMs: number
}

/** The state of one process. */
export interface Health {
  /** Whether known keys can be decided: false before the first table and feed are there, while draining, and where nothing serves. */
  readonly isReady: boolean
  readonly status: 'ok' | 'degraded'
  readonly tableSha256: string | null
  /** A word such as `up`, `down`, `none`. */
  readonly postgres: string
  /** Why Postgres refuses this instance: a code, and the setting that mends it. */
  readonly postgresFault?: string | undefined
  readonly redis: string
  readonly appliedRevision: number | null
  /** How far this machine's clock is behind the database's, in milliseconds. */
  readonly clockOffsetMs?: number | undefined
  /** A word on the cache keys of the instances where they do not fit. */
  readonly cacheKey?: 'apart' | undefined
  /** Why the file on disk is not in force. */
  readonly configFault?: string | undefined
  /** How many entries the emergency stop has, by kind. */
  readonly denied?: Readonly<Record<string, number>>
  /** Why the deny file on disk is not in force. */
  readonly denyFault?: string | undefined
  /** What is to be told of certificates, with the file's name. */
  readonly certificates?: readonly string[] | undefined
  /** A word on the log where it is not well. */
  readonly log?: 'dropping' | undefined
  /** Of a primary: how many workers there should be, and how many serve. */
  readonly workers?: { readonly wanted: number; readonly serving: number } | undefined
  /** Of upstreams with several targets, or with checks, how many there are and how many get requests. */
  readonly upstreams?: Readonly<Record<string, { readonly targets: number; readonly available: number }>>
  /** A word on the gateway's port where it does not answer. */
  readonly gateway?: 'silent' | undefined
}

/** As ControlDeps, where there is a database. */
export type AdminDeps = ControlDeps & { readonly db: Postgres }

export type ControlApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>
