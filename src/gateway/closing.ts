// When a request is over, however it came to that: its response closed, or its connection gone. A response that waits
// its turn behind another on the same connection has no socket yet, and is never told when the connection goes.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** By connection, what to call for each of its open requests. One listener a connection, not one a request. */
const openRequests = new WeakMap<Socket, Set<() => void>>()

/** Calls `closed` once, when the response or its connection has closed. */
export function whenClosed(raw: IncomingMessage, reply: ServerResponse, closed: () => void): void {
  const open = openOn(raw.socket)
  let isOver = false
  const finish = () => {
    if (isOver) return
    isOver = true
    open.delete(finish)
    closed()
  }
  open.add(finish)
  reply.once('close', finish)
}

function openOn(socket: Socket): Set<() => void> {
  const known = openRequests.get(socket)
  if (known !== undefined) return known
  const open = new Set<() => void>()
  openRequests.set(socket, open)
  socket.once('close', () => {
    for (const finish of open) finish()
  })
  return open
}
