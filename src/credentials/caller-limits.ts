// What is said of one key and its merchant in place of, or beside, what the file says of all. Null where nothing is, as of
// nearly all keys.

export interface CallerLimits {
  /** Addresses and CIDR blocks that the key may be used from; none: any. */
  readonly allowedIps: readonly string[]
  /** By name of a limit that counts by key. */
  readonly rates: RateOverrides
  /** Requests under way at once; null: any number. */
  readonly inFlight: number | null
  readonly merchant: MerchantLimits | null
}

export interface MerchantLimits {
  /** One of the file's; null: none. */
  readonly plan: string | null
  readonly rates: RateOverrides
  readonly inFlight: number | null
  /** By name of a quota. (An earlier version says nothing of them.) */
  readonly quotas?: QuotaOverrides
}

/** By name of a quota: how many requests a month. */
export type QuotaOverrides = Readonly<Record<string, { readonly requests: number }>>

/** By name of a limit. */
export type RateOverrides = Readonly<Record<string, RateOverride>>

export interface RateOverride {
  /** As the file writes it: `100/s`. */
  readonly rate: string
  /** null: what the rate has in its unit of time. */
  readonly burst: number | null
}
