// One connection to an upstream, and the exchange that it carries: one at a time, so that no answer can be taken for
// another's. After anything out of the ordinary it is closed, not used again.

import type { OnReadOpts, Socket } from 'node:net'
import { Deadline } from '../deadlines.ts'
import { AnswerReader, type AnswerReceiver, copiedBytes } from './answer-reader.ts'
import { type OutgoingRequest, isSafeToFollow, sendRequest } from './outgoing-request.ts'
import type { Queued } from './queue.ts'

/** The upstream has closed the connection. */
export class UpstreamClosed extends Error {
  override readonly name = 'UpstreamClosed'
}

/** A request and who is told of its answer. */
export interface Exchange extends AnswerReceiver, Queued<Exchange> {
  readonly request: OutgoingRequest
  /** Whose it is, where connections are scarce. */
  readonly client: string
  /** Bytes of its body are still to come from the client. */
  readonly isBodyOpen: boolean
  /** So far few of them have come. */
  readonly isBodyScant: boolean
  /** When it began to wait, in milliseconds of `performance.now()`; the pool's own. */
  waitsSince: number
  /** A connection carries it from here on. */
  onConnection(connection: Connection): void
  /** The whole request has been handed to the socket. */
  onSent(): void
  /** All that has been read is told, and the answer is not over. False: nothing is to be read until `resume`. */
  onPause(): boolean
  /**
   * There will be no answer, or no more of it. `wasStale`: the connection had rested before, and nothing of this answer
   * has come: most likely the upstream had closed it before it saw the request.
   */
  onFailure(error: Error, wasStale: boolean): void
}

/** What a connection is part of. */
export interface ConnectionOwner {
  /** It carries this one no more: told before what becomes of the connection. */
  done(exchange: Exchange): void
  /** It can carry another exchange. */
  released(connection: Connection): void
  /** Its place is free, but it is still open: waits for the upstream to close it, if this gives true. */
  retired(): boolean
  /** `wasRetired`: its place has been free before. */
  closed(connection: Connection, wasRetired: boolean): void
}

const bufferBytes = 64 * 1024
/**
 * What nearly every answer fits into is read into a place that all connections share: what it holds is told, or copied,
 * before anything else is read.
 */
const sharedBuffer = Buffer.allocUnsafeSlow(copiedBytes)
/** For an upstream that does not say how long it keeps a connection; and how much of what it says is left unused. */
const usualIdleMs = 4_000
const idleMarginMs = 2_000
const mostIdleMs = 600_000
/** Until the first probe of a connection on which nothing moves. */
const tcpKeepAliveMs = 60_000
/** How long an upstream has to close a connection that it was told to close. */
const closingMs = 1_000

/** Its deadline is that of its idleness. */
export class Connection extends Deadline {
  readonly #owner: ConnectionOwner
  readonly #reader = new AnswerReader()
  #socket: Socket | undefined
  #exchange: Exchange | undefined
  #buffer: Buffer | undefined
  /** What was read last filled the shared buffer: much is to come. */
  #isFull = false
  #error: Error | undefined
  /** The request has not been handed to the socket whole. */
  #isSending = false
  /** Bytes that had been sent before the request. */
  #bytesBefore = 0
  /** What was sent leaves no doubt where the next request begins. */
  #canFollow = true
  /** It has rested: the upstream may have closed it since. */
  #hasRested = false
  /** Nothing is to be read for now. Over TLS, what had come already is told all the same. */
  #isPaused = false
  #isRetired = false
  #isKept = false
  #isClosed = false

  constructor(owner: ConnectionOwner) {
    super()
    this.#owner = owner
  }

