// The client's request body on its way to the upstream: a stream between the two, so that neither side's end takes
// the other's connection with it. Counts what passes, and keeps back-pressure: the client is read no faster than the
// upstream takes it.

import { Readable } from 'node:stream'
import { type Denial, deny } from '../errors/denial.ts'
import type { Access } from './access.ts'

/** Why a body ended early; `denial` is what the client is told, if it is still there. */
export class BodyFault extends Error {
  override readonly name = 'BodyFault'
  readonly denial: Denial | undefined

  constructor(reason: string, denial?: Denial) {
    super(reason)
    this.denial = denial
  }
}

/**
 * The body of a request as a stream for the dispatcher. Fails with a BodyFault when the client leaves, stalls for
 * longer than `idleTimeoutMs`, or sends more than the route takes. Destroying it leaves the client's connection alone.
 */
export function requestBody(access: Access, idleTimeoutMs: number): Readable {
  const { raw, reply, head } = access
  const limitBytes = access.route?.maxBodyBytes ?? Number.POSITIVE_INFINITY
  let received = 0
  let isInvited = !head.expectsContinue
  const idle = setTimeout(() => body.destroy(stalled()), idleTimeoutMs)

  const body = new Readable({
    read() {
      if (!isInvited) {
        // Only now is there somebody to read it: authorised, and connected to the upstream (RFC 9110 §10.1.1).
        isInvited = true
        reply.writeContinue()
      }
      raw.resume()
    },
    destroy(error, done) {
      clearTimeout(idle)
      raw.off('data', onData).off('end', onEnd).off('close', onClose)
      raw.pause()
      done(error)
    },
  })
  const onData = (chunk: Buffer) => {
    idle.refresh()
    received += chunk.length
    if (received > limitBytes) body.destroy(new BodyFault('too_large', deny('BODY_TOO_LARGE', 'streamed')))
    else if (!body.push(chunk)) raw.pause()
  }
  const onEnd = () => {
    clearTimeout(idle)
    body.push(null)
  }
  const onClose = () => {
    if (!raw.complete) body.destroy(new BodyFault('client_gone'))
  }
  raw.on('data', onData).on('end', onEnd).on('close', onClose)
  raw.pause()
  return body
}

function stalled(): BodyFault {
  return new BodyFault('stalled', deny('REQUEST_TIMEOUT', 'body_idle'))
}
