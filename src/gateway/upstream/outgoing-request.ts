// A request as it leaves for its upstream.

import type { Socket } from 'node:net'

/** Who takes a body as it comes: the connection that carries the request. */
export interface BodySink {
  /** Takes pieces that came together. False: they are the last for now, until the source's `resume`. */
  onPieces(pieces: readonly Buffer[]): boolean
  /** That was all. */
  onEnd(): void
  /** There will be no more of it, whether or not it has ended. */
  onStop(): void
}

/** A body as it comes. */
export interface BodySource {
  /** Gives what comes to `sink`. */
  flowTo(sink: BodySink): void
  /** The sink has room again. */
  resume(): void
}

/** After which requests a connection is used again: those without a body, all, none. */
export type Reuse = 'bodiless' | 'all' | 'none'

export interface OutgoingRequest {
  readonly method: string
  /** The target as it was judged. */
  readonly target: string
  /** Field lines, each with its CRLF, Host among them; none that frames the message. */
  readonly fields: string
  /** Bytes of the body, where they were announced; undefined: it goes in chunks. Nothing where there is no body. */
  readonly contentLength: number | undefined
  /** Whole, or as it comes; null: none. */
  readonly body: Buffer | BodySource | null
  readonly reuse: Reuse
}

/** RFC 9110 §8.6: of these a length is expected, be it none. */
const withContent = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

/**
 * Whether another request can follow on the connection: an upstream may leave a body unread, and take what is left of it
 * for the next request, or send one in answer to HEAD. `reuse` says for which upstream that is known not to be so.
 */
export function isSafeToFollow({ method, body, reuse }: OutgoingRequest): boolean {
  if (reuse === 'none' || method === 'HEAD') return false
  return body === null || (reuse === 'all' && withContent.has(method))
}

/** Hands a request to the socket; `done` is called once all of it was, or with what went wrong, but not after a close. */
export function sendRequest(
  request: OutgoingRequest,
  socket: Socket,
  done: (error: Error | null) => void,
): void {
  const { body } = request
  if (body !== null && !Buffer.isBuffer(body)) return sendStream(request, body, { socket, done })
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
  body: BodySource,
  { socket, done }: { readonly socket: Socket; readonly done: (error: Error | null) => void },
): void {
  const { contentLength } = request
  let sent = 0
  const onDrain = () => body.resume()
  socket.on('drain', onDrain)
  body.flowTo({
    onPieces(pieces) {
      let bytes = 0
      for (const { length } of pieces) bytes += length
      const size = contentLength === undefined ? `${bytes.toString(16)}\r\n` : ''
      socket.cork()
      if (sent === 0) socket.write(streamHead(request) + size, 'latin1')
      else if (size !== '') socket.write(size, 'latin1')
      let hasRoom = true
      for (const piece of pieces) hasRoom = socket.write(piece)
      if (size !== '') hasRoom = socket.write('\r\n', 'latin1')
      socket.uncork()
      sent += bytes
      return hasRoom
    },
    onEnd() {
      if (contentLength !== undefined && sent !== contentLength) {
        done(new Error('the body has another length than was announced'))
        return
      }
      if (sent === 0) socket.write(emptyHead(request), 'latin1')
      else if (contentLength === undefined) socket.write('0\r\n\r\n', 'latin1')
      done(null)
    },
    onStop: () => void socket.off('drain', onDrain),
  })
}

function streamHead(request: OutgoingRequest): string {
  return request.contentLength === undefined
    ? `${headOf(request)}transfer-encoding: chunked\r\n\r\n`
    : sizedHead(request, request.contentLength)
}
