// Who the client is: the peer, or the address that a trusted proxy vouches for (contract 6).

import { trimBlanks } from '../../errors/wire-text.ts'
import { addressMatcher } from '../../config/request/addresses.ts'
import { rightmostUntrusted } from '../../config/request/forwarded-for.ts'
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
