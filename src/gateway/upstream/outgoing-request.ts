// A request as it leaves for its upstream.

import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

export interface OutgoingRequest {
  readonly method: string
  /** The target as it was judged. */
  readonly target: string
  /** Field lines, each with its CRLF, Host among them; none that frames the message. */
  readonly fields: string
  /** Bytes of the body, where they were announced; undefined: it goes in chunks. Nothing where there is no body. */
  readonly contentLength: number | undefined
  /** Whole, or as it comes; null: none. */
  readonly body: Buffer | Readable | null
}

/** RFC 9110 §8.6: of these a length is expected, be it none. */
const withContent = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

/**
 * Whether another request can follow on the connection: an upstream may leave a body unread that it does not expect, or
 * send one in answer to HEAD.
 */
export function isSafeToFollow({ method, body }: OutgoingRequest): boolean {
  return method !== 'HEAD' && (body === null || withContent.has(method))
}

/** Hands a request to the socket; `done` is called once all of it was, or with what went wrong, but not after a close. */
export function sendRequest(
  request: OutgoingRequest,
  socket: Socket,
  done: (error: Error | null) => void,
): void {
  const { body } = request
  if (body !== null && !Buffer.isBuffer(body)) return sendStream(request, body, socket, done)
  // Text of one encoding leaves in one write: two pieces cost a quarter more.
  socket.write(
    body === null ? emptyHead(request) : sizedHead(request, body.length) + body.toString('latin1'),
    'latin1',
  )
  done(null)
}

function headOf(request: OutgoingRequest): string {
  const connection = isSafeToFollow(request) ? 'keep-alive' : 'close'
  return `${request.method} ${request.target} HTTP/1.1\r\n${request.fields}connection: ${connection}\r\n`
}

function emptyHead(request: OutgoingRequest): string {
  return withContent.has(request.method) ? sizedHead(request, 0) : `${headOf(request)}\r\n`
}

function sizedHead(request: OutgoingRequest, length: number): string {
  return `${headOf(request)}content-length: ${length}\r\n\r\n`
}

/** The head waits for the first bytes of the body, and leaves with them. */
function sendStream(
  request: OutgoingRequest,
  body: Readable,
  socket: Socket,
  done: (error: Error | null) => void,
): void {
  const { contentLength } = request
  let sent = 0

  const onData = (chunk: Buffer) => {
    socket.cork()
    if (sent === 0) {
      const head =
        contentLength === undefined
          ? `${headOf(request)}transfer-encoding: chunked\r\n\r\n`
          : sizedHead(request, contentLength)
      socket.write(head, 'latin1')
    }
    if (contentLength === undefined) socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
    let hasRoom = socket.write(chunk)
    if (contentLength === undefined) hasRoom = socket.write('\r\n', 'latin1')
    socket.uncork()
    sent += chunk.length
    if (!hasRoom) body.pause()
  }
  const onDrain = () => void body.resume()
  const onEnd = () => {
    if (contentLength !== undefined && sent !== contentLength) {
      done(new Error('the body has another length than was announced'))
      return
    }
    if (sent === 0) socket.write(emptyHead(request), 'latin1')
    else if (contentLength === undefined) socket.write('0\r\n\r\n', 'latin1')
    done(null)
  }
  socket.on('drain', onDrain)
  body
    .on('data', onData)
    .once('end', onEnd)
    .once('close', () => socket.off('drain', onDrain))
}
