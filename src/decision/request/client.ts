// Who the client is: the peer, or the address that a trusted proxy vouches for (contract 6).

import { isIP } from 'node:net'
import { trimBlanks } from '../../errors/wire-text.ts'
import { addressMatcher, ownCopy, plainAddress } from './addresses.ts'
import type { Head } from './head.ts'

export interface ClientFinder {
  /** Whether a peer is a trusted proxy. */
  isTrusted(peer: string): boolean
  /** The client of a request that a trusted proxy has sent. */
  clientBehind(peer: string, head: Head): string
}

/** `trustedProxies`: CIDR blocks or addresses. */
export function createClientFinder(trustedProxies: readonly string[]): ClientFinder {
  const isListed = addressMatcher(trustedProxies)
  return {
    isTrusted: (peer) => trustedProxies.length > 0 && isListed(peer),
    clientBehind: (peer, { forwardedFor }) => rightmostUntrusted(forwardedFor, isListed) ?? peer,
  }
}

/** Whether the client of a trusted proxy speaks https: the proxy's word counts over the hop between it and us. */
export function isSecureBehind(isPeerTls: boolean, { forwardedProto }: Head): boolean {
  const proto =
    forwardedProto && trimBlanks(forwardedProto, forwardedProto.lastIndexOf(',') + 1).toLowerCase()
  return proto === undefined ? isPeerTls : proto === 'https'
}

/**
 * The rightmost entry that is no trusted proxy; what is no address ends the search, as nobody vouches for it. What stands
 * to the left of that, which may be long, is not looked at.
 */
function rightmostUntrusted(
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
