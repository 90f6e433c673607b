// How many connections one address may hold.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { addressMatcher, clientNetwork, plainAddress } from './client.ts'

/** Closes connections beyond `most` from one address as they come, before a byte is read; those of `exempt` never. */
export function limitConnections(server: Server, most: number, exempt: readonly string[]): void {
  const isExempt = addressMatcher(exempt)
  const open = new Map<string, number>()

  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '')
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
}
