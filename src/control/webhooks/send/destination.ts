// Where a webhook may go: decided as its URL is taken, and again of the address that each connection is made to. In between
// names change what they resolve to.

import { isIP } from 'node:net'
import { addressMatcher } from '../../../config/request/addresses.ts'
import { whyNoEndpoint } from '../../../config/address.ts'
import { isPublicAddress, unmapped } from './public-address.ts'

export interface DestinationRule {
  /** Why a URL cannot be an endpoint's, to complete "the URL …"; undefined: it can. */
  fault(url: string): string | undefined
  /** Whether a connection to this address may carry it: others than public ones only where they are allowed, and http: only there. */
  permits(address: string, isSecure: boolean): boolean
}

const longestUrl = 2_048

/** `allow`: CIDR blocks or addresses that are no public ones, and may be sent to all the same. */
export function createDestinationRule(allow: readonly string[]): DestinationRule {
  const matches = addressMatcher(allow)
  const isAllowed = (address: string) => matches(unmapped(address)) || matches(address)

  function permits(address: string, isSecure: boolean): boolean {
    return isAllowed(address) || (isSecure && isPublicAddress(address))
  }

  return {
    permits,
    fault(text) {
      const url = URL.canParse(text) ? new URL(text) : undefined
      const isSecure = url?.protocol === 'https:'
      if (url === undefined || (!isSecure && url.protocol !== 'http:')) return 'must be an https:// URL'
      if (text.length > longestUrl) return `must have at most ${longestUrl} characters`
      // As bytes on the wire: nothing that is written otherwise than it is sent.
      if (!/^[\x21-\x7e]+$/.test(text)) return 'must be of printable ASCII, the rest percent-encoded'
      if (url.username !== '' || url.password !== '') return 'must hold no user name and no password'
      if (text.includes('#')) return 'must have no fragment'
      const odd = whyNoEndpoint(text)
      if (odd !== undefined) return `cannot be used: ${odd}`
      if (!isSecure && allow.length === 0) return 'must be an https:// URL'
      const host = url.hostname.replace(/^\[|\]$/g, '')
      const isLocal = /^(?:.+\.)?localhost\.?$/.test(host)
      const literal = isIP(host) === 0 ? (isLocal ? '127.0.0.1' : undefined) : host
      if (literal !== undefined && !permits(literal, isSecure))
        return 'must not lead to an address that is no public one (webhooks.allow)'
      return undefined
    },
  }
}
