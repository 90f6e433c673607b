// Stage 9: forwards a request and streams the answer back: the target as it was judged, the headers as they were built,
// the body as it comes. Nothing is parsed anew on the way, nothing large is buffered whole, nothing sent twice unless it
// is certain that it did no work.

import { type Denial, deny } from '../../errors/denial.ts'
import type { Access, CutBy } from '../access.ts'
import { hasBody } from '../../decision/request/head.ts'
import { Answer } from './answer.ts'
import { Deadline } from '../upstream/deadlines.ts'
import { outgoing } from './outgoing.ts'
import { endWork } from '../listener/overload.ts'
import { refuse } from './refuse.ts'
import { type BodyFault, type BodyOwner, RequestBody } from './request-body.ts'
import { mayComeWhole, wholeBody } from './whole-body.ts'
import { abandonBody, announceClose } from './abandoned-body.ts'
import { forwardInterim } from './response-head.ts'
import { type AnswerHead, InvalidAnswer } from '../upstream/answer-head.ts'
import type { Connection, Exchange } from '../upstream/connection.ts'
import { type BodySource, isRepeatable, type OutgoingRequest } from '../upstream/outgoing-request.ts'
import type { Turn } from '../upstream/fair-share.ts'
import type { Queue } from '../upstream/queue.ts'
import { clientNetwork } from '../../config/request/addresses.ts'
import { denialOf, unnamedFailure } from './upstream-failure.ts'
import { NoRoom } from '../upstream/no-room.ts'
import { NotSent } from '../upstream/not-sent.ts'
import type { Target } from '../upstream/target.ts'
import type { UpstreamPool } from '../upstream/upstreams.ts'

/** A request is tried with so many targets at most: each may take the whole `connect_timeout`. */
const mostTargets = 3

/** Sends the request to its upstream and the answer to the client. Never throws; ends the response in every case. */
export function forward(access: Access, upstream: UpstreamPool): void {
  const target = upstream.targets.choose()
  const { connections } = target
  if (connections.isFull() && !connections.yieldsTo(partyOf(access), clientOf(access)))
    return refuse(access, deny('UPSTREAM_UNAVAILABLE', 'queue_full'))
  const forwarding = new Forwarding(access, upstream, target)
  if (mayComeWhole(access)) process.nextTick(sendNow, forwarding)
  else forwarding.send()
}

/**
 * One request and its answer. A class: made once a request, its methods shared. Its deadline is that of the answer's head;
 * then, of an answer that takes longer than a turn, that of its next bytes, or of the client that has to read some first.
 */
class Forwarding extends Deadline implements Exchange, BodyOwner {
  queuedIn: Queue<Exchange> | undefined
  queuedBefore: Exchange | undefined
  queuedAfter: Exchange | undefined
  waitsSince = 0
  opensSince = 0
  isAnew = false
  turn: Turn<Exchange> | undefined
  readonly #access: Access
  readonly #upstream: UpstreamPool
  #target: Target
  /** Those to which no connection came about for it; undefined: there is none. */
  #tried: Target[] | undefined
  readonly #hasBody: boolean
  #request: OutgoingRequest | undefined
  #body: RequestBody | undefined
  #client: string | undefined
  #connection: Connection | undefined
  #isRetried = false
  #isClientBehind = false
  #isOver = false
  // Moments of `performance.now()`; 0: not yet.
  /** The upstream has the request, or its first bytes. */
  #sentAt = 0
  #headAt = 0
  /** More has been read since the head. */
  #isParted = false
  /** The client has to take some of the answer before more is read. */
  #heldSince = 0
  /** Of the time since `#sentAt`, what the client held up. */
  #heldMs = 0
  /** Of the answer's body, what may still come; -1: any amount. */
  #leftBytes = -1
  /** For how long the body had been waited for when it began to be sent. */
  #awaitedBefore = 0
  readonly #answer: Answer

  constructor(access: Access, upstream: UpstreamPool, target: Target) {
    super()
    this.#access = access
    this.#upstream = upstream
    this.#target = target
    this.#hasBody = hasBody(access.head)
    this.#answer = new Answer(access)
    target.connections.enter()
    // The object itself: an arrow function made here keeps each exchange, and with it its request, from being collected
    // until the next full collection of garbage (V8 11.3, seen with --trace-gc-nvp).
    access.exchange = this
  }

