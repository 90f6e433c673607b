// Stage 9: forwards a request and streams the answer back, on undici's dispatch interface: the target as it was
// judged, the headers as they were built, the body as it comes. Nothing is parsed anew on the way, nothing large is
// buffered whole, nothing sent twice unless it is certain that it did no work.

import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { type Denial, deny } from '../errors/denial.ts'
import { type Access, hasBody } from './access.ts'
import { Answer } from './answer.ts'
import { Deadline } from './deadlines.ts'
import { canBeSentAnew, outgoing } from './outgoing.ts'
import { refuse } from './refuse.ts'
import { abandonBody, BodyFault, mayComeWhole, requestBody, wholeBody } from './request-body.ts'
import { forwardInterim, hasOtherCoding } from './response-head.ts'
import { denialOf, unnamedFailure } from './upstream-failure.ts'
import type { UpstreamPool } from './upstreams.ts'

/** Sends the request to its upstream and the answer to the client. Never throws; ends the response in every case. */
export function forward(access: Access, upstream: UpstreamPool): void {
  // It left while its key was looked up: nobody would read the answer, and a refund would still be made.
  if (access.isClosed) return
  if (upstream.connections.isFull()) return refuse(access, deny('UPSTREAM_UNAVAILABLE', 'queue_full'))
  const exchange = new Exchange(access, upstream)
  if (mayComeWhole(access)) process.nextTick(sendNow, exchange)
  else exchange.send()
}

/**
 * One request and its answer. A class, as it is undici's handler: made once a request, its methods shared. Its deadline is
 * that of the answer's head; then, of an answer that takes longer than a turn, that of its next bytes, or of the client
 * that has to read some first. undici's own timers live on for a second after they were called off: some seventy bytes a
 * request that only a full collection of garbage gives back.
 */
class Exchange extends Deadline implements Dispatcher.DispatchHandler {
  readonly #access: Access
  readonly #upstream: UpstreamPool
  readonly #hasBody: boolean
  #body: Readable | null = null
  #abortUpstream: ((error?: Error) => void) | undefined
  #resume: (() => void) | undefined
  #isRetried = false
  #hasAnswerBegun = false
  /** The turn has ended in which the head came, and the answer has not. */
  #isStreamed = false
  #isOver = false
  /** undici has it and has not yet given it a connection: it keeps its place in the queue until then. */
  #isQueued = false
  #hasLeft = false
  readonly #answer: Answer

  constructor(access: Access, upstream: UpstreamPool) {
    super()
    this.#access = access
    this.#upstream = upstream
    this.#hasBody = hasBody(access.head)
    this.#answer = new Answer(access)
    upstream.connections.enter()
    // The object itself: an arrow function made here keeps each exchange, and with it its request, from being collected
    // until the next full collection of garbage (V8 11.3, seen with --trace-gc-nvp).
    access.exchange = this
  }