  /** To be given to the socket when it is made. */
  readonly onread: OnReadOpts = {
    buffer: () => (this.#buffer ??= this.#isFull ? Buffer.allocUnsafeSlow(bufferBytes) : sharedBuffer),
    callback: (length) => this.#read(length),
  }

  /** The socket is connected. */
  opened(socket: Socket): void {
    this.#socket = socket
    socket.on('error', (error) => {
      this.#error ??= error
      // Over TLS one may come that leaves the socket as it is.
      this.close()
    })
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#closed())
    if (this.#isClosed) socket.destroy()
    else this.setDeadline(usualIdleMs)
  }

  /** Nobody waits for it. */
  rest(): void {
    this.#hasRested = true
  }

  /** A request can be sent over it. */
  get isUsable(): boolean {
    return this.#socket?.writable === true
  }

  send(exchange: Exchange): void {
    const socket = this.#socket
    if (socket === undefined) throw new Error('not connected')
    this.clearDeadline()
    const { request } = exchange
    this.#exchange = exchange
    this.#isSending = true
    this.#bytesBefore = socket.bytesWritten
    this.#canFollow = isSafeToFollow(request)
    this.#reader.await(exchange, request.method === 'HEAD')
    exchange.onConnection(this)
    if (this.#exchange !== exchange) return
    try {
      sendRequest(request, socket, (error) => this.#sent(exchange, error))
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error('sending failed'))
    }
  }

  #sent(exchange: Exchange, error: Error | null): void {
    if (this.#exchange !== exchange) return
    this.#isSending = false
    if (error === null) exchange.onSent()
    else this.#socket?.destroy(error)
  }

  /** Ends the exchange without telling it; nothing where it is over. */
  abort(exchange: Exchange): void {
    if (this.#exchange !== exchange) return
    this.#letGo(exchange)
    this.#reader.stop()
    this.close()
  }

  #letGo(exchange: Exchange): void {
    this.#exchange = undefined
    this.#owner.done(exchange)
  }

  /** Reads on after `onPause` gave false. */
  resume(): void {
    this.#isPaused = false
    this.#socket?.resume()
  }

  close(): void {
    this.clearDeadline()
    this.#isClosed = true
    this.#socket?.destroy()
  }

  protected override timedOut(): void {
    this.close()
  }

  /** Never throws: Node has no place for it. */
  #read(length: number): boolean {
    try {
      return this.#take(length)
    } catch (error) {
      this.#socket?.destroy(error instanceof Error ? error : new Error('reading failed'))
      return true
    }
  }

  #take(length: number): boolean {
    const exchange = this.#exchange
    const buffer = this.#buffer
    // An answer to nothing: what comes next could be taken for the answer to the next request.
    if (exchange === undefined || buffer === undefined || this.#isUnsent()) {
      this.close()
      return true
    }
    // What is given away, and what was too small, is not read into again.
    if (length > copiedBytes || length === sharedBuffer.length) this.#buffer = undefined
    this.#isFull ||= length === sharedBuffer.length
    const taken = this.#reader.read(buffer, length)
    if (this.#reader.isIdle) {
      this.#isFull = false
      this.#buffer = undefined
      if (this.#exchange === exchange) this.#answered(exchange, taken === length)
      return true
    }
    this.#isPaused ||= !exchange.onPause()
    return !this.#isPaused
  }

  /** Nothing of the request has left: it waits for the first bytes of its body. */
  #isUnsent(): boolean {
    return this.#isSending && this.#socket?.bytesWritten === this.#bytesBefore
  }

  #answered(exchange: Exchange, isAll: boolean): void {
    this.#letGo(exchange)
    this.#hasRested = true
    if (!isAll || !this.#isAtRest()) return this.close()
    const { isPersistent, keepAliveSeconds } = this.#reader
    const idleMs = keepAliveSeconds === undefined ? usualIdleMs : keepAliveSeconds * 1_000 - idleMarginMs
    if (!isPersistent || !this.#canFollow || idleMs <= 0) return this.#retire()
    this.setDeadline(Math.min(idleMs, mostIdleMs))
    if (!this.#isKept) this.#keep()
    this.#owner.released(this)
  }

  /** From its first rest on it is asked for signs of life: most that carry one request alone need none. */
  #keep(): void {
    this.#isKept = true
    this.#socket?.setKeepAlive(true, tcpKeepAliveMs)
  }

  /** All of the request has left, and nothing more of its answer can come. */
  #isAtRest(): boolean {
    return !this.#isSending && !this.#isPaused && this.#socket?.writableLength === 0
  }

  /**
   * The upstream closes it, as it was told to or said itself. Who closes first keeps its port in TIME_WAIT for a minute,
   * and one gateway has few ports for each upstream.
   */
  #retire(): void {
    if (!this.#owner.retired()) return this.close()
    this.#isRetired = true
    this.setDeadline(closingMs)
  }

  #ended(): void {
    try {
      if (this.#reader.end() && this.#exchange !== undefined) this.#letGo(this.#exchange)
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error('reading failed')
    }
    this.close()
  }

  #closed(): void {
    this.clearDeadline()
    this.#buffer = undefined
    this.#owner.closed(this, this.#isRetired)
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#letGo(exchange)
    const wasStale = this.#hasRested && !this.#reader.hasBegun
    this.#reader.stop()
    exchange.onFailure(this.#error ?? new UpstreamClosed('the upstream closed the connection'), wasStale)
  }
}
