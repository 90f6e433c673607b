// One request at a time on a connection. Node makes a request of all that it finds in what it has read, thousands of them
// where they are small; each of ours is begun when the answer before it has been handed to the kernel, and waits until
// then as Node has made it: without a head of ours, a look-up, an exchange. Answers come in order all the same.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { isLeaving } from './linger.ts'
import { cameInSlices, holdSlices, letSlicesGo, readInSlices } from './slices.ts'

export type Begin = (raw: IncomingMessage, reply: ServerResponse) => void

export interface Turns {
  /** Begins a request when it is its turn: nearly always at once. */
  readonly take: Begin
  /** A connection from which no more requests are taken: what is read of it is somebody else's from here on. */
  readNoMore(socket: Socket): void
  /** A connection is about to be cut: what waits on it is not kept until it has closed. */
  forget(socket: Socket): void
  /** About how many bytes the requests take that wait on a connection. */
  waitingOn(socket: Socket): number
  /** The same of all connections. */
  waiting(): number
}

/** What Node keeps of one that waits, besides what was read (1.5 KB with two fields; Node 20 to 26). */
const requestBytes = 2_048
/**
 * With so much waiting a connection is not read any more, until none does. One that is read tells when the client
 * leaves: who sends a few ahead and goes still ends them.
 */
const mostWaitingBytes = 64 * requestBytes
/** Nobody honest sends so many ahead. */
const manyRequests = 64
/** So many of all that were sent ahead are begun in one turn of the loop: what comes one by one is served in between. */
const mostATurn = 8

/** Calls `begin` for each request in its turn, and `grown` after each one that has to wait. */
export function createTurns(begin: Begin, grown: () => void): Turns {
  // Of connections on which a request had to wait: few clients send any ahead.
  const lines = new WeakMap<Socket, Line>()
  /** Whose turn it is, in one of the next turns of the loop: one a connection at most. */
  const due: Due[] = []
  let waiting = 0
  let isArmed = false

  function count(line: Line, change: number): void {
    waiting -= line.bytes
    line.count(change)
    waiting += line.bytes
  }

  function open(socket: Socket): Line {
    const line = new Line(socket)
    lines.set(socket, line)
    socket.once('close', () => count(line, -line.requests))
    return line
  }

  function goOnSoon(): void {
    if (isArmed) return
    isArmed = true
    setImmediate(goOn)
  }

  function goOn(): void {
    isArmed = false
    for (const one of due.splice(0, mostATurn)) next(one)
    if (due.length > 0) goOnSoon()
  }

  function next({ line, raw, reply }: Due): void {
    if (line.isForgotten) return
    // Its connection may have closed meanwhile, which has emptied the line.
    if (line.requests > 0) count(line, -1)
    if (raw.socket.destroyed || (line.isReadNoMore && !raw.complete)) return
    begin(raw, reply)
  }

  return {
    take(raw, reply) {
      // Node gives a response its socket when it is its turn.
      if (reply.socket !== null) return begin(raw, reply)
      const { socket } = raw
      const line = lines.get(socket) ?? open(socket)
      if (socket.destroyed || line.isForgotten) return
      count(line, 1)
      // Never at once: Node tells in the midst of what it does with the writes of the answer before. Where those have failed,
      // an answer written now would have it end that one twice, for which it ends the process.
      reply.once('socket', () => {
        due.push({ line, raw, reply })
        goOnSoon()
      })
      grown()
    },
    readNoMore(socket) {
      lines.get(socket)?.readNoMore()
    },
    forget(socket) {
      const line = lines.get(socket)
      if (line === undefined) return
      count(line, -line.requests)
      line.isForgotten = true
    },
    waitingOn: (socket) => lines.get(socket)?.bytes ?? 0,
    waiting: () => waiting,
  }
}

interface Due {
  readonly line: Line
  readonly raw: IncomingMessage
  readonly reply: ServerResponse
}

/** The requests that wait on one connection. */
class Line {
  requests = 0
  bytes = 0
  isReadNoMore = false
  isForgotten = false
  readonly #socket: Socket
  #isStopped = false
  /** What had been read of the connection when the first of them began to wait. */
  #readBefore = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  count(change: number): void {
    if (this.requests === 0) this.#readBefore = this.#socket.bytesRead
    this.requests += change
    if (this.requests === manyRequests) readInSlices(this.#socket)
    const read = this.requests === 0 ? 0 : this.#socket.bytesRead - this.#readBefore
    this.bytes = this.requests * requestBytes + read
    if (this.requests === 0) this.#goOn()
    // In slices few wait at a time; who has sent them may have ended its side, which is read when they have begun.
    else if (this.bytes >= mostWaitingBytes || cameInSlices(this.#socket)) this.#stop()
  }

  readNoMore(): void {
    this.isReadNoMore = true
    this.#isStopped = false
    letSlicesGo(this.#socket)
  }

  #stop(): void {
    // What comes on one that is leaving is dropped, and has to be read for that.
    if (this.#isStopped || this.isReadNoMore || isLeaving(this.#socket)) return
    this.#isStopped = true
    holdSlices(this.#socket)
    this.#socket.pause()
    // Node reads on by itself when it has written.
    if (this.#socket.listenerCount('resume', this.#stayStopped) === 0) {
      this.#socket.on('resume', this.#stayStopped)
    }
  }

  #goOn(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    letSlicesGo(this.#socket)
    if (!this.#socket.destroyed) this.#socket.resume()
  }

  readonly #stayStopped = (): void => {
    if (this.#isStopped) this.#socket.pause()
  }
}
