// The address that trusted proxies vouch for: one reading of X-Forwarded-For for both planes.

import { isIP } from 'node:net'
import { trimBlanks } from '../../errors/wire-text.ts'
import { ownCopy, plainAddress } from './addresses.ts'

/**
 * The rightmost entry that is no trusted proxy; what is no address ends the search, as nobody vouches for it. What stands
 * to the left of that, which may be long, is not looked at.
 */
export function rightmostUntrusted(
  forwardedFor: string | undefined,
  isTrusted: (address: string) => boolean,
): string | undefined {
  if (forwardedFor === undefined) return undefined
  let client: string | undefined
  for (let end = forwardedFor.length; ; ) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1)
    const entry = trimBlanks(forwardedFor, comma + 1, end)
    // RFC 9110 §5.6.1: an empty element of a list is none.
    if (entry !== '') {
      const address = plainAddress(withoutPort(entry))
      if (isIP(address) === 0) break
      client = address
      if (!isTrusted(address)) break
    }
    if (comma === -1) break
    end = comma
  }
  return client === undefined || client.length === forwardedFor.length ? client : ownCopy(client)
}

/** `1.2.3.4:567` and `[::1]:567` without the port, `[::1]` without the brackets; what is neither stays as it is. */
function withoutPort(entry: string): string {
  const end = entry.startsWith('[') ? entry.indexOf(']') + 1 : entry.indexOf(':')
  if (end <= 0) return entry
  const address = entry.slice(0, end)
  if (end < entry.length && !/^:\d{1,5}$/.test(entry.slice(end))) return entry
  if (!entry.startsWith('[')) return address
  const inside = address.slice(1, -1)
  return isIP(inside) === 6 ? inside : entry
}
