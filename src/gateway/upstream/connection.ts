// One connection to an upstream, and the exchange that it carries: one at a time, so that no answer can be taken for
// another's. After anything out of the ordinary it is closed, not used again.

import type { OnReadOpts, Socket } from 'node:net'
import { Deadline } from './deadlines.ts'
import { AnswerReader, type AnswerReceiver, copiedBytes } from './answer-reader.ts'
import { keepReadable } from './keep-readable.ts'
import { isStreamed, type OutgoingRequest, type StopSending, sendRequest } from './outgoing-request.ts'
import type { Sharer } from './fair-share.ts'
import type { Queued } from './queue.ts'

/** The upstream has closed the connection. */
export class UpstreamClosed extends Error {
  override readonly name = 'UpstreamClosed'
}

/** A request and who is told of its answer. */
export interface Exchange extends AnswerReceiver, Queued<Exchange>, Sharer<Exchange> {
  readonly request: OutgoingRequest
  /** Bytes of its body are still to come from the client. */
  readonly isBodyOpen: boolean
  /** So far few of them have come. */
  readonly isBodyScant: boolean
  /** When it began to wait, in milliseconds of `performance.now()`; the pool's own. */
  waitsSince: number
  /** When a connection began to be opened for it; 0: none is. The pool sets it, who is told of a connection takes it back. */
  opensSince: number
  /** It was lost on a connection that had rested: only one that has not may carry it. The pool's own. */
  isAnew: boolean
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
  /** All of its first request was handed over, and nothing has come back. */
  unheard(connection: Connection): void
  /** Its first answer has begun. */
  heard(connection: Connection): void
  /** It has brought an answer after it had rested. */
  kept(): void
  /** The first part of an answer came so long before the next; `wasUsed`: another answer had come before. */
  paused(milliseconds: number, wasUsed: boolean): void
  /** The upstream has closed it at rest, having said that it would not; `restedMs` after an answer. */
  dropped(restedMs: number): void
  /** And a request was lost on it, or may be. */
  stale(connection: Connection): void
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
/** Of the pause after the first part of an answer: it was told, or is not to be. */
const unknown = -1

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
  #isProven = false
  /** Some answer has begun on it. */
  #isHeard = false
  /** An answer has come over it, and was the last thing that did. */
  #isKept = false
  /** When the first part of an answer had come that was not all of it; 0: not yet, below 0: it is known how the next came. */
  #partAt = 0
  #stopSending: StopSending | undefined
  /** It takes nothing more. */
  #isBroken = false
  /** The upstream has not ended it, but thrown it away: its end says nothing of an answer's. */
  #isReset = false
  #isGuarded = false
  /** Nothing is to be read for now. Over TLS, what had come already is told all the same. */
  #isPaused = false
  #isRetired = false
  #isProbed = false
  #isClosed = false
  readonly #longestAgeMs: number
  // In milliseconds of `performance.now()`.
  openedAt = 0
  /** When it came to rest last; 0: it has not. */
  restedAt = 0
  /** It carries no request that begins after this. */
  expiresAt = Number.POSITIVE_INFINITY

