// The head of an upstream's answer on its way to the client: what Node would not write, or would write in other bytes.

import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Access } from '../access.ts'
import { tellPages } from './cors.ts'
import { responseHeaders } from './response-headers.ts'
import { tellLimits } from './limit-fields.ts'
import { keyPlaces, tellSharedCaches } from './shared-caches.ts'
import type { AnswerHead } from '../upstream/answer-head.ts'

/** Puts the head on a response, in order, case and repeats as it came; what is ours last. Sends nothing yet. */
export function writeHead(access: Access, { status, reason, fields }: AnswerHead): void {
  const { reply } = access
  const headers = responseHeaders(fields, canHaveTrailers(reply, status))
  const places = keyPlaces(access)
  if (places !== undefined) tellSharedCaches(headers, places)
  const cors = access.host?.api.cors
  if (typeof cors === 'object') tellPages(headers, cors, access.head.origin)
  if (access.spent !== undefined || access.use !== undefined) tellLimits(headers, access.spent, access.use)
  headers.push('X-Request-Id', access.requestId)
  // The upstream's Date, or none: ours would be a header that it did not send.
  reply.sendDate = false
  if (access.server.isDraining) reply.shouldKeepAlive = false
  if (isPhrase(reason, status)) reply.writeHead(status, reason, headers)
  else reply.writeHead(status, headers)
}

/** Sends a written head at once. Not by `flushHeaders`, which sends it as UTF-8 and so changes bytes beyond ASCII. */
export function sendHead({ reply }: Access): void {
  if (hasBody(reply, reply.statusCode)) reply.write(nothing)
}

const nothing = Buffer.alloc(0)

function hasBody(reply: ServerResponse, status: number): boolean {
  return reply.req.method !== 'HEAD' && status !== 204 && status !== 304
}

function canHaveTrailers(reply: ServerResponse, status: number): boolean {
  return reply.req.httpVersionMinor > 0 && hasBody(reply, status)
}

/** Whether it may stand in a status line, as it also may when it is empty (RFC 9112 §4): it holds no control character. */
function isPhrase(reason: string, status: number): boolean {
  return reason === STATUS_CODES[status] || /^[\t\x20-\x7e\x80-\xff]*$/.test(reason)
}

/** RFC 9110 §15.2: interim answers go on to clients that know them, when it is this response's turn. */
export function forwardInterim(access: Access, { status, reason, fields }: AnswerHead): void {
  const { reply, raw: request } = access
  const isTheirTurn = reply.socket !== null && !reply.headersSent
  if (request.httpVersionMinor === 0 || !isTheirTurn || status === 100) return
  const headers = responseHeaders(fields, false)
  let head = `HTTP/1.1 ${status} ${isPhrase(reason, status) ? reason : ''}\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  reply.socket?.write(`${head}\r\n`, 'latin1')
}
