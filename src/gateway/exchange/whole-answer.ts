// The end of a response that is there in one piece.

import type { ServerResponse } from 'node:http'

/** Node's own way from a response to its socket: it puts the head that was written before what it is given. */
interface Sender {
  _send?: (data: string, encoding: 'latin1') => boolean
}

/**
 * Ends a response whose head has been written, with all of its body: `body` stands for bytes, one a character. In one
 * write: `end(body)` would hand the socket a second, empty piece, and two pieces cost a quarter of all that Node does for
 * a small answer (docs/performance.md).
 */
export function endWhole(reply: ServerResponse & Sender, body: string): void {
  if (body === '' || reply.chunkedEncoding || typeof reply._send !== 'function' || isBodiless(reply)) {
    reply.end(body, 'latin1')
    return
  }
  reply._send(body, 'latin1')
  reply.end()
}

function isBodiless({ req, statusCode }: ServerResponse): boolean {
  return req.method === 'HEAD' || statusCode === 204 || statusCode === 304
}
