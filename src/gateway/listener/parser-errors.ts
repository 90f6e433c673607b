// What never became a request: errors of the HTTP parser, of slow senders, and CONNECT. The answer has the one shape
// and repeats nothing of what came.

import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Table } from '../../config/compiled.ts'
import { entryOf } from '../../errors/catalogue.ts'
import { type Denial, deny } from '../../errors/denial.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { leaverOf } from './leaver.ts'
import type { Access, CutBy } from '../access.ts'
import { cutterOf, unfinishedOn } from './closing.ts'
import { afterEarlierAnswers } from './earlier-answers.ts'
import { watchHandshakes } from './handshakes.ts'
import { isLeaving, linger } from './linger.ts'
import { peerOf } from './peer.ts'
import { endSlices } from './slices.ts'
import { refuse, refuseSocket } from '../exchange/refuse.ts'

interface ParserErrorDeps {
  readonly log: Logger
  readonly metrics: Metrics
  /** Wall-clock milliseconds. */
  readonly now: () => number
  readonly newId: (prefix: string) => string
  readonly inForce: () => { readonly table: Table }
  readonly drain: { readonly isDraining: boolean }
  /** No request is taken from that connection any more. */
  readonly readNoMore: (socket: Socket) => void
}

/**
 * Answers them on the socket, and records them as requests that were refused. Returns what does so on a connection on
 * which nothing was said yet.
 */
export function answerParserErrors(
  server: Server,
  deps: ParserErrorDeps,
): (socket: Socket, denial: Denial) => void {
  function answer(socket: Socket, denial: Denial): void {
    const client = peerOf(socket)
    // Behind the last answer of a connection there is nobody to be told anything, and no request (RFC 9112 §9.6).
    if (client === undefined || !socket.writable) return void socket.destroy()
    const requestId = deps.newId('req')
    const over = () => record({ requestId, client, denial }, socket.destroyed ? cutterOf(socket) : undefined)
    refuseSocket(socket, denial, { requestId, over, leaver: leaverOf({ client, server: deps.drain }) })
  }

  function record({ requestId, client, denial }: Refused, cut: CutBy | undefined): void {
    const { code, reason } = denial
    const { status } = entryOf(code)
    const method = reason === 'connect' ? 'CONNECT' : ''
    const labels = { api: '', environment: '', route: '', decision: 'deny', reason, status }
    deps.metrics.requests(cut === undefined ? labels : { ...labels, cut }).observe(0)
    const table = deps.inForce().table.sha256
    deps.log.info(
      { request_id: requestId, client, method, decision: 'deny', code, reason, status, cut, table },
      'request',
    )
  }

  /** Connections that have had their last word, or wait for their turn to have it. */
  const givenUp = new WeakSet<Socket>()

  function giveUp(socket: Socket, denial: Denial): void {
    if (givenUp.has(socket) || isLeaving(socket)) return
    givenUp.add(socket)
    // What comes after an error means nothing, and must not be collected while an earlier answer is on its way. A listener
    // takes the connection from Node's parser, which could neither be stopped nor be made to read again.
    deps.readNoMore(socket)
    endSlices(socket)
    socket.on('data', () => {})
    socket.pause()
    const broken = unfinishedOn(socket)
    if (broken === undefined) return afterEarlierAnswers(socket, () => answer(socket, denial))
    const client = broken?.client ?? peerOf(socket)
    if (broken !== null && !broken.reply.writableEnded) breakOff(broken, denial)
    else if (client !== undefined) linger(socket, leaverOf({ client, server: deps.drain }))
  }

  // Fastify has set a handler of its own that answers in another shape.
  server.removeAllListeners('clientError')
  server.on('clientError', (error: ParserError, socket: Socket) => {
    // Of the connection, not of what came over it: its requests end with it.
    if (error.code === 'ECONNRESET' || socket.destroyed) socket.destroy()
    else giveUp(socket, denialOf(error))
  })
  watchHandshakes(server, { ...deps, refuse: answer })
  server.on('connect', ({ socket }: IncomingMessage) => {
    // Node has taken its own listeners off: without one, a reset would end the process.
    socket.on('error', () => socket.destroy())
    giveUp(socket, deny('INVALID_PATH', 'connect'))
  })
  return answer
}

/**
 * Ends a request whose body broke off. It has its one answer, under its own id, and its upstream does not wait for the
 * connection to close.
 */
function breakOff(access: Access, denial: Denial): void {
  access.cut = 'client'
  access.exchange?.abandon()
  if (access.reply.headersSent) access.raw.socket.destroySoon()
  else refuse(access, denial)
}

/** What never became a request. */
interface Refused {
  readonly requestId: string
  readonly client: string
  readonly denial: Denial
}

interface ParserError extends Error {
  readonly code?: string
}

function denialOf(error: ParserError): Denial {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      // So far over all limits that the parser gave up; it does not say in which part of the head.
      return deny('HEADERS_TOO_LARGE', 'parser_overflow')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return deny('REQUEST_TIMEOUT', 'head_too_slow')
    case 'HPE_INVALID_URL':
      return deny('INVALID_PATH', 'parser')
    case 'HPE_INVALID_EOF_STATE':
      return deny('BAD_REQUEST', 'unfinished')
    case undefined:
    default:
      return deny('BAD_REQUEST', 'parser')
  }
}
