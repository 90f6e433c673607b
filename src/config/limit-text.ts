// Rate limits and quotas as people write them.

import type { Allowance, RateLimit } from './compiled.ts'
import type { Quota } from './quotas.ts'

const units: ReadonlyMap<number, string> = new Map([
  [1, 's'],
  [60, 'min'],
  [3_600, 'h'],
  [86_400, 'd'],
])

/** `100/s`. */
export function rateOf({ quota, windowSeconds }: Allowance): string {
  return `${quota}/${units.get(windowSeconds) ?? `${windowSeconds}s`}`
}

/** `100/s, burst 200, per key`. */
export function rateText({ allowance, per, isShadow }: RateLimit): string {
  return `${rateOf(allowance)}, burst ${allowance.burst}, per ${per}${isShadow ? ', in shadow' : ''}`
}

/** `1000000 a month, per merchant`. */
export function quotaText({ requests, per }: Quota): string {
  return `${requests} a month, per ${per}`
}
