// What a caller is told of how it is counted: the partition key of draft-ietf-httpapi-ratelimit-headers-11, section 3.1.4 and 4.1.3. A digest, as
// who asks need not know what it is called here, and an address is nobody else's business: it says only whether two requests, or
// two limits, count the same caller.

import { hash } from 'node:crypto'
import type { RateLimit } from '../config/compiled.ts'

/** Of a digest; two callers of one installation in 2^48 have the same. */
const shownBytes = 6

/** A parameter of both fields: `;pk=` and a byte sequence (RFC 9651, 3.3.5). */
export function partitionOf(per: RateLimit['per'], subject: string): string {
  const digest = Buffer.from(hash('sha256', `${per} ${subject}`, 'hex'), 'hex')
  return `;pk=:${digest.toString('base64', 0, shownBytes)}:`
}
