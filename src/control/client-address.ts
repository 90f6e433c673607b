// Which address a request of the control plane comes from: the peer, or where that one is a trusted proxy the address that it
// vouches for (as the gateway reads it).

import type { FastifyRequest } from 'fastify'
import { addressMatcher, plainAddress } from '../config/request/addresses.ts'
import { rightmostUntrusted } from '../config/request/forwarded-for.ts'

export type ClientAddress = (request: FastifyRequest) => string | undefined

/** `trustedProxies`: CIDR blocks or addresses. undefined: the connection has ended. */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const isTrusted = addressMatcher(trustedProxies)
  return ({ socket, headers }) => {
    const { remoteAddress } = socket
    if (remoteAddress === undefined || trustedProxies.length === 0) return remoteAddress
    if (!isTrusted(plainAddress(remoteAddress))) return remoteAddress
    const { 'x-forwarded-for': forwarded } = headers
    // Node joins repeated fields; an array would be another's doing.
    const text = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    return rightmostUntrusted(text, isTrusted) ?? remoteAddress
  }
}
