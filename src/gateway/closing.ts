// When a request is over, however it came to that: its response closed, or its connection gone. A response that waits
// its turn behind another on the same connection has no socket yet, and is never told when the connection goes.

import type { Socket } from 'node:net'
import type { Access } from './access.ts'

/**
 * By connection, what to call for each of its open requests. One listener a connection, not one a request. An array: a
 * Set that something goes in and out of all the time leaves tables behind that hold what was in them, and so whole
 * requests, until the next full collection of garbage.
 */
const openRequests = new WeakMap<Socket, Ending[]>()

/** Calls `closed` once, when the response of a request or its connection has closed. */
export function whenClosed(access: Access, closed: (access: Access) => void): void {
  const open = openOn(access.raw.socket)
  const ending = new Ending(open, access, closed)
  open.push(ending)
  access.reply.on('close', () => ending.finish())
}

/** Ends what is open on a connection as if it had closed. */
export function endRequestsOn(socket: Socket): void {
  for (const ending of [...(openRequests.get(socket) ?? [])]) ending.finish()
}

class Ending {
  readonly #open: Ending[]
  readonly #access: Access
  #closed: ((access: Access) => void) | undefined

  constructor(open: Ending[], access: Access, closed: (access: Access) => void) {
    this.#open = open
    this.#access = access
    this.#closed = closed
  }

  finish(): void {
    const closed = this.#closed
    if (closed === undefined) return
    this.#closed = undefined
    // Nearly always it is the only one.
    if (this.#open.at(-1) === this) this.#open.pop()
    else this.#open.splice(this.#open.indexOf(this), 1)
    closed(this.#access)
  }
}

function openOn(socket: Socket): Ending[] {
  const known = openRequests.get(socket)
  if (known !== undefined) return known
  const open: Ending[] = []
  openRequests.set(socket, open)
  socket.once('close', () => endRequestsOn(socket))
  return open
}
