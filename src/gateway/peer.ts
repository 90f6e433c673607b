// Who is at the other end of a connection. Node asks the kernel only when somebody wants to know, and the kernel knows
// no more once the other side has reset the connection: what it had sent before can still be read then, and would be
// of nobody. So it is asked when a connection is taken, the answer is kept, and nothing is read without one.

import { isIP, type Socket } from 'node:net'

const peers = new WeakMap<Socket, string>()

/** Asks for the address and keeps it; undefined: the peer is gone already, and nothing of it must be read. */
export function keepPeer(socket: Socket): string | undefined {
  const { remoteAddress } = socket
  if (remoteAddress === undefined || remoteAddress === '') return undefined
  const peer = plainAddress(remoteAddress)
  peers.set(socket, peer)
  return peer
}

/** The address that was kept; undefined: none was. */
export function peerOf(socket: Socket): string | undefined {
  return peers.get(socket)
}

/** An IPv4 address that arrived on an IPv6 socket in its plain form. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}
