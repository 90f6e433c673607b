// What can be told of a token of an outside issuer, to those who ask: they know nothing of keys and of where these come from.

import type { JwtSettings } from '../../config/jwt-schema.ts'
import type { Secret } from '../../credentials/secret.ts'
import type { Reason } from '../../errors/reasons.ts'

/** What a token says, its issuer believed. */
export interface OutsideToken {
  readonly issuer: string
  /** `jti_…`, by its `jti` where it has one, else by all of it; no part of it. */
  readonly id: string
  /** `sub_…`, of whom it is for; null: it does not say. */
  readonly subjectId: string | null
  /** `iss_…`, of its issuer. */
  readonly issuerId: string
  /** As the issuer names it: perhaps none of ours. */
  readonly merchant: string
  /** Name of what may be an environment. */
  readonly environment: string
  /** As the issuer names them, without `*`. */
  readonly permissions: readonly string[]
  readonly subject: string | null
  readonly clientId: string | null
  /** As TokenPart's. */
  readonly jkt: string | null
  /** Milliseconds since the epoch: the first instant at which it does not work any more. */
  readonly expiresAtMs: number
}

export type CheckedToken =
  | { readonly kind: 'right'; readonly token: OutsideToken }
  | { readonly kind: 'wrong'; readonly reason: Reason<'INVALID_API_KEY'> }
  /** It cannot be told; `reason` for log and metric. */
  | { readonly kind: 'unavailable'; readonly reason: Reason<'AUTH_UNAVAILABLE'> }

export interface Issuers {
  /** What is remembered of it; undefined: it would have to be checked. */
  known(settings: JwtSettings, token: Secret): CheckedToken | undefined
  /** Checks it. Never rejects; asks nobody. */
  check(settings: JwtSettings, token: Secret): Promise<CheckedToken>
}

/** Nothing is known of any issuer: for who asks what would be decided of keys. */
export const nobodyIsTrusted: Issuers = {
  known: () => undefined,
  check: () => Promise.resolve({ kind: 'unavailable', reason: 'not_given' }),
}
