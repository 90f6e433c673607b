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

/** RFC 9110 §9.2.2, RFC 9112 §9.3.1: whether it may be sent anew on another connection. */
export function isRepeatable({ method, body }: OutgoingRequest): boolean {
  return body === null && (method === 'GET' || method === 'HEAD')
}

/** Whether its body is sent as it comes. */
export function isStreamed({ body }: OutgoingRequest): boolean {
  return body !== null && !Buffer.isBuffer(body)
}

/** Where a request goes, and how. */
export interface Way {
  readonly socket: Socket
  /** Another request may follow on the connection: the upstream is told so. */
  readonly canFollow: boolean
  /** Called once all of it was handed to the socket, or with what went wrong, but not after a close. */
  readonly done: (error: Error | null) => void
}

/** Ends the sending of a body: what still comes of it is taken and dropped. Nothing where all of it was sent. */
export type StopSending = () => void

/** Hands a request to the socket; what it gives is there for a body that comes. */
export function sendRequest(request: OutgoingRequest, way: Way): StopSending | undefined {
  const { body } = request
  if (body !== null && !Buffer.isBuffer(body)) return sendStream(request, body, way)
  const { socket, canFollow, done } = way
  // Text of one encoding leaves in one write: two pieces cost a quarter more.
  socket.write(
    body === null
      ? emptyHead(request, canFollow)
      : sizedHead(request, canFollow, body.length) + body.toString('latin1'),
    'latin1',
  )
  done(null)
  return undefined
}

function headOf(request: OutgoingRequest, canFollow: boolean): string {
  const connection = canFollow ? 'keep-alive' : 'close'
  return `${request.method} ${request.target} HTTP/1.1\r\n${request.fields}connection: ${connection}\r\n`
}

function emptyHead(request: OutgoingRequest, canFollow: boolean): string {
  return withContent.has(request.method)
    ? sizedHead(request, canFollow, 0)
    : `${headOf(request, canFollow)}\r\n`
}

function sizedHead(request: OutgoingRequest, canFollow: boolean, length: number): string {
  return `${headOf(request, canFollow)}content-length: ${length}\r\n\r\n`
}

/** The head waits for the first bytes of the body, and leaves with them. */
function sendStream(
  request: OutgoingRequest,
  body: BodySource,
  { socket, canFollow, done }: Way,
): StopSending {
  const { contentLength } = request
  let sent = 0
  let isStopped = false
  const onDrain = () => body.resume()
  socket.on('drain', onDrain)
  body.flowTo({
    onPieces(pieces) {
      let bytes = 0
      for (const { length } of pieces) bytes += length
      sent += bytes
      // Taken all the same: the client may read no answer before it has sent all (RFC 9112 §9.6).
      if (isStopped) return true
      const size = contentLength === undefined ? `${bytes.toString(16)}\r\n` : ''
      socket.cork()
      if (sent === bytes) socket.write(streamHead(request, canFollow) + size, 'latin1')
      else if (size !== '') socket.write(size, 'latin1')
      let hasRoom = true
      for (const piece of pieces) hasRoom = socket.write(piece)
      if (size !== '') hasRoom = socket.write('\r\n', 'latin1')
      socket.uncork()
      return isStopped || hasRoom
    },
    onEnd() {
      if (contentLength !== undefined && sent !== contentLength) {
        done(new Error('the body has another length than was announced'))
        return
      }
      if (isStopped) return done(null)
      if (sent === 0) socket.write(emptyHead(request, canFollow), 'latin1')
      else if (contentLength === undefined) socket.write('0\r\n\r\n', 'latin1')
      done(null)
    },
    onStop: () => void socket.off('drain', onDrain),
  })
  return () => {
    if (isStopped) return
    isStopped = true
    body.resume()
  }
}

function streamHead(request: OutgoingRequest, canFollow: boolean): string {
  return request.contentLength === undefined
    ? `${headOf(request, canFollow)}transfer-encoding: chunked\r\n\r\n`
    : sizedHead(request, canFollow, request.contentLength)
}
