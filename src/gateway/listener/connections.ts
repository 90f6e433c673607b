// Which connections are taken: those whose peer is known, and of one address so many.

import type { Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { addressMatcher, clientNetwork } from '../../config/request/addresses.ts'
import { keepPeer, keepPeerAbove, peerOf } from './peer.ts'
import { admit } from './slices.ts'

/**
 * Closes connections without a peer, and those beyond `most` from one address, as they come, before a byte is read;
 * addresses of `exempt` have no limit.
 */
export function limitConnections(server: Server, most: number, exempt: readonly string[]): void {
  const isExempt = addressMatcher(exempt)
  const open = new Map<string, number>()

  server.on('connection', (socket: Socket) => {
    const address = keepPeer(socket)
    if (address === undefined) return void socket.destroy()
    if (isExempt(address)) return
    const network = clientNetwork(address)
    const count = (open.get(network) ?? 0) + 1
    open.set(network, count)
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1
      if (left === 0) open.delete(network)
      else open.set(network, left)
    })
    if (count > most) socket.destroy()
  })
  // Above TLS it is a socket of its own; its peer may have gone during the handshake.
  server.on('secureConnection', (socket: Socket) => {
    if (keepPeerAbove(socket) === undefined) socket.destroy()
  })
}

/** Has those read in slices whose client was seen to send what is dear to parse; `proxies` stand for many clients. */
export function admitConnections(server: Server, proxies: readonly string[]): void {
  const isProxy = addressMatcher(proxies)
  server.on(server instanceof HttpsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    const peer = peerOf(socket)
    if (peer !== undefined && !socket.destroyed) admit(socket, proxies.length > 0 && isProxy(peer))
  })
}