  get request(): OutgoingRequest {
    if (this.#request === undefined) throw new Error('not sent')
    return this.#request
  }

  get party(): string {
    return partyOf(this.#access)
  }

  get client(): string {
    return (this.#client ??= clientOf(this.#access))
  }

  get isBodyOpen(): boolean {
    return this.#body?.isOpen === true
  }

  get isBodyScant(): boolean {
    return this.#body?.isScant === true
  }

  send(): void {
    if (this.#isOver) return
    const access = this.#access
    const whole = this.#hasBody ? wholeBody(access) : null
    if (whole !== undefined) return this.#dispatch(whole)
    this.#body = new RequestBody(access, this.#upstream.bodyLimits, this)
    this.#body.start()
  }

  /** A connection is taken once something of the body is there: one that never comes holds none. */
  onBodyProgress(): void {
    if (this.#isOver || this.#body === undefined) return
    if (this.#request === undefined) {
      this.#access.clientMs += this.#body.awaitedMs(performance.now())
      this.#dispatch(this.#body)
    } else if (this.#connection === undefined) this.#target.connections.send(this)
  }

  onBodyFault(fault: BodyFault): void {
    if (!this.#isOver) this.#end(fault)
  }

  /** Never throws: what cannot be put together is a failure of this exchange alone. */
  #dispatch(body: Buffer | BodySource | null): void {
    const { connections, host } = this.#target
    try {
      this.#request = outgoing(this.#access, this.#upstream, { host, body })
      if (this.#isRetried) connections.sendAnew(this)
      else connections.send(this)
    } catch (error) {
      if (!this.#isOver) this.#end(error instanceof Error ? error : new Error('dispatch failed'))
    }
  }

  onConnection(connection: Connection): void {
    this.#connection = connection
    if (this.opensSince === 0 && this.#body === undefined) return
    const now = performance.now()
    if (this.opensSince > 0) this.#charge(now - this.opensSince)
    this.opensSince = 0
    if (this.#body === undefined) return
    this.#sentAt = now
    this.#awaitedBefore = this.#body.awaitedMs(now)
  }

  /** From here the upstream has its time to answer. */
  onSent(): void {
    if (this.#headAt > 0 || this.#isOver) return
    const { route, host } = this.#access
    const timeoutMs = route === undefined ? host?.api.timeoutMs : route.timeoutMs
    const now = this.setDeadline(timeoutMs ?? this.#upstream.settings.timeoutMs)
    if (this.#sentAt === 0) this.#sentAt = now
  }

  protected override timedOut(): void {
    if (this.#headAt === 0) this.#fail(deny('UPSTREAM_TIMEOUT', 'no_response_head'))
    // A client that reads slowly may need longer for what it has been sent; the backlog knows whether it reads at all.
    else if (this.#isClientBehind && this.#access.reply.writableLength > 0) this.#giveClientTime()
    else this.#cut('timeout')
  }

  onInterim(head: AnswerHead): void {
    forwardInterim(this.#access, head)
  }

  onHead(head: AnswerHead): void {
    const access = this.#access
    this.clearDeadline()
    this.#headAt = performance.now()
    if (this.#body !== undefined) this.#heldMs = this.#body.awaitedMs(this.#headAt) - this.#awaitedBefore
    access.status = head.status
    if (head.oddity !== undefined) this.#upstream.odd(head.oddity)
    const most = access.route?.maxResponseBytes ?? null
    if (most !== null) {
      this.#leftBytes = most
      // What an answer without a body says of its length is of none.
      const hasBody = access.method !== 'HEAD' && head.status !== 204 && head.status !== 304
      if (hasBody && (head.contentLength ?? 0) > most) return this.#refuseSize()
    }
    this.#answer.begin(head)
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    if (this.#leftBytes >= 0) {
      this.#leftBytes -= end - start
      if (this.#leftBytes < 0) return this.#refuseSize()
    }
    this.#answer.write(buffer, start, end)
  }

  /** Larger than its route lets an answer be: what has not begun to go out is refused, the rest cut. */
  #refuseSize(): void {
    if (!this.#isOver)
      this.#end(new InvalidAnswer('the body is over `response.max_body`', 'response_too_large'))
  }

  get #idleMs(): number {
    return this.#access.route?.responseIdleMs ?? this.#upstream.bodyLimits.idleTimeoutMs
  }

  onPause(): boolean {
    if (this.#isOver || this.#headAt === 0) return true
    this.#isParted = true
    const now = this.setDeadline(this.#idleMs)
    try {
      if (!this.#answer.flush()) this.#isClientBehind = true
    } catch (error) {
      this.#refuseHead(error)
      return true
    }
    if (!this.#isClientBehind) return true
    this.#waitForClient(now)
    return false
  }

  onEnd(trailers: readonly string[]): void {
    const comesEarly = this.#hasBody && !this.#access.raw.complete
    if (comesEarly) announceClose(this.#access, this.#body?.received ?? 0)
    try {
      this.#answer.writeHead()
    } catch (error) {
      this.#refuseHead(error)
      return
    }
    this.#finish(this.#isParted ? performance.now() : this.#headAt)
    try {
      this.#answer.end(trailers)
    } catch (error) {
      this.#access.failure = error
      return this.#cut('gateway')
    }
    endWork(this.#access)
    if (comesEarly) abandonBody(this.#access)
  }

  onFailure(error: Error, wasStale: boolean): void {
    if (this.#isOver) return
    if (wasStale && this.#mayRetry()) {
      this.#isRetried = true
      // What it closed without a word it may be about to leave.
      this.#move(this.#upstream.targets.other([this.#target]) ?? this.#target)
      return
    }
    const other = this.#connection === undefined ? this.#otherThan(error) : undefined
    if (other === undefined) this.#end(error)
    else this.#move(other)
  }

  /** Nothing was sent where no connection came about: another target may have it, whatever it is. */
  #otherThan(error: Error): Target | undefined {
    const isLate = error instanceof NotSent && error.reason === 'queue_timeout'
    if (error instanceof NotSent && !isLate) return undefined
    const tried = (this.#tried ??= [])
    tried.push(this.#target)
    const { targets } = this.#upstream
    // It took no time, and no other can open one either.
    if (error instanceof NoRoom) return targets.other(tried, canCarry)
    if (tried.length >= mostTargets) return undefined
    return isLate ? targets.other(tried, hasPlace) : targets.other(tried)
  }

  /** Sends it anew, by a target. */
  #move(target: Target): void {
    this.#connection = undefined
    this.clearDeadline()
    this.#settle(performance.now())
    this.opensSince = 0
    this.#sentAt = 0
    if (target !== this.#target) {
      this.#target.connections.leave()
      this.#target = target
      target.connections.enter()
    }
    this.#dispatch(this.#request?.body ?? null)
  }

  #end(error: Error): void {
    const denial = denialOf(error)
    if (denial === undefined) return this.#cut('client')
    if (denial.reason === unnamedFailure || error instanceof InvalidAnswer) this.#access.failure = error
    this.#fail(denial)
  }

  /** A head that cannot be written, for a reason yet unknown, ends this exchange alone. */
  #refuseHead(error: unknown): void {
    this.#access.failure = error
    this.#fail(deny('UPSTREAM_ERROR', 'head'))
  }

  #giveClientTime(): void {
    this.setDeadline(this.#idleMs)
  }

  /** The client takes its time: the upstream is not read meanwhile. */
  #waitForClient(since: number): void {
    this.#heldSince = since
    this.#access.reply.once('drain', () => {
      if (this.#isOver) return
      this.#isClientBehind = false
      const now = this.setDeadline(this.#idleMs)
      this.#heldMs += now - this.#heldSince
      this.#heldSince = 0
      this.#connection?.resume()
    })
  }

  /** Once, and only what may be done twice. */
  #mayRetry(): boolean {
    return !this.#isRetried && this.#request !== undefined && isRepeatable(this.#request)
  }

  abandon(): void {
    if (!this.#isOver) this.#abort()
  }

  /** Ends the exchange with a refusal; after the answer has begun, by cutting the connection. */
  #fail(denial: Denial): void {
    this.#abort()
    refuse(this.#access, denial)
  }

  /** What is cut must look cut: no final chunk, no rest of the announced length. */
  #cut(by: CutBy): void {
    this.abandon()
    this.#access.cut ??= by
    this.#access.reply.destroy()
  }

  /** Ends the exchange on the upstream's side too: out of the queue, or with the connection that carries it. */
  #abort(): void {
    this.#finish(performance.now())
    if (this.#connection === undefined) this.#target.connections.withdraw(this)
    else this.#connection.abort(this)
  }

  #finish(now: number): void {
    this.#isOver = true
    this.clearDeadline()
    this.#settle(now)
    this.#body?.stop()
    this.#target.connections.leave()
  }

  /** Who was waited for until now: the upstream from when it had the request, but for what the client held up. */
  #settle(now: number): void {
    const access = this.#access
    if (this.#sentAt === 0) {
      if (this.opensSince > 0) this.#charge(now - this.opensSince)
      else if (this.#request === undefined && this.#body !== undefined)
        access.clientMs += this.#body.awaitedMs(now)
      return
    }
    if (this.#heldSince > 0) this.#heldMs += now - this.#heldSince
    if (this.#headAt === 0 && this.#body !== undefined)
      this.#heldMs = this.#body.awaitedMs(now) - this.#awaitedBefore
    access.clientMs += this.#heldMs
    this.#charge(now - this.#sentAt - this.#heldMs)
  }

  #charge(milliseconds: number): void {
    this.#access.upstreamMs = (this.#access.upstreamMs ?? 0) + milliseconds
  }
}

/** Who shares connections with others: a merchant where it is known, from an address or a network of them. */
function clientOf({ client, principal }: Access): string {
  const network = clientNetwork(client)
  return principal === undefined ? network : `${network} ${principal.record.merchantId}`
}

/** A merchant; empty: all those together of whom no key is known. */
function partyOf({ principal }: Access): string {
  return principal?.record.merchantId ?? ''
}

function hasPlace({ connections }: Target): boolean {
  return !connections.isFull()
}

/** Without a new connection. */
function canCarry({ connections }: Target): boolean {
  return connections.hasOpen() && !connections.isFull()
}

function sendNow(forwarding: Forwarding): void {
  forwarding.send()
}
