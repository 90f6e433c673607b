// Who is at the other end of a connection. Node asks the kernel only when somebody wants to know, and the kernel knows
// no more once the other side has reset the connection: what it had sent before can still be read then, and would be
// of nobody. So it is asked when a connection is taken, the answer is kept, and nothing is read without one. Where the
// other end is a balancer that says for whom it speaks (proxy-protocol.ts), that is who is kept.

import { Socket } from 'node:net'
import { plainAddress } from '../../config/request/addresses.ts'

const peers = new WeakMap<Socket, string>()

/** Connections of balancers that did not say for whom they speak. */
const unnamed = new WeakSet<Socket>()

/** Asks for the address and keeps it; undefined: the peer is gone already, and nothing of it must be read. */
export function keepPeer(socket: Socket): string | undefined {
  const known = peers.get(socket)
  if (known !== undefined) return known
  const { remoteAddress } = socket
  if (remoteAddress === undefined || remoteAddress === '') return undefined
  const peer = plainAddress(remoteAddress)
  peers.set(socket, peer)
  return peer
}

/** Keeps whom a balancer has told, in place of itself; null: it told nobody, and goes on being the peer. */
export function keepToldPeer(socket: Socket, client: string | null): void {
  if (client === null) unnamed.add(socket)
  else peers.set(socket, client)
}

/** The same for a connection above TLS: its peer is that of the one below it. */
export function keepPeerAbove(socket: Socket): string | undefined {
  const below = socketBelow(socket)
  const peer = below && peers.get(below)
  if (below === undefined || peer === undefined) return keepPeer(socket)
  peers.set(socket, peer)
  if (unnamed.has(below)) unnamed.add(socket)
  return peer
}

/** The TCP connection below one of TLS; undefined: this Node does not tell. */
export function socketBelow(socket: Socket): Socket | undefined {
  const below = '_parent' in socket ? socket._parent : undefined
  return below instanceof Socket ? below : undefined
}

/** The address that was kept; undefined: none was. */
export function peerOf(socket: Socket): string | undefined {
  return peers.get(socket)
}

/** Whether its peer speaks for itself alone: what it says of others is not believed, trusted proxy or not. */
export function isUnnamed(socket: Socket): boolean {
  return unnamed.has(socket)
}
