// What `hub` of gateway.yaml becomes. Types only.

import type { TokenRole } from '../credentials/role.ts'

/** Durations in milliseconds. */
export interface HubSettings {
  /** Where people reach it: scheme, host and port. Links are made from it. */
  readonly publicUrl: string
  /** A prefix of its own that a proxy takes away; empty: none. */
  readonly path: string
  /** null: links are shown to whoever makes them. */
  readonly mail: MailSettings | null
  readonly sessions: {
    readonly idleMs: number
    readonly absoluteMs: number
    /** Of `latchkey login`. */
    readonly commandLineMs: number
  }
  /** By which people sign in beside a password. */
  readonly oidc: readonly OidcSettings[]
}

export interface OidcSettings {
  /** Its name as a part of a path. */
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** null: operators do not come by it. */
  readonly operators: { readonly claim: string; readonly value: string; readonly role: TokenRole } | null
}

export interface MailSettings {
  readonly from: string
  /** smtp:// or smtps:// URL; may hold a password. */
  readonly smtp: string
}
