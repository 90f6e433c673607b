// Who the client is: the peer, or the address that a trusted proxy vouches for (contract 6).

import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { trimBlanks } from '../errors/wire-text.ts'
import type { Access, Head } from './access.ts'
import type { Leaver } from './listener/linger.ts'
import { isUnnamed, peerOf, plainAddress } from './listener/peer.ts'

export interface ClientIdentity {
  readonly peer: string
  readonly client: string
  readonly isPeerTrusted: boolean
  readonly isSecure: boolean
  /** Version and cipher of the connection, as fields of the log line behind a comma; empty: plain HTTP. */
  readonly tls: string
}

/** Returns a function that tells who the client of a request is. `trustedProxies`: CIDR blocks or addresses. */
export function clientIdentifier(
  trustedProxies: readonly string[],
): (raw: IncomingMessage, head: Head) => ClientIdentity {
  const isTrusted = addressMatcher(trustedProxies)
  // What is the same for all requests of a connection.
  const identities = new WeakMap<Socket, ClientIdentity>()

  function identityOf(socket: Socket): ClientIdentity {
    let identity = identities.get(socket)
    if (identity === undefined) {
      const peer = peerOf(socket)
      // Such a connection was never taken.
      if (peer === undefined) throw new Error('a request without a peer')
      const isPeerTrusted = trustedProxies.length > 0 && isTrusted(peer) && !isUnnamed(socket)
      const isSecure = socket instanceof TLSSocket
      identity = { peer, client: peer, isPeerTrusted, isSecure, tls: isSecure ? tlsFields(socket) : '' }
      identities.set(socket, identity)
    }
    return identity
  }

  return (raw, head) => {
    const identity = identityOf(raw.socket)
    if (!identity.isPeerTrusted) return identity
    const { peer, isSecure, tls } = identity
    // The proxy's word on the scheme counts over the hop between it and us.
    const { forwardedProto } = head
    const proto =
      forwardedProto && trimBlanks(forwardedProto, forwardedProto.lastIndexOf(',') + 1).toLowerCase()
    return {
      peer,
      client: rightmostUntrusted(head.forwardedFor, isTrusted) ?? peer,
      isPeerTrusted: true,
      isSecure: proto === undefined ? isSecure : proto === 'https',
      tls,
    }
  }
}

/** OpenSSL's names: letters, digits, `.`, `-` and `_`. No renegotiation changes them. */
function tlsFields(socket: TLSSocket): string {
  return `,"tls":"${socket.getProtocol()}","cipher":"${socket.getCipher()?.name}"`
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

/** A text cut out of another keeps all of that in memory, and addresses outlive their request. */
function ownCopy(address: string): string {
  return Buffer.from(address, 'latin1').toString('latin1')
}

/** Node's list takes longer for one address than the decision over a key; bounded, as clients have many. */
const rememberedAddresses = 10_000
/** An IPv6 address with an IPv4 one at its end; only a zone, which may be of any length, makes one longer. */
const longestRemembered = 45

/** Whether an address lies in one of the blocks. */
export function addressMatcher(blocks: readonly string[]): (address: string) => boolean {
  const matches = blockMatcher(blocks)
  const remembered = new Map<string, boolean>()
  return (address) => {
    if (address.length > longestRemembered) return matches(address)
    let isMatch = remembered.get(address)
    if (isMatch === undefined) {
      isMatch = matches(address)
      if (remembered.size >= rememberedAddresses) remembered.clear()
      remembered.set(ownCopy(address), isMatch)
    }
    return isMatch
  }
}

function blockMatcher(blocks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', bits] = block.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return (address) => {
    const version = isIP(address)
    return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}

/** What counts as one client: an IPv4 address, or an IPv6 /64, as one subscriber has that many to change between. */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address
  const [left = '', right = ''] = address.split('::')
  const head = left.split(':')
  const tail = right === '' ? [] : right.split(':')
  const gap = address.includes('::') ? Math.max(0, 8 - head.length - tail.length) : 0
  return [...head, ...Array.from({ length: gap }, () => '0'), ...tail].slice(0, 4).join(':')
}

/** Whose connection it is when it ends. */
export function leaverOf({ client, server }: Pick<Access, 'client' | 'server'>): Leaver {
  return { network: clientNetwork(client), server }
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
