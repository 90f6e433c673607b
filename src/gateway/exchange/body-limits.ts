/** What a body has to keep to. */
export interface BodyLimits {
  /** Longest silence of whoever is waited for. */
  readonly idleTimeoutMs: number
  /** Bytes a second that it has to bring, on average, after ten seconds of waiting for the client; 0: no such limit. */
  readonly bodyRate: number
}
