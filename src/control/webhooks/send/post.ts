// One try: a POST on a connection of its own, to an address that was judged, and is judged again as it stands on the
// socket. Redirects are not followed, the answer's body is not kept, and all of it has one deadline.

import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { onPermittedSocket, type SocketDeps, type SocketError, SocketFailure } from './permitted-socket.ts'

export interface PostResult {
  /** null: it was taken (2xx). */
  readonly error: SocketError | null
  /** null: no answer came. */
  readonly status: number | null
  /** What the receiver asked for with Retry-After. */
  readonly retryAfterMs?: number | undefined
}

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const mostBodyBytes = 64 * 1024

/** Never rejects; `signal` ends it early. */
export async function post(deps: SocketDeps, message: Post, signal: AbortSignal): Promise<PostResult> {
  const outcome = await onPermittedSocket(deps, { url: message.url, signal }, (socket, deadline) =>
    exchange(socket, message, deadline),
  )
  return 'failed' in outcome ? { error: outcome.failed, status: null } : outcome.done
}

function exchange(socket: Socket, { url, headers, body }: Post, deadline: AbortSignal): Promise<PostResult> {
  const { host, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body)
    const request = httpRequest({
      // Without `agent`: with `agent: false` Node makes one, which connects by itself to whatever the headers say.
      ...{ method: 'POST', path: `${pathname}${search}`, createConnection: () => socket },
      signal: deadline,
      headers: { host, ...headers, 'content-length': bytes.length, connection: 'close' },
    })
    let result: PostResult | undefined
    // Whatever becomes of the body: the status has come.
    const end = (error: unknown) => (result === undefined ? reject(error) : resolve(result))
    request.on('error', end).on('close', () => end(new SocketFailure('closed')))
    request.on('response', (response) => {
      result = resultOf(response)
      drop(response)
    })
    request.end(bytes)
  })
}

/** Reads the body to its end, or as far as anybody needs to be heard. */
function drop(response: IncomingMessage): void {
  let length = 0
  response
    .on('data', (piece: Buffer) => {
      length += piece.length
      if (length > mostBodyBytes) response.destroy()
    })
    .on('error', () => undefined)
}

function resultOf({ statusCode = 0, headers }: IncomingMessage): PostResult {
  const retryAfterMs = retryAfterOf(headers['retry-after'])
  if (statusCode >= 200 && statusCode < 300) return { error: null, status: statusCode }
  const error = statusCode >= 300 && statusCode < 400 ? 'redirect' : 'status'
  return { error, status: statusCode, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** In seconds; as a date it says more than anybody needs. */
function retryAfterOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : undefined
}
