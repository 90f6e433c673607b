// A refusal on its way out: onto a response, or onto a bare socket when the parser gave up before there was one.

import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { proofAlgorithms } from '../../credentials/proof-algorithms.ts'
import type { Denial } from '../../errors/denial.ts'
import { type ErrorContext, type RenderedError, renderError } from '../../errors/reply.ts'
import type { Access, CutBy } from '../access.ts'
import { hasBody } from '../../decision/request/head.ts'
import { leaverOf } from '../listener/leaver.ts'
import { type Leaver, linger, lingerAtEnd, stopParsing } from '../listener/linger.ts'
import { withHint } from '../../decision/hints/hint.ts'
import { corsOfRefusal } from './cors.ts'
import { limitsOfRefusal } from './limit-fields.ts'
import { apiOfRefusal } from './refused-api.ts'
import { endWork } from '../listener/overload.ts'
import { keyPlaces } from './shared-caches.ts'
import { endWhole } from './whole-answer.ts'

const algorithms = proofAlgorithms.join(' ')

/** A body of this size or less is read and dropped, and the connection goes on; a larger one ends it. */
const drainBytes = 64 * 1024
/**
 * Answers a request with a refusal, once. After a response has begun the connection is cut instead. The connection of a
 * request that is cut already, as its body broke off, ends with the refusal.
 */
export function refuse(access: Access, denial: Denial): void {
  const { reply } = access
  if (reply.headersSent || reply.destroyed) {
    access.cut ??= reply.headersSent ? cutBy(denial) : 'client'
    reply.destroy()
    return
  }
  access.denial = denial
  const rendered = renderError(withHint(access, denial), {
    requestId: access.requestId,
    accept: access.head.accept,
    realm: access.host?.api,
    proofAlgorithms: access.isDpop ? algorithms : undefined,
    docs: apiOfRefusal(access, denial)?.docs,
  })
  // Not to be stored, it is remembered as such: for this key, or none, and no other.
  const places = keyPlaces(access)
  const cors = corsOfRefusal(access, denial)
  const vary = cors === undefined ? places?.fieldList : withOrigin(places?.fieldList)
  if (vary !== undefined) rendered.headers.push('Vary', vary)
  if (cors !== undefined) rendered.headers.push(...cors)
  limitsOfRefusal(rendered.headers, access)
  access.status = rendered.status
  const text = bytesAsText(rendered)
  access.bytes = access.raw.method === 'HEAD' ? 0 : text.length
  // A head that could not be written may have left its reason phrase.
  access.reply.statusMessage = ''
  if (access.server.isDraining) access.reply.shouldKeepAlive = false
  if (mayLeaveBody(access)) closeAfter(access, rendered)
  else {
    access.reply.writeHead(rendered.status, rendered.headers)
    endWhole(access.reply, text)
    // Whoever has read of the body may have stopped in its midst: what is left would stand before the next request.
    if (!access.raw.complete) access.raw.resume()
  }
  endWork(access)
}

/** Who ends an answer that has begun, where it would have been refused with this. */
function cutBy({ code }: Denial): CutBy {
  if (code === 'UPSTREAM_ERROR') return 'upstream'
  return code === 'UPSTREAM_TIMEOUT' || code === 'REQUEST_TIMEOUT' ? 'timeout' : 'gateway'
}

function withOrigin(fieldList: string | undefined): string {
  return fieldList === undefined ? 'Origin' : `${fieldList}, Origin`
}

/** UTF-8 bytes as latin1 characters. All that we say is ASCII today. */
function bytesAsText({ body, isAscii }: RenderedError): string {
  return isAscii ? body : Buffer.from(body).toString('latin1')
}

/** Whether the client may still be sending a body that nobody reads, or may never send the one that it announced. */
function mayLeaveBody({ head, raw, cut }: Access): boolean {
  if (cut !== undefined) return true
  if (raw.complete || !hasBody(head)) return false
  return head.isChunked || head.expectsContinue || (head.contentLength ?? 0) > drainBytes
}

/** Sends the answer whole, then closes, in such a way that the client gets to read it. */
function closeAfter(access: Access, rendered: RenderedError): void {
  const { reply, raw } = access
  const { socket } = raw
  reply.writeHead(rendered.status, [...rendered.headers, 'Connection', 'close'])
  if (raw.method === 'HEAD') reply.flushHeaders()
  else reply.write(rendered.body)
  stopParsing(socket)
  lingerAtEnd(socket, leaverOf(access))
  // What the parser still hands over of the body.
  raw.resume()
  // Not before it has done with the piece in hand: a request behind the body waits for its turn then, which never comes.
  setImmediate(end, reply)
}

function end(reply: ServerResponse): void {
  reply.end()
}

/**
 * Answers on a bare socket and closes it in a while (RFC 9112 §9.6): for what never became a request. `over` is called when
 * the kernel has taken the answer, or it is known that it never will.
 */
export function refuseSocket(
  socket: Socket,
  denial: Denial,
  { leaver, over, ...context }: SocketContext,
): void {
  const { status, headers, body } = renderError(denial, context)
  let head = `HTTP/1.1 ${status} ${reasonPhrases[status] ?? 'Error'}\r\nConnection: close\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  socket.write(`${head}\r\n${body}`, over)
  linger(socket, leaver)
}

interface SocketContext extends ErrorContext {
  readonly leaver: Leaver
  readonly over: () => void
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