  constructor(owner: ConnectionOwner, longestAgeMs: number) {
    super()
    this.#owner = owner
    this.#longestAgeMs = longestAgeMs
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
      this.#noteDrop()
      // Over TLS one may come that leaves the socket as it is.
      this.close()
    })
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#closed())
    if (this.#isClosed) {
      socket.destroy()
      return
    }
    this.openedAt = this.setDeadline(usualIdleMs)
    this.expiresAt = this.openedAt + this.#longestAgeMs
  }

  /** Nobody waits for it. */
  rest(): void {
    this.#hasRested = true
  }

  /** It has brought an answer after it had rested: the upstream keeps it. */
  get isProven(): boolean {
    return this.#isProven
  }

  /** It was at rest, be it before its first request. */
  get hasRested(): boolean {
    return this.#hasRested
  }

  /** A request can be sent over it. */
  get isUsable(): boolean {
    return this.#socket?.writable === true
  }

  /** `canFollow`: another request may follow on it. */
  send(exchange: Exchange, canFollow: boolean): void {
    const socket = this.#socket
    if (socket === undefined) throw new Error('not connected')
    this.clearDeadline()
    const { request } = exchange
    this.#exchange = exchange
    this.#isSending = true
    this.#isKept = false
    this.#partAt = 0
    this.#bytesBefore = socket.bytesWritten
    this.#canFollow = canFollow
    this.#reader.await(exchange, request.method === 'HEAD')
    exchange.onConnection(this)
    if (this.#exchange !== exchange) return
    if (isStreamed(request)) this.#guard(socket)
    try {
      const done = (error: Error | null) => this.#sent(exchange, error)
      this.#stopSending = sendRequest(request, { socket, canFollow, done })
      if (this.#isBroken) this.#stopSending?.()
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error('sending failed'))
    }
  }

  #sent(exchange: Exchange, error: Error | null): void {
    if (this.#exchange !== exchange) return
    this.#isSending = false
    if (error !== null) {
      this.#socket?.destroy(error)
      return
    }
    if (!this.#isHeard) this.#owner.unheard(this)
    exchange.onSent()
  }

  /** A body that is still to come may be refused on the way. */
  #guard(socket: Socket): void {
    if (this.#isGuarded) return
    this.#isGuarded = true
    keepReadable(socket, (error, wasReset) => {
      this.#error ??= error
      this.#isReset = wasReset
      this.#refused()
    })
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
    this.#stopSending = undefined
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
    if (!this.#isHeard) {
      this.#isHeard = true
      this.#owner.heard(this)
    }
    if (this.#partAt > 0) this.#tellPause()
    const taken = this.#reader.read(buffer, length)
    if (this.#reader.isIdle) {
      this.#isFull = false
      this.#buffer = undefined
      if (this.#exchange === exchange) this.#answered(exchange, taken === length)
      return true
    }
    if (this.#isSending && this.#reader.isRefusal) this.#refused()
    if (this.#partAt === 0) this.#partAt = performance.now()
    this.#isPaused ||= !exchange.onPause()
    // Whose client does not keep up is waited for: no pause of the upstream's.
    if (this.#isPaused) this.#partAt = unknown
    return !this.#isPaused
  }

  #tellPause(): void {
    const milliseconds = performance.now() - this.#partAt
    this.#partAt = unknown
    this.#owner.paused(milliseconds, this.#hasRested)
  }

  /** The upstream takes no more of the request: what is sent on would only lose the rest of its answer. */
  #refused(): void {
    this.#isBroken = true
    this.#stopSending?.()
  }

  /** Nothing of the request has left: it waits for the first bytes of its body. */
  #isUnsent(): boolean {
    return this.#isSending && this.#socket?.bytesWritten === this.#bytesBefore
  }

  #answered(exchange: Exchange, isAll: boolean): void {
    this.#letGo(exchange)
    if (this.#hasRested) {
      this.#isProven = true
      this.#owner.kept()
    }
    this.#hasRested = true
    if (!isAll || !this.#isAtRest()) return this.close()
    const { isPersistent, keepAliveSeconds } = this.#reader
    const idleMs = keepAliveSeconds === undefined ? usualIdleMs : keepAliveSeconds * 1_000 - idleMarginMs
    if (!isPersistent || !this.#canFollow || idleMs <= 0) return this.#retire()
    this.restedAt = this.setDeadline(Math.min(idleMs, mostIdleMs))
    if (this.restedAt >= this.expiresAt) return this.close()
    this.#isKept = true
    if (!this.#isProbed) this.#probe()
    this.#owner.released(this)
  }

  /** From its first rest on it is asked for signs of life: most that carry one request alone need none. */
  #probe(): void {
    this.#isProbed = true
    this.#socket?.setKeepAlive(true, tcpKeepAliveMs)
  }

  /** All of the request has left, and nothing more of its answer can come. */
  #isAtRest(): boolean {
    return !this.#isSending && !this.#isBroken && !this.#isPaused && this.#socket?.writableLength === 0
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
      if (!this.#isReset && this.#reader.end() && this.#exchange !== undefined) this.#letGo(this.#exchange)
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error('reading failed')
    }
    this.#noteDrop()
    this.close()
  }

  /** Told of one at rest alone, and once: its end comes before anything that we do about it. */
  #noteDrop(): void {
    if (!this.#isKept || this.#isClosed) return
    this.#isKept = false
    this.#owner.dropped(performance.now() - this.restedAt)
  }

  #closed(): void {
    this.clearDeadline()
    this.#buffer = undefined
    this.#owner.closed(this, this.#isRetired)
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#letGo(exchange)
    const wasStale = this.#hasRested && !this.#reader.hasBegun
    if (wasStale) this.#owner.stale(this)
    this.#reader.stop()
    exchange.onFailure(this.#error ?? new UpstreamClosed('the upstream closed the connection'), wasStale)
  }
}