  send(): void {
    if (this.#isOver) return
    const access = this.#access
    try {
      const body = this.#hasBody ? (wholeBody(access) ?? this.#openBody()) : null
      const options = outgoing(access, this.#upstream, body)
      access.dispatchedAt = performance.now()
      this.#isQueued = true
      this.#upstream.connections.dispatch(options, this)
    } catch (error) {
      this.onError(error instanceof Error ? error : new Error('dispatch failed'))
    }
  }

  /** From the first moment somebody listens to its failure: undici does so only once it has a connection. */
  #openBody(): Readable {
    const body = requestBody(this.#access, this.#upstream.idleTimeoutMs)
    this.#body = body
    body.on('error', (error) => {
      if (!this.#isOver) this.#end(error)
    })
    return body
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#isQueued = false
    this.#abortUpstream = abort
    if (!this.#isOver) return
    this.#leave()
    abort()
  }

  /** The request is out, or handed to the socket with its body: from here the upstream has its time to answer. */
  onRequestSent(): void {
    if (this.#access.upstreamMs !== undefined || this.#isOver) return
    this.setDeadline(this.#access.route?.timeoutMs ?? this.#upstream.settings.timeoutMs)
  }

  protected override timedOut(): void {
    if (this.#access.upstreamMs === undefined) this.#fail(deny('UPSTREAM_TIMEOUT', 'no_response_head'))
    else this.#cut()
  }

  onResponseStarted(): void {
    this.#hasAnswerBegun = true
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, statusText: string): boolean {
    const access = this.#access
    if (this.#isOver) return true
    const head = { status, statusText, raw }
    if (status < 100) return this.#refuseAnswer('status')
    if (status < 200) {
      forwardInterim(access, head)
      return true
    }
    if (hasOtherCoding(raw)) return this.#refuseAnswer('transfer_coding')
    this.clearDeadline()
    access.upstreamMs = performance.now() - (access.dispatchedAt ?? 0)
    access.status = status
    this.#resume = resume
    this.#answer.begin(head)
    // No body can follow, whatever Content-Length says (RFC 9110 §15.4.5); undici would wait for it, or complain.
    if (access.raw.method !== 'HEAD' && (status === 204 || status === 304)) this.onComplete(null)
    else process.nextTick(flushHead, this)
    return true
  }

  onData(chunk: Buffer): boolean {
    if (this.#isOver) return true
    if (this.#isStreamed) this.setDeadline(this.#upstream.idleTimeoutMs)
    try {
      if (this.#answer.write(chunk)) return true
    } catch (error) {
      return this.#refuseHead(error)
    }
    this.#waitForClient()
    return false
  }

  onComplete(trailers: string[] | null): void {
    if (this.#isOver) return
    try {
      this.#answer.writeHead()
    } catch (error) {
      this.#refuseHead(error)
      return
    }
    this.#finish()
    this.#answer.end(trailers)
    if (!this.#access.raw.complete && this.#hasBody) abandonBody(this.#access)
  }

  onError(error: Error): void {
    this.#isQueued = false
    if (this.#isOver) return this.#leave()
    if (this.#mayRetry(error)) {
      this.#isRetried = true
      this.clearDeadline()
      this.send()
      return
    }
    this.#end(error)
  }

  #end(error: Error): void {
    const denial = denialOf(error)
    if (denial === undefined) return this.#cut()
    if (denial.reason === unnamedFailure) this.#access.failure = error
    this.#fail(denial)
  }

  /** The turn has ended. */
  flush(): void {
    if (this.#isOver) return
    this.#isStreamed = true
    this.setDeadline(this.#upstream.idleTimeoutMs)
    try {
      this.#answer.flush()
    } catch (error) {
      this.#refuseHead(error)
    }
  }

  /** A head that cannot be written, for a reason yet unknown, ends this exchange alone. */
  #refuseHead(error: unknown): true {
    this.#access.failure = error
    return this.#refuseAnswer('head')
  }

  /** An answer that cannot be passed on. */
  #refuseAnswer(reason: string): true {
    this.#fail(deny('UPSTREAM_ERROR', reason))
    return true
  }

  /** The client takes its time: the upstream is not read meanwhile, and not held for longer than the deadline. */
  #waitForClient(): void {
    this.#access.reply.once('drain', () => {
      if (this.#isOver) return
      this.setDeadline(this.#upstream.idleTimeoutMs)
      this.#resume?.()
    })
  }

  /** Once, and only what was most likely never read. */
  #mayRetry(error: Error): boolean {
    if (this.#isRetried || this.#hasAnswerBegun || this.#hasBody) return false
    return canBeSentAnew(this.#access.raw) && this.#upstream.connections.wasReused(error)
  }

  clientClosed(): void {
    if (this.#isOver) return
    this.#access.isCut = true
    this.#finish()
    this.#abortUpstream?.(new BodyFault('client_gone'))
  }

  /** Ends the exchange with a refusal; after the answer has begun, by cutting the connection. */
  #fail(denial: Denial): void {
    this.#finish()
    this.#abortUpstream?.(new BodyFault('refused'))
    refuse(this.#access, denial)
  }

  /** What is cut must look cut: no final chunk, no rest of the announced length. */
  #cut(): void {
    this.#finish()
    this.#abortUpstream?.(new BodyFault('cut'))
    this.#access.isCut = true
    this.#access.reply.destroy()
  }

  #finish(): void {
    this.#isOver = true
    this.clearDeadline()
    this.#body?.destroy()
    if (!this.#isQueued) this.#leave()
  }

  /** Gives the place in the upstream's bounds back, once. */
  #leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#upstream.connections.leave()
  }
}

function sendNow(exchange: Exchange): void {
  exchange.send()
}

function flushHead(exchange: Exchange): void {
  exchange.flush()
}
