// Which address a request of the control plane comes from: the peer, or where that one is a trusted proxy the address that it
// vouches for (as the gateway reads it).

import type { FastifyRequest } from 'fastify'
import { addressMatcher, plainAddress } from '../config/request/addresses.ts'
import { rightmostUntrusted } from '../config/request/forwarded-for.ts'

export interface ClientAddress {
  /** undefined: the connection has ended. */
  readonly client: string | undefined
  /**
   * The same, of which somebody is sure: undefined where a trusted proxy says nothing of who stands behind it, and could be anybody's
   * way in.
   */
  readonly vouched: string | undefined
}

/** `trustedProxies`: CIDR blocks or addresses. */
export function createClientAddress(
  trustedProxies: readonly string[],
): (request: Pick<FastifyRequest, 'socket' | 'headers'>) => ClientAddress {
  const isTrusted = addressMatcher(trustedProxies)
  return ({ socket, headers }) => {
    const { remoteAddress } = socket
    const peer = { client: remoteAddress, vouched: remoteAddress }
    if (remoteAddress === undefined || trustedProxies.length === 0) return peer
    if (!isTrusted(plainAddress(remoteAddress))) return peer
    const { 'x-forwarded-for': forwarded } = headers
    // Node joins repeated fields; an array would be another's doing.
    const text = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    const vouched = rightmostUntrusted(text, isTrusted)
    return { client: vouched ?? remoteAddress, vouched }
  }
}
