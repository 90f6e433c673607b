// Which limits count a request, in the order in which they refuse: those of months, then those of rates.

import { rateOf } from '../config/limit-text.ts'
import type { HostMatch, Route } from '../config/compiled.ts'

export interface FittingLimit {
  readonly kind: 'quota' | 'rate'
  readonly name: string
  readonly per: 'key' | 'merchant' | 'client'
  /** As the file writes it; null: a quota. */
  readonly rate: string | null
  readonly burst: number | null
  /** In a calendar month; null: a rate. */
  readonly requests: number | null
  readonly shadow: boolean
}

/** As the file says them; a key, its merchant or its plan may have others by the same names. */
export function fittingLimits(host: HostMatch | undefined, route: Route | undefined): FittingLimit[] {
  if (host === undefined || route === undefined) return []
  const quotas = route.requirement.kind === 'public' ? [] : host.api.quotas
  return [
    ...quotas.map(
      ({ name, per, requests }): FittingLimit => ({
        ...{ kind: 'quota', name, per, requests, rate: null, burst: null, shadow: false },
      }),
    ),
    ...route.rateLimits.map(
      ({ name, per, allowance, isShadow }): FittingLimit => ({
        ...{ kind: 'rate', name, per, requests: null, shadow: isShadow },
        ...{ rate: rateOf(allowance), burst: allowance.burst },
      }),
    ),
  ]
}
