// A request without a body. Node makes a stream of it all the same, and takes it through its whole life, which costs a
// small request some 2 µs of Node's own work after the answer (docs/performance.md). Newer releases of Node leave that out
// where they are told so (`optimizeEmptyRequests`, from 24 on); this does the same, in all of them.

import type { IncomingMessage } from 'node:http'
import type { Head } from './access.ts'

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
  raw._consuming = true
  state.ended = true
  state.endEmitted = true
  state.destroyed = true
  state.closed = true
  state.closeEmitted = true
}
