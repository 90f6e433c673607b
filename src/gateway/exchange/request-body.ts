// The client's request body on its way to the upstream, as it comes, so that neither side's end takes the other's connection
// with it. It counts what passes and keeps back-pressure: the client is read no faster than the upstream takes it, and neither
// may keep the other waiting for ever. whole-body.ts has those that need none of it, abandoned-body.ts those that nobody wants.

import type { ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { type Denial, deny } from '../../errors/denial.ts'
import type { Access } from '../access.ts'
import type { BodyLimits } from './body-limits.ts'
import { areManyCrumbs, restAfterCrumbs } from './crumbs.ts'
import { Pieces } from './pieces.ts'
import { hasUnparsed, readInSlices } from '../listener/slices.ts'
import type { BodySink, BodySource } from '../upstream/outgoing-request.ts'

/** Why a body ended early; `denial` is what the client is told, if it is still there. */
export class BodyFault extends Error {
  override readonly name = 'BodyFault'
  readonly denial: Denial | undefined

  constructor(reason: string, denial?: Denial) {
    super(reason)
    this.denial = denial
  }
}

/** Who is told of a body. */
export interface BodyOwner {
  /** More than before is there to be sent: first bytes, a good part (`isScant`), or all of it (`isOpen`). */
  onBodyProgress(): void
  /** It will not come to its end. */
  onBodyFault(fault: BodyFault): void
}

/** Time that a body may take to begin, before its rate counts: as long as its rate is averaged over at least. */
const rateGraceMs = 10_000
/** With so much of it there, what came in a turn goes on before its end, or no more is read. */
const fullBytes = 64 * 1024
/** Of a body that nobody takes yet, so much is read. */
const heldBytes = 16 * 1024

/**
 * The body of a request as it comes. Fails when the client leaves or sends more than the route takes, sends nothing for
 * `idleTimeoutMs` or too little while it is waited for, or when the upstream takes nothing for as long. What came in one
 * turn of the loop goes on together: a body in tiny pieces costs no write for each.
 */
export class RequestBody implements BodySource {
  readonly #access: Access
  readonly #limits: BodyLimits
  readonly #owner: BodyOwner
  readonly #limitBytes: number
  readonly #pieces = new Pieces()
  #sink: BodySink | undefined
  #hasRoom = true
  #received = 0
  /** What came in this turn, be it handed on already. */
  readonly #turn = { count: 0, bytes: 0 }
  /** What came in this turn is handed on at its end. */
  #isDue = false
  #hasEnded = false
  #isResting = false
  #isOver = false
  #waitsFor: 'client' | 'upstream' | undefined
  #waitingSince = 0
  /** When whoever is waited for has moved last. */
  #movedAt = 0
  /** Time spent waiting for the client before this wait; and how much of all that it was not read for. */
  #waitedMs = 0
  #restedMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(access: Access, limits: BodyLimits, owner: BodyOwner) {
    this.#access = access
    this.#limits = limits
    this.#owner = owner
    this.#limitBytes = access.route?.maxBodyBytes ?? Number.POSITIVE_INFINITY
  }

  /** Asks for the body, which is authorised now (RFC 9110 §10.1.1), and begins to read it. */
  start(): void {
    const { raw, reply, head } = this.#access
    if (head.expectsContinue) invite(reply)
    raw.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose)
    this.#waitFor('client')
    raw.resume()
  }

  /** Bytes that have come of it. */
  get received(): number {
    return this.#received
  }

  /** The client has more of it to send. */
  get isOpen(): boolean {
    return !this.#hasEnded
  }

  /** Not much of it is there, and the rest may never come. */
  get isScant(): boolean {
    return !this.#hasEnded && this.#received < heldBytes
  }

  /** Milliseconds for which the client was waited for, be it that it sends crumbs and is not read for that. */
  awaitedMs(now: number): number {
    return this.#waitsFor === 'client' ? this.#waitedMs + now - this.#waitingSince : this.#waitedMs
  }

  flowTo(sink: BodySink): void {
    this.#sink = sink
    this.#hasRoom = true
    if (this.#pieces.bytes > 0 || this.#hasEnded) this.#handOn()
    else this.#read()
  }

  resume(): void {
    if (this.#isOver || this.#hasRoom) return
    this.#hasRoom = true
    this.#movedAt = performance.now()
    if (this.#pieces.bytes > 0 || this.#hasEnded) this.#handOn()
    else this.#read()
  }

  /** Nobody wants the rest. Leaves the client's connection alone. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#waitFor(undefined)
    this.#access.raw.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    this.#sink?.onStop()
    this.#sink = undefined
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length
    if (this.#received > this.#limitBytes) return this.#fail('too_large', deny('BODY_TOO_LARGE', 'streamed'))
    this.#pieces.add(chunk)
    this.#turn.count++
    this.#turn.bytes += chunk.length
    if (!this.#isResting && areManyCrumbs(this.#turn)) {
      this.#isResting = true
      this.#access.raw.pause()
      readInSlices(this.#access.raw.socket)
    }
    this.#moveSoon()
    if (this.#pieces.bytes < fullBytes) return
    if (this.#sink !== undefined && this.#hasRoom) this.#handOn()
    else this.#access.raw.pause()
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true
    this.#moveSoon()
  }

  readonly #onClose = (): void => {
    if (!this.#access.raw.complete) this.#fail('client_gone')
  }

  #moveSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(move, this)
  }

  /** At the end of a turn in which something came. */
  move(): void {
    this.#isDue = false
    if (this.#isOver) return
    const now = performance.now()
    if (this.#waitsFor === 'client') this.#movedAt = now
    if (this.#isResting) this.#rest(restAfterCrumbs(this.#turn, now))
    this.#turn.count = 0
    this.#turn.bytes = 0
    if (this.#sink !== undefined) return this.#handOn()
    if (!this.isScant) {
      this.#access.raw.pause()
      this.#waitFor(undefined)
    }
    this.#owner.onBodyProgress()
  }

  /** What is there goes to the upstream, if it has room; then somebody is waited for. */
  #handOn(): void {
    const sink = this.#sink
    if (sink === undefined || !this.#hasRoom) return
    if (this.#pieces.bytes > 0) this.#hasRoom = sink.onPieces(this.#pieces.take())
    if (this.#isOver) return
    if (this.#hasRoom && this.#hasEnded) {
      this.stop()
      sink.onEnd()
    } else if (this.#hasRoom) this.#read()
    else {
      this.#access.raw.pause()
      this.#waitFor('upstream')
    }
  }

  /** Reads nothing for so long, which is not held against the client. */
  #rest(milliseconds: number): void {
    this.#restedMs += milliseconds
    this.#movedAt += milliseconds
    setTimeout(this.#wake, milliseconds)
  }

  readonly #wake = (): void => {
    this.#isResting = false
    if (!this.#isOver && this.#waitsFor === 'client') this.#access.raw.resume()
  }

  #read(): void {
    if (this.#hasEnded) return
    this.#waitFor('client')
    if (!this.#isResting) this.#access.raw.resume()
  }

  /** Who is waited for has the time to move; the other one's clock stands still. */
  #waitFor(whom: 'client' | 'upstream' | undefined): void {
    if (whom === this.#waitsFor) return
    const now = performance.now()
    if (this.#waitsFor === 'client') this.#waitedMs += now - this.#waitingSince
    this.#waitsFor = whom
    this.#waitingSince = now
    this.#movedAt = now
    this.#look()
  }

  /** Sets the timer to the moment at which whoever is waited for would be late, or tells that it is. */
  #look(): void {
    clearTimeout(this.#timer)
    if (this.#waitsFor === undefined) return
    const now = performance.now()
    const idleMs = this.#movedAt + this.#limits.idleTimeoutMs - now
    const slowMs = this.#waitsFor === 'client' ? this.#msAhead(now) : Number.POSITIVE_INFINITY
    const leftMs = Math.min(idleMs, slowMs)
    if (leftMs > 0) {
      // Sockets are read once more before it is looked: what stood still was this process, perhaps.
      this.#timer = setTimeout(setImmediate, Math.ceil(leftMs), this.#onTime)
    } else if (this.#waitsFor === 'upstream') this.#fail('idle', deny('UPSTREAM_TIMEOUT', 'body_not_read'))
    else {
      const reason = idleMs <= slowMs ? 'body_idle' : 'body_too_slow'
      this.#fail('idle', deny('REQUEST_TIMEOUT', reason))
    }
  }

  readonly #onTime = (): void => {
    if (this.#isOver) return
    // What came in this very turn is handled right after this.
    if (this.#waitsFor === 'client' && (this.#isDue || this.#isBehind)) this.#movedAt = performance.now()
    this.#look()
  }

  /** More of it has come already, and waits to be parsed. */
  get #isBehind(): boolean {
    return hasUnparsed(this.#access.raw.socket)
  }

  /** For how long the client may still be waited for, by its rate so far. */
  #msAhead(now: number): number {
    const { bodyRate } = this.#limits
    if (bodyRate === 0 || this.#isBehind) return Number.POSITIVE_INFINITY
    const allowedMs = rateGraceMs + (this.#received / bodyRate) * 1_000
    return allowedMs + this.#restedMs - this.awaitedMs(now)
  }

  #fail(reason: string, denial?: Denial): void {
    this.stop()
    this.#owner.onBodyFault(new BodyFault(reason, denial))
  }
}

function move(body: RequestBody): void {
  body.move()
}

/** 100 Continue, in its turn: while an earlier answer is under way, Node would put it behind the head of this one. */
function invite(reply: ServerResponse): void {
  if (reply.socket !== null) reply.writeContinue()
  else {
    reply.once('socket', () => {
      if (!reply.headersSent) reply.writeContinue()
    })
  }
}
