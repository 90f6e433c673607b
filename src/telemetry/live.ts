// What is told of requests while somebody watches: the shape that gateway, control plane and the way between them share, who
// sees what, and how much of it. Nothing of what a client wrote but its method's route; no secret, no path, no address.

export interface LiveDecision {
  /** When it was over, in milliseconds since the epoch. */
  readonly atMs: number
  readonly requestId: string
  readonly api: string
  readonly environment: string
  /** Method and template; empty: none was found. */
  readonly route: string
  /** null: no key was known. */
  readonly merchantId: string | null
  readonly keyId: string | null
  readonly decision: string
  /** null: it was let through. */
  readonly code: string | null
  readonly reason: string | null
  /** 0: nothing was answered. */
  readonly status: number
  readonly gatewayMs: number
}

/** Which part of the installation is watched; null: all of them. */
export interface LiveScope {
  readonly merchantIds: readonly string[] | null
  readonly apis: readonly string[] | null
}

/** How many decisions a second somebody is told at most. */
export const liveASecond = 50

/** Whether it lies in what is watched. What belongs to no merchant is the platform's. */
export function sees(
  { merchantIds, apis }: LiveScope,
  of: { readonly merchantId: string | null; readonly api: string | null },
): boolean {
  const isMerchants = merchantIds === null || (of.merchantId !== null && merchantIds.includes(of.merchantId))
  return isMerchants && (apis === null || (of.api !== null && apis.includes(of.api)))
}

/**
 * Returns whether one more may be told. Of more than that in a second every so many are taken in the next one, so that they are
 * of the whole second; in any second there are `liveASecond` at most.
 */
export function createLiveRate(monotonicNow: () => number): () => boolean {
  const told = new Float64Array(liveASecond).fill(Number.NEGATIVE_INFINITY)
  let oldest = 0
  let second = -1
  let seen = 0
  let stride = 1
  return () => {
    const now = monotonicNow()
    const current = Math.floor(now / 1_000)
    if (current !== second) {
      stride = current === second + 1 ? Math.max(1, Math.ceil(seen / liveASecond)) : 1
      second = current
      seen = 0
    }
    if (seen++ % stride !== 0 || now - (told[oldest] ?? 0) < 1_000) return false
    told[oldest] = now
    oldest = (oldest + 1) % liveASecond
    return true
  }
}
