// A refusal on its way out: onto a response, or onto a bare socket when the parser gave up before there was one.

import type { Socket } from 'node:net'
import type { Denial } from '../errors/denial.ts'
import { type ErrorContext, type RenderedError, renderError } from '../errors/reply.ts'
import { type Access, hasBody } from './access.ts'
import { endWork } from './overload.ts'
import { keyPlaces } from './shared-caches.ts'
import { endWhole } from './whole-answer.ts'

/** A body of this size or less is read and dropped, and the connection goes on; a larger one ends it. */
const drainBytes = 64 * 1024
/** How much of an unwanted body is read, and for how long, so that the client gets to read the answer. */
const lingerBytes = 1024 * 1024
const lingerMs = 1_000

/** Answers a request with a refusal, once. After a response has begun the connection is cut instead. */
export function refuse(access: Access, denial: Denial): void {
  if (access.reply.headersSent || access.reply.destroyed) {
    access.isCut = true
    access.reply.destroy()
    return
  }
  access.denial = denial
  const rendered = renderError(denial, {
    requestId: access.requestId,
    accept: access.head.accept,
    realm: access.host?.api,
  })
  // Not to be stored, it is remembered as such: for this key, or none, and no other.
  const places = keyPlaces(access)
  if (places !== undefined) rendered.headers.push('Vary', places.fieldList)
  access.status = rendered.status
  // A head that could not be written may have left its reason phrase.
  access.reply.statusMessage = ''
  if (access.server.isDraining) access.reply.shouldKeepAlive = false
  if (mayLeaveBody(access)) closeAfter(access, rendered)
  else {
    access.reply.writeHead(rendered.status, rendered.headers)
    endWhole(access.reply, bytesAsText(rendered))
    // Whoever has read of the body may have stopped in its midst: what is left would stand before the next request.
    if (!access.raw.complete) access.raw.resume()
  }
  endWork(access)
}

/** UTF-8 bytes as latin1 characters. All that we say is ASCII today. */
function bytesAsText({ body, isAscii }: RenderedError): string {
  return isAscii ? body : Buffer.from(body).toString('latin1')
}

/** Whether the client may still be sending a body that nobody reads, or may never send the one that it announced. */
function mayLeaveBody({ head, raw }: Access): boolean {
  if (raw.complete || !hasBody(head)) return false
  return head.isChunked || head.expectsContinue || (head.contentLength ?? 0) > drainBytes
}

/**
 * Sends the answer whole, then closes. Closing with unread bytes in the receive buffer would reset the connection
 * and could take the answer with it (RFC 9112 §9.6), so a bounded part of the body is read first.
 */
function closeAfter(access: Access, rendered: RenderedError): void {
  const { reply, raw } = access
  reply.writeHead(rendered.status, [...rendered.headers, 'Connection', 'close'])
  if (raw.method === 'HEAD') reply.flushHeaders()
  else reply.write(rendered.body)
  let left = lingerBytes
  const finish = () => {
    clearTimeout(timer)
    reply.end()
  }
  const timer = setTimeout(finish, lingerMs)
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) finish()
  })
  raw.once('end', finish)
  raw.once('close', finish)
  raw.resume()
}

/** Answers on a bare socket and closes it in a while (RFC 9112 §9.6): for what never became a request. */
export function refuseSocket(socket: Socket, denial: Denial, context: ErrorContext): void {
  if (!socket.writable || socket.destroyed) {
    socket.destroy()
    return
  }
  const { status, headers, body } = renderError(denial, context)
  let head = `HTTP/1.1 ${status} ${reasonPhrases[status] ?? 'Error'}\r\nConnection: close\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  socket.end(`${head}\r\n${body}`, () => linger(socket))
}

/** Reads and drops, in bounds, what the client still sends, until it closes too. */
function linger(socket: Socket): void {
  const finish = () => socket.destroy()
  const timer = setTimeout(finish, lingerMs)
  socket.once('close', () => clearTimeout(timer))
  socket.once('end', finish)
  // Whatever has read so far.
  socket.removeAllListeners('data')
  let left = lingerBytes
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) finish()
  })
  socket.resume()
}

/** RFC 9110 §15: of the statuses that can leave before there is a request. */
const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}
