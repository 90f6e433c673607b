// The head of an upstream's answer on its way to the client: what Node would not write, or would write in other bytes.

import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Access } from './access.ts'
import { responseHeaders } from './headers.ts'

export interface ResponseHead {
  readonly status: number
  /** As undici gives it: decoded from UTF-8. */
  readonly statusText: string
  /** Flat name, value list. */
  readonly raw: readonly Buffer[]
}

/** Puts the head on a response, in order, case and repeats as it came; our X-Request-Id last. Sends nothing yet. */
export function writeHead(access: Access, { status, statusText, raw }: ResponseHead): void {
  const { reply } = access
  const headers = responseHeaders(raw, canHaveTrailers(reply, status))
  headers.push('X-Request-Id', access.requestId)
  // The upstream's Date, or none: ours would be a header that it did not send.
  reply.sendDate = false
  if (access.server.isDraining) reply.shouldKeepAlive = false
  const reason = statusText === STATUS_CODES[status] ? statusText : reasonPhrase(statusText)
  if (reason === '') reply.writeHead(status, headers)
  else reply.writeHead(status, reason, headers)
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

const plainPhrase = /^[\t\x20-\x7e]*$/

/** The phrase with the bytes that it came in, as latin1; empty where it holds a control character. */
function reasonPhrase(statusText: string): string {
  if (plainPhrase.test(statusText)) return statusText
  const bytes = Buffer.from(statusText, 'utf8').toString('latin1')
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(bytes) ? bytes : ''
}

/** RFC 9110 §15.2: interim answers go on to clients that know them, when it is this response's turn. */
export function forwardInterim(access: Access, { status, statusText, raw }: ResponseHead): void {
  const { reply, raw: request } = access
  const isTheirTurn = reply.socket !== null && !reply.headersSent
  if (request.httpVersionMinor === 0 || !isTheirTurn || status === 100 || status === 101) return
  const headers = responseHeaders(raw, false)
  let head = `HTTP/1.1 ${status} ${reasonPhrase(statusText)}\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  reply.socket?.write(`${head}\r\n`, 'latin1')
}

/** Whether the body has a transfer coding beside `chunked`: nobody takes it off, and its label is between hops. */
export function hasOtherCoding(raw: readonly Buffer[]): boolean {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.length !== transferEncoding.length) continue
    if (raw[i]?.toString('latin1').toLowerCase() !== transferEncoding) continue
    if (raw[i + 1]?.toString('latin1').toLowerCase() !== 'chunked') return true
  }
  return false
}

const transferEncoding = 'transfer-encoding'
