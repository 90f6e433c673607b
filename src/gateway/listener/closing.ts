// When a request is over, however it came to that: its response closed, or its connection gone. A response that waits
// its turn behind another on the same connection has no socket yet, and is never told when the connection goes.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Access, CutBy } from '../access.ts'

/** What has to be known of the requests of a connection: one of these, and one listener, a connection. */
interface Requests {
  /**
   * What to call for each that is open. An array: a Set that something goes in and out of all the time leaves tables
   * behind that hold what was in them, and so whole requests, until the next full collection of garbage.
   */
  readonly open: Ending[]
  /** One that was over before its body had come whole: what comes of that is nobody's request. */
  answered: IncomingMessage | undefined
  /** Who of ours ends the connection; undefined: its client, if anybody. */
  cut: CutBy | undefined
  /** Its client has shown a key with which it was let in. */
  isCustomers: boolean
}

const known = new WeakMap<Socket, Requests>()

/** Calls `closed` once, when the response of a request or its connection has closed; by then it is known who cut it. */
export function whenClosed(access: Access, closed: (access: Access) => void): void {
  const requests = requestsOn(access.raw.socket)
  const ending = new Ending(requests, access, closed)
  requests.open.push(ending)
  access.reply.on('close', () => ending.finish())
}

/** Says who ends a connection that is about to be closed with requests under way, or an answer that waits for its client. */
export function noteCut(socket: Socket, by: CutBy): void {
  requestsOn(socket).cut ??= by
}

/** Who has ended a connection that did not come to its proper end. */
export function cutterOf(socket: Socket): CutBy {
  return known.get(socket)?.cut ?? 'client'
}

/** Whether a request on the connection was let in with a key, and is over. */
export function isCustomers(socket: Socket): boolean {
  return known.get(socket)?.isCustomers === true
}

/**
 * The request of whose body more is to come on a connection. null: it is over, and has its line, its count and its answer;
 * undefined: there is none, and what comes belongs to the next request.
 */
export function unfinishedOn(socket: Socket): Access | null | undefined {
  const requests = known.get(socket)
  if (requests === undefined) return undefined
  const last = requests.open.at(-1)?.access
  if (last !== undefined && !last.raw.complete) return last
  return requests.answered?.complete === false ? null : undefined
}

class Ending {
  readonly access: Access
  readonly #requests: Requests
  #closed: ((access: Access) => void) | undefined

  constructor(requests: Requests, access: Access, closed: (access: Access) => void) {
    this.#requests = requests
    this.access = access
    this.#closed = closed
  }

  finish(): void {
    const closed = this.#closed
    if (closed === undefined) return
    this.#closed = undefined
    const { access } = this
    const { open } = this.#requests
    // Nearly always it is the only one.
    if (open.at(-1) === this) open.pop()
    else open.splice(open.indexOf(this), 1)
    if (!access.raw.complete) this.#requests.answered = access.raw
    if (access.isLetThrough && access.principal !== undefined) this.#requests.isCustomers = true
    const { cut } = this.#requests
    if (!isHandedOver(access, cut)) access.cut ??= cut ?? 'client'
    closed(access)
  }
}

/**
 * Whether the kernel took the whole answer. Node takes a response off its socket then. That nothing is left to be written
 * does not tell: what was left is dropped with a socket that is destroyed. Nor does `finish` alone, with which Node takes
 * the response off: of the write in hand it is told then as if that had been done (Node 20).
 */
function isHandedOver({ status, reply, raw }: Access, cut: CutBy | undefined): boolean {
  if (status === 0 || !reply.writableFinished || reply.socket !== null) return false
  return cut === undefined && raw.socket.errored === null
}

function requestsOn(socket: Socket): Requests {
  let requests = known.get(socket)
  if (requests === undefined) {
    requests = { open: [], answered: undefined, cut: undefined, isCustomers: false }
    known.set(socket, requests)
    const { open } = requests
    socket.once('close', () => {
      for (const ending of [...open]) ending.finish()
    })
  }
  return requests
}
