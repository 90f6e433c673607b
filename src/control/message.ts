// What Node would answer by itself, in a shape of its own: a request without Host, and an unknown Expect. Both come
// to Fastify instead, so that all errors of the control port have one shape. And when a request is begun.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Denial, deny } from '../errors/denial.ts'
import type { ControlApp } from './dependencies.ts'

/** For Fastify's `http`: a missing Host is refused by `judgeHost`. */
export const parserOptions = { requireHostHeader: false }

/** An expectation that nobody knows is ignored, as RFC 9110 §10.1.1 allows. */
export function ignoreExpectations(app: ControlApp): void {
  app.server.on('checkExpectation', app.routing)
}

/**
 * Begins a request that was sent ahead once the answer before it has gone out, and not before Node has done with that
 * one's writes: where they have failed, an answer that is there already would have Node end it twice, and so the process.
 */
export function oneAtATime(app: ControlApp): void {
  app.server.removeAllListeners('request').on('request', (raw: IncomingMessage, reply: ServerResponse) => {
    if (reply.socket !== null) return app.routing(raw, reply)
    reply.once('socket', () => setImmediate(beginLate, app, raw, reply))
  })
}

function beginLate(app: ControlApp, raw: IncomingMessage, reply: ServerResponse): void {
  if (!raw.socket.destroyed) app.routing(raw, reply)
}

/** RFC 9112 §3.2: a request has one Host; only HTTP/1.0 knows requests without. */
export function judgeHost(raw: {
  readonly rawHeaders: readonly string[]
  readonly httpVersion: string
}): Denial | undefined {
  const hosts = raw.rawHeaders.filter(
    (text, index) => index % 2 === 0 && text.toLowerCase() === 'host',
  ).length
  if (hosts > 1) return deny('BAD_REQUEST', 'repeated_host')
  return hosts === 0 && raw.httpVersion === '1.1' ? deny('BAD_REQUEST', 'missing_host') : undefined
}
