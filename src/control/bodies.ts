// Bodies of the control plane: JSON, and nothing that means two things.

import { isUtf8 } from 'node:buffer'
import type { ControlApp } from './dependencies.ts'
import { invalid } from './refusal.ts'

/**
 * No body, an empty one, and `{}` mean the same: what is required is then named by the schema. Bytes that are no UTF-8
 * are refused (RFC 8259 §8.1): replaced, they would be another name than the one that was sent.
 */
export function acceptEmptyBodies(app: ControlApp): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    const text = textOf(body)
    if (text === undefined) done(invalid('', 'must be JSON in UTF-8'), undefined)
    else void parse(request, text, done)
  })
  app.addHook('preValidation', async (request) => {
    request.body ??= {}
  })
}

function textOf(body: string | Buffer): string | undefined {
  if (typeof body === 'string') return body
  return isUtf8(body) ? body.toString() : undefined
}
