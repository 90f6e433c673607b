// What an answer tells of the rate limits of its route (draft-ietf-httpapi-ratelimit-headers-11), in place of what the upstream
// says of its own.

import type { RateLimit } from '../../config/compiled.ts'
import { policyOf, type Spent } from '../../limits/limiter.ts'
import { policyOfQuotas, stateNow } from '../../limits/quotas.ts'
import type { Access } from '../access.ts'

type Told = Pick<Spent, 'policy' | 'state'>

const nothing: Told = { policy: '', state: '' }

/** Completes the head of an answer, flat: rate limits, then quotas. */
export function tellLimits(headers: string[], spent: Told = nothing, use: Told = nothing): void {
  if (spent.policy === '' && use.policy === '') return
  takeLimits(headers)
  headers.push('RateLimit-Policy', together(spent.policy, use.policy))
  const state = together(spent.state, use.state)
  if (state !== '') headers.push('RateLimit', state)
}

function together(one: string, other: string): string {
  return one === '' || other === '' ? one + other : `${one}, ${other}`
}

/**
 * The same of a refusal, also of one that came before anything was counted: then nobody knows what is left, and the policy is the file's.
 * Every answer of a limited route tells all of it.
 */
export function limitsOfRefusal(headers: string[], { spent, use, route, host }: Access): void {
  if (route === undefined) return
  const told = spent ?? { policy: policyOfAll(route.rateLimits), state: '' }
  if (use !== undefined) tellLimits(headers, told, { policy: use.policy, state: stateNow(use) })
  else if (host === undefined || route.requirement.kind === 'public') tellLimits(headers, told)
  // Of the clock it takes how long the month is.
  else tellLimits(headers, told, { policy: policyOfQuotas(host.api.quotas, Date.now()), state: '' })
}

const policies = new WeakMap<readonly object[], string>()

function policyOfAll(limits: readonly RateLimit[]): string {
  let policy = policies.get(limits)
  if (policy === undefined) policies.set(limits, (policy = policyOf(limits)))
  return policy
}

/** Takes the fields of these names out. */
function takeLimits(headers: string[]): void {
  let kept = 0
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (isOfLimits(name)) continue
    headers[kept] = name
    headers[kept + 1] = headers[i + 1] ?? ''
    kept += 2
  }
  headers.length = kept
}

/** By length: most names are told from these by that alone. */
function isOfLimits(name: string): boolean {
  if (name.length === 9) return name.toLowerCase() === 'ratelimit'
  return name.length === 16 && name.toLowerCase() === 'ratelimit-policy'
}
