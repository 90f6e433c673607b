// Stages 7 and 8: what the caller may do, and how much it may send.

import { refuseUnmet } from '../credentials/permission.ts'
import { type Denial, deny } from '../errors/denial.ts'
import type { Inquiry } from './inquiry.ts'

/** Refuses a caller that does not hold what the route requires (contract 5.7). */
export function authorize(inquiry: Inquiry): Denial | undefined {
  const requirement = inquiry.route?.requirement
  if (requirement === undefined || requirement.kind === 'public') return undefined
  // No principal, no way through: whatever an earlier stage may have forgotten.
  if (inquiry.principal === undefined) return deny('INTERNAL_ERROR', 'no_principal')
  return refuseUnmet(requirement, inquiry.principal.grant.held)
}

/** Refuses a body that says itself that it is too large (contract 5.8); a chunked one is counted while it streams. */
export function limitBody(inquiry: Inquiry): Denial | undefined {
  const limit = inquiry.route?.maxBodyBytes ?? null
  const length = inquiry.head.contentLength ?? 0
  return limit !== null && length > limit ? deny('BODY_TOO_LARGE', 'content_length') : undefined
}
