// The credential record: all that the gateway needs to know of one secret in order to decide a request.
// Pure: no I/O, no clock of its own. It must not know where records come from (Postgres, Redis, memory) nor what
// a request looks like. An OAuth access token is one more `kind` of the same record.

import type { CallerLimits } from './caller-limits.ts'

export const merchantStatuses = ['active', 'suspended'] as const
export type MerchantStatus = (typeof merchantStatuses)[number]

export const keyStatuses = ['active', 'disabled', 'revoked'] as const
export type KeyStatus = (typeof keyStatuses)[number]

/** What a list of keys can be asked for: `expired` are the active ones whose time is over. */
export const listedStatuses = [...keyStatuses, 'expired'] as const
export type ListedStatus = (typeof listedStatuses)[number]

/**
 * `merchant`: what is looked up for a token of an outside issuer (merchant-digest.ts), and is no credential by itself.
 * `outside_token`: such a token, made of that record and of what the issuer says; it is in no store.
 */
export const credentialKinds = ['api_key', 'access_token', 'merchant', 'outside_token'] as const
export type CredentialKind = (typeof credentialKinds)[number]

/** What a record of an access token has beside what one of a key has. */
export interface TokenPart {
  /** `atk_…`, of this token alone. */
  readonly id: string
  /** The person on whose behalf it was given; null: the client's own. */
  readonly userId: string | null
  readonly grantId: string | null
  /** What whoever uses it must prove to have: a key, by its thumbprint (RFC 7638), or a certificate (`certificateOf`); null: it is not bound. */
  readonly jkt: string | null
}

export interface CredentialRecord {
  readonly kind: CredentialKind
  /** `key_…`: never changes, may be shown. Of an access token its client, `cli_…`. */
  readonly keyId: string
  /** Which of the key's secrets (two during a rotation's grace) this record is for. Of an access token its grant, or its client. */
  readonly secretId: string
  readonly merchantId: string
  readonly api: string
  /** As its API's configuration calls it, or called it. */
  readonly environment: string
  readonly status: KeyStatus
  readonly merchantStatus: MerchantStatus
  /** Sorted; `['*']` stands for every permission of the API. */
  readonly permissions: readonly string[]
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAtMs: number | null
  /** End of this secret's rotation grace in milliseconds since the epoch; null: none. */
  readonly secretExpiresAtMs: number | null
  /** null: nothing is said of this key or its merchant. */
  readonly limits: CallerLimits | null
  /** null: it is a key. */
  readonly token: TokenPart | null
  /** The revision of the key's last change. */
  readonly revision: number
}

/** Who knows no certificates takes it for the thumbprint of a key, which nobody has: a token is never less bound than it was made. */
const certificateMark = 'x5t:'

/** As `jkt` has a certificate, by its SHA-256 in base64url (RFC 8705). */
export function boundToCertificate(thumbprint: string): string {
  return certificateMark + thumbprint
}

/** SHA-256 (base64url) of the certificate that a token is bound to; undefined: it is bound to a key. */
export function certificateOf(jkt: string): string | undefined {
  return jkt.startsWith(certificateMark) ? jkt.slice(certificateMark.length) : undefined
}

/** What a token rests on beside its client and merchant: where one of these has moved, it is to be read anew. */
export function tokenSubjects({ id, userId, grantId }: TokenPart): string[] {
  return [id, ...(grantId === null ? [] : [grantId]), ...(userId === null ? [] : [userId])]
}

/** Why a record cannot be used: private, for the log and the metric; the client sees one same answer. */
export type UnusableReason = 'disabled' | 'revoked' | 'expired' | 'rotated_out' | 'merchant_suspended'

/**
 * Whether a record may be used at `nowMs` (milliseconds since the epoch). Returns the private reason when it may
 * not, undefined when it may. An expiry is the first instant at which the key no longer works.
 */
export function whyUnusable(record: CredentialRecord, nowMs: number): UnusableReason | undefined {
  if (record.status !== 'active') return record.status
  if (record.merchantStatus !== 'active') return 'merchant_suspended'
  if (record.expiresAtMs !== null && nowMs >= record.expiresAtMs) return 'expired'
  if (record.secretExpiresAtMs !== null && nowMs >= record.secretExpiresAtMs) return 'rotated_out'
  return undefined
}
