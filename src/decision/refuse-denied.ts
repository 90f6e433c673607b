// The emergency stop's stages. Each costs one check while nothing is denied. To the client a denied caller is one with
// a wrong key; the reason is for log and metric.

import { refuseUnmet } from '../credentials/permission.ts'
import { type Denial, deny } from '../errors/denial.ts'
import type { DenyList } from './deny-list.ts'
import type { Inquiry } from './inquiry.ts'
import type { Principal } from './principal.ts'

/** Refuses a denied client on every route, before anything is looked up. */
export function refuseDeniedClient({ denied, client }: Inquiry): Denial | undefined {
  if (denied === null) return undefined
  return denied.hasClient(client) ? deny('INVALID_API_KEY', 'denied_client') : undefined
}

/** Refuses a key that begins as a denied batch does, before it is looked up. */
export function refuseDeniedPrefix({ denied, credential }: Inquiry): Denial | undefined {
  if (denied === null || credential === undefined) return undefined
  return denied.hasPrefixOf(credential) ? deny('INVALID_API_KEY', 'denied_prefix') : undefined
}

/**
 * Refuses a denied key or merchant, and takes denied permissions from the caller: no route and no upstream counts them
 * any more. A refusal for want of one that the key really holds says so by its reason.
 */
export function refuseDeniedCaller(inquiry: Inquiry): Denial | undefined {
  const { denied, principal, route } = inquiry
  if (denied === null || principal === undefined || route === undefined) return undefined
  const { keyId, merchantId } = principal.record
  if (denied.hasKey(keyId) || isDeniedOutside(denied, principal)) return deny('INVALID_API_KEY', 'denied_key')
  if (denied.hasMerchant(merchantId)) return deny('INVALID_API_KEY', 'denied_merchant')
  const { grant } = principal
  const less = denied.withheld(grant)
  if (less === grant) return undefined
  inquiry.principal = { ...principal, grant: less }
  const denial = refuseUnmet(route.requirement, less.held)
  if (denial === undefined || refuseUnmet(route.requirement, grant.held) !== undefined) return undefined
  return { ...denial, reason: 'denied_permission' }
}

/** A token of an outside issuer by itself, by whom it is for, or by its issuer: nothing else ends one before its time. */
function isDeniedOutside(denied: DenyList, { outside }: Principal): boolean {
  if (outside === undefined) return false
  const { id, subjectId, issuerId } = outside
  return [id, subjectId, issuerId].some((name) => name !== null && denied.hasKey(name))
}
