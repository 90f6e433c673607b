// What `hub` of gateway.yaml becomes. Types only.

/** Durations in milliseconds. */
export interface HubSettings {
  /** Where people reach it: scheme, host and port. Links are made from it. */
  readonly publicUrl: string
  /** null: links are shown to whoever makes them. */
  readonly mail: MailSettings | null
  readonly sessions: { readonly idleMs: number; readonly absoluteMs: number }
}

export interface MailSettings {
  readonly from: string
  /** smtp:// or smtps:// URL; may hold a password. */
  readonly smtp: string
}
