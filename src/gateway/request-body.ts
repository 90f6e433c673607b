// The client's request body on its way to the upstream: whole where it came with its head, as small ones do, else a stream
// between the two, so that neither side's end takes the other's connection with it. The stream counts what passes, and
// keeps back-pressure: the client is read no faster than the upstream takes it, and neither may keep the other waiting
// for ever.

import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { type Denial, deny } from '../errors/denial.ts'
import type { Access, Head } from './access.ts'

/** Why a body ended early; `denial` is what the client is told, if it is still there. */
export class BodyFault extends Error {
  override readonly name = 'BodyFault'
  readonly denial: Denial | undefined

  constructor(reason: string, denial?: Denial) {
    super(reason)
    this.denial = denial
  }
}

/** Bodies up to this size may go on whole: what is sent whole is kept until the answer has ended. */
const wholeBytes = 16 * 1024

/**
 * Whether the body may be there at the end of the tick. Node parses what came in one piece with the head right after it,
 * and lets ticks run as soon as it has handed the body over: before it comes to a next request on the connection, which so
 * does not overtake this one.
 */
export function mayComeWhole({ raw, head }: Access): boolean {
  return canBeWhole(head) && raw.readableLength < (head.contentLength ?? 0)
}

/** The body where all of it has come, and is small: no stream has to be made then, and nobody be waited for. */
export function wholeBody({ raw, head }: Access): Buffer | undefined {
  if (!canBeWhole(head) || raw.readableLength !== head.contentLength) return undefined
  const body: Buffer | null = raw.read()
  // To its end, which Node waits for.
  raw.resume()
  return body ?? undefined
}

/** Announced, so that it goes on as it came: a chunked one stays a stream. */
function canBeWhole({ contentLength, expectsContinue }: Head): boolean {
  return contentLength !== undefined && contentLength <= wholeBytes && !expectsContinue
}

/**
 * The body of a request as a stream for the dispatcher. Fails with a BodyFault when the client leaves or sends more
 * than the route takes, when the client sends nothing for `idleTimeoutMs` while it is waited for, or when the upstream
 * takes nothing for as long. Destroying it leaves the client's connection alone.
 */
export function requestBody(access: Access, idleTimeoutMs: number): Readable {
  const { raw, reply, head } = access
  const limitBytes = access.route?.maxBodyBytes ?? Number.POSITIVE_INFINITY
  let received = 0
  let isInvited = !head.expectsContinue
  let timer: NodeJS.Timeout | undefined

  /** Who is waited for has the time to move; the other one's clock stands still. */
  const waitFor = (denial: () => Denial) => {
    clearTimeout(timer)
    timer = setTimeout(() => body.destroy(new BodyFault('idle', denial())), idleTimeoutMs)
  }
  const body = new Readable({
    read() {
      if (!isInvited) {
        // Only now is there somebody to read it: authorised, and connected to the upstream (RFC 9110 §10.1.1).
        isInvited = true
        invite(reply)
      }
      waitFor(() => deny('REQUEST_TIMEOUT', 'body_idle'))
      raw.resume()
    },
    destroy(error, done) {
      clearTimeout(timer)
      raw.off('data', onData).off('end', onEnd).off('close', onClose)
      done(error)
    },
  })
  const onData = (chunk: Buffer) => {
    received += chunk.length
    if (received > limitBytes) {
      body.destroy(new BodyFault('too_large', deny('BODY_TOO_LARGE', 'streamed')))
    } else if (body.push(chunk)) timer?.refresh()
    else {
      raw.pause()
      waitFor(() => deny('UPSTREAM_TIMEOUT', 'body_not_read'))
    }
  }
  const onEnd = () => {
    // The last bytes may still wait for the upstream to take them.
    waitFor(() => deny('UPSTREAM_TIMEOUT', 'body_not_read'))
    body.once('end', () => clearTimeout(timer)).push(null)
  }
  const onClose = () => {
    if (!raw.complete) body.destroy(new BodyFault('client_gone'))
  }
  raw.on('data', onData).on('end', onEnd).on('close', onClose)
  raw.pause()
  return body
}

/** An answer that came before the end of the request: the client gets a moment to read it, then the line is closed. */
export function abandonBody(access: Access): void {
  const { raw } = access
  const timer = setTimeout(() => raw.socket.destroySoon(), 1_000)
  raw.once('end', () => clearTimeout(timer))
  raw.once('close', () => clearTimeout(timer))
  raw.resume()
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
