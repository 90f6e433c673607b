// A request without a body. Node makes a stream of it all the same, and takes it through its whole life, eight ticks long,
// after the answer. Newer releases leave that out where they are told so (`optimizeEmptyRequests`, from 24.12 on); this
// marks the message as they do, in all of them. Such a message emits nothing, and its `destroy` does nothing: that its
// client has gone is told by the response alone.

import type { IncomingMessage } from 'node:http'
import type { Head } from '../../decision/request/head.ts'

/** Node's own record of a message's stream; each field is there in Node 20 to 26. */
interface Streaming {
  _dumped?: boolean | undefined
  _consuming?: boolean | undefined
  _readableState?: {
    ended: boolean
    endEmitted: boolean
    destroyed: boolean
    closed: boolean
    closeEmitted: boolean
  }
}

/** Marks the stream of a request that announces no body as read, ended and closed: it emits nothing any more. */
export function closeEmptyBody(raw: IncomingMessage & Streaming, head: Head): void {
  // `Content-Length: 0` too announces one.
  if (head.contentLength !== undefined || head.isChunked) return
  const state = raw._readableState
  if (state === undefined || raw._dumped !== false || raw._consuming !== false) return
  raw._dumped = true
  state.ended = true
  state.endEmitted = true
  state.destroyed = true
  state.closed = true
  state.closeEmitted = true
}
