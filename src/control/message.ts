// What Node would answer by itself, in a shape of its own: a request without Host, and an unknown Expect. Both come
// to Fastify instead, so that all errors of the control port have one shape.

import { type Denial, deny } from '../errors/denial.ts'
import type { ControlApp } from './dependencies.ts'

/** For Fastify's `http`: a missing Host is refused by `judgeHost`. */
export const parserOptions = { requireHostHeader: false }

/** An expectation that nobody knows is ignored, as RFC 9110 §10.1.1 allows. */
export function ignoreExpectations(app: ControlApp): void {
  app.server.on('checkExpectation', app.routing)
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
