// What a caller may do how often, and from where.

import { type Denial, deny } from '../errors/denial.ts'
import type { Limiter } from '../limits/limiter.ts'
import type { Quotas } from '../limits/quotas.ts'
import { matchesAny } from '../config/request/addresses.ts'
import type { Inquiry, Stage } from './inquiry.ts'

/**
 * Refuses a request whose quota of the month is used up (contract 11). It stands before the rate limits, which then do not count it; what
 * is let through is counted behind all stages (`countUse`).
 */
export function limitUse(quotas: Quotas): Stage {
  return (inquiry) => {
    const { host, route, principal, environment } = inquiry
    if (host === undefined || host.api.quotas.length === 0) return undefined
    if (principal === undefined || route?.requirement.kind === 'public') return undefined
    const { record } = principal
    const standing = quotas.look({
      ...{ quotas: host.api.quotas, environment: environment?.name ?? record.environment, record },
    })
    inquiry.use = standing
    if (standing.quota === undefined) return undefined
    return deny('QUOTA_EXCEEDED', 'quota', { retryAfterSeconds: standing.retryAfterSeconds })
  }
}

/** Counts under quotas what no stage has refused. */
export function countUse(quotas: Quotas): Stage {
  return ({ use }) => {
    if (use !== undefined) quotas.count(use.tallies)
    return undefined
  }
}

/** Counts a request under the rate limits of its route, and refuses it by the first that is used up (contract 11). */
export function limitRate(limiter: Limiter): Stage {
  return (inquiry) => {
    const limits = inquiry.route?.rateLimits
    if (limits === undefined || limits.length === 0) return undefined
    const { environment, principal, client } = inquiry
    const spent = limiter.spend({
      limits,
      environment: environment?.name ?? '',
      record: principal?.record,
      client,
    })
    inquiry.spent = spent
    if (spent.limit === undefined) return undefined
    return deny('RATE_LIMITED', 'rate_limit', { retryAfterSeconds: spent.retryAfterSeconds })
  }
}

/** Counts a request as under way where something is said of how many may be, and refuses one too many (contract 11). */
export function limitInFlight(limiter: Limiter): Stage {
  return (inquiry) => {
    const record = inquiry.principal?.record
    // Nothing is counted of whom nothing is said.
    if (record === undefined || record.limits === null || inquiry.route?.requirement.kind === 'public')
      return undefined
    if (record.limits.inFlight === null && (record.limits.merchant?.inFlight ?? null) === null)
      return undefined
    if (!limiter.enter(record)) return deny('RATE_LIMITED', 'in_flight', { retryAfterSeconds: 1 })
    inquiry.entered = record
    return undefined
  }
}

/** Refuses a caller from an address that its key does not list. */
export function refuseOtherAddresses({ principal, client }: Inquiry): Denial | undefined {
  const limits = principal?.record.limits
  if (limits === undefined || limits === null || limits.allowedIps.length === 0) return undefined
  return matchesAny(limits.allowedIps, client) ? undefined : deny('IP_NOT_ALLOWED', 'ip_not_allowed')
}
