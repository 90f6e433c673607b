// Secrets as the audit keeps them: which they are, and until when they work.

/** Times in milliseconds since the epoch. */
interface KeptSecret {
  readonly id: string
  readonly last4: string
  /** null: no end. */
  readonly expiresAtMs: number | null
}

export function secretSnapshots(secrets: readonly KeptSecret[]): object[] {
  return secrets.map(({ id, last4, expiresAtMs }) => ({
    ...{ id, last4, expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString() },
  }))
}
