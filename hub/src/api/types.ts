// What the API answers with (GET /openapi.json), as far as the pages use it.

export interface Page<Row> {
  readonly data: readonly Row[]
  readonly next_cursor: string | null
}

export type OperatorRole = 'admin' | 'support' | 'auditor' | 'read_only'
export type MemberRole = 'admin' | 'viewer'

export interface SessionMerchant {
  readonly id: string
  readonly name: string
  readonly status?: 'active' | 'suspended'
  readonly role: MemberRole
}

export interface User {
  readonly id: string
  readonly email: string
  readonly kind: 'operator' | 'member'
  readonly role?: OperatorRole | null
  readonly merchants: readonly SessionMerchant[]
}

export interface Signed {
  readonly user: User
  readonly csrf: string
  readonly session?: { readonly id: string; readonly expires_at: string; readonly idle_seconds: number }
}

export interface KeySecret {
  readonly id: string
  readonly last4: string
  readonly created_at: string
  readonly expires_at: string | null
  readonly last_used_at: string | null
}

export interface Key {
  readonly id: string
  readonly merchant_id: string
  /** In a list alone. */
  readonly merchant_name?: string
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly status: 'active' | 'disabled' | 'revoked'
  readonly prefix: string
  readonly last4: string | null
  readonly permissions: readonly string[]
  readonly created_at: string
  readonly expires_at: string | null
  readonly last_used_at: string | null
  readonly revision: number
  readonly secrets: readonly KeySecret[]
  readonly created_by?: string | null
  readonly owner?: string | null
  readonly metadata?: Readonly<Record<string, string>>
  readonly exposed_at?: string | null
  readonly brakes?: readonly Brake[]
  readonly allowed_ips?: readonly string[]
  readonly rate_limits?: RateOverrides
  readonly in_flight?: number | null
  readonly quotas?: QuotaOverrides
}

/** What was done to a key that did far more than it usually does. */
export interface Brake {
  readonly name: string
  readonly action: 'notify' | 'disable' | 'require_ip'
  readonly pulled_at: string
  /** null: it holds the key until it is released. */
  readonly ends_at: string | null
}

/** By name of a quota of the file: requests in a calendar month (UTC). */
export type QuotaOverrides = Readonly<Record<string, { readonly requests: number }>>

export type RateOverrides = Readonly<Record<string, { readonly rate: string; readonly burst: number | null }>>

/** Of the file, as the platform's staff are told of it. */
export interface RateLimit {
  readonly name: string
  readonly per: string
  readonly rate: string
  readonly burst: number
  /** By name of a plan, its rate. */
  readonly plans?: Readonly<Record<string, string>>
}

export interface Quota {
  readonly name: string
  readonly per: 'merchant' | 'key'
  /** In a calendar month (UTC). */
  readonly requests: number
  readonly plans: Readonly<Record<string, number>>
}

export interface Pending {
  readonly instance: string
  readonly applied_revision: number
  readonly last_seen_at: string
  readonly dead_by: string
}

/** What `?wait=all` adds. */
export interface Settled {
  readonly pending?: readonly Pending[]
  readonly redis?: 'behind'
}

export type KeyWithSecret = Key & Settled & { readonly secret: string | null }

export interface Merchant {
  readonly id: string
  readonly name: string
  readonly status: 'active' | 'suspended'
  readonly created_at: string
  readonly revision: number
  readonly plan?: string | null
  readonly rate_limits?: RateOverrides
  readonly in_flight?: number | null
  readonly quotas?: QuotaOverrides
}

export interface ApiPermissions {
  readonly api: string
  readonly environments: readonly string[]
  readonly permissions: readonly { readonly name: string; readonly description: string }[]
  readonly routes?: readonly ApiRoute[]
  readonly rate_limits?: readonly RateLimit[]
  readonly quotas?: readonly Quota[]
  readonly hosts?: Readonly<Record<string, readonly string[]>>
  readonly takes_tokens?: boolean
  readonly credential?: { readonly header: string | null; readonly bearer: boolean }
}

export interface ApiRoute {
  readonly method: string
  readonly path: string
  readonly need: 'public' | 'all' | 'any'
  /** `file:line:col`; for operators. */
  readonly source?: string
  readonly permissions: readonly string[]
}

export interface AuditEntry {
  readonly id: number | string
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly reason?: string | null
  readonly request_id?: string | null
  readonly client?: string | null
  readonly before?: unknown
  readonly after?: unknown
  readonly revision?: number | null
}
