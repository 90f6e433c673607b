// One try: a POST on a connection of its own, to an address that was judged, and is judged again as it stands on the
// socket. Redirects are not followed, the answer's body is not kept, and all of it has one deadline.

import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { DestinationRule } from './destination.ts'
import type { Resolve } from './resolve.ts'

export type PostError =
  | 'name'
  | 'private_address'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'closed'
  | 'protocol'
  | 'redirect'
  | 'status'

export interface PostResult {
  /** null: it was taken (2xx). */
  readonly error: PostError | null
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

export interface PostDeps {
  readonly resolve: Resolve
  readonly rule: Pick<DestinationRule, 'permits'>
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number
  /** Trusted instead of the authorities that Node has, for tests and private ones. */
  readonly ca?: string | undefined
}

/** Addresses of one name that are tried. */
const mostAddresses = 3
/** For a connection where there is another address to try. */
const addressMs = 4_000
const mostBodyBytes = 64 * 1024

class PostFailure extends Error {
  override readonly name = 'PostFailure'
  readonly word: PostError

  constructor(word: PostError) {
    super(word)
    this.word = word
  }
}

/** Never rejects; `signal` ends it early. */
export async function post(deps: PostDeps, message: Post, signal: AbortSignal): Promise<PostResult> {
  // No AbortSignal.any over AbortSignal.timeout: with Node 20 what comes of it is collected, and never fires.
  const over = new AbortController()
  const end = () => over.abort()
  const timer = setTimeout(end, deps.timeoutMs)
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  const deadline = over.signal
  try {
    const socket = await open(deps, new URL(message.url), deadline)
    try {
      return await exchange(socket, message, deadline)
    } finally {
      socket.destroy()
    }
  } catch (error) {
    if (deadline.aborted) return { error: 'timeout', status: null }
    return { error: error instanceof PostFailure ? error.word : 'protocol', status: null }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

async function open({ resolve, rule, ca }: PostDeps, url: URL, deadline: AbortSignal): Promise<Socket> {
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const all = await unlessOver(resolve(host), deadline)
  if (all.length === 0) throw new PostFailure('name')
  const permitted = all.filter((address) => rule.permits(address, isSecure))
  if (permitted.length === 0) throw new PostFailure('private_address')
  const port = Number(url.port || (isSecure ? 443 : 80))
  const socket = await firstOf(permitted.slice(0, mostAddresses), port, deadline)
  if (!rule.permits(socket.remoteAddress ?? '', isSecure)) {
    socket.destroy()
    throw new PostFailure('private_address')
  }
  return isSecure ? shake(socket, { host, ca, deadline }) : socket
}

async function firstOf(addresses: readonly string[], port: number, deadline: AbortSignal): Promise<Socket> {
  for (const [index, host] of addresses.entries()) {
    const attempt = connectTcp({ host, port })
    const isLast = index === addresses.length - 1
    const timer = isLast ? undefined : setTimeout(() => attempt.destroy(), addressMs)
    const socket = await connected(attempt, 'connect', deadline).catch(() => undefined)
    clearTimeout(timer)
    if (socket !== undefined) return socket
    deadline.throwIfAborted()
  }
  throw new PostFailure('connect')
}

function shake(
  socket: Socket,
  { host, ca, deadline }: { host: string; ca: string | undefined; deadline: AbortSignal },
): Promise<Socket> {
  // RFC 6066 §3: no address, and no dot at its end.
  const servername = isIP(host) === 0 ? host.replace(/\.$/, '') : ''
  const secure = connectTls({
    ...{ socket, host, servername, ALPNProtocols: ['http/1.1'], rejectUnauthorized: true },
    ...(ca !== undefined && { ca }),
  })
  return connected(secure, 'secureConnect', deadline).catch((error: unknown) => {
    socket.destroy()
    throw deadline.aborted ? error : new PostFailure('tls')
  })
}

function connected(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  deadline: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const end = () => void socket.destroy(new PostFailure('timeout'))
    const over = () => deadline.removeEventListener('abort', end)
    if (deadline.aborted) end()
    deadline.addEventListener('abort', end)
    socket.once(event, () => {
      over()
      resolve(socket)
    })
    // Listens on: an error without a listener would end the process.
    socket.on('error', reject).once('close', () => {
      over()
      reject(new PostFailure('closed'))
    })
  })
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
    request.on('error', end).on('close', () => end(new PostFailure('closed')))
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

async function unlessOver<T>(promise: Promise<T>, deadline: AbortSignal): Promise<T> {
  let end = () => {}
  const over = new Promise<never>((_, reject) => {
    end = () => reject(new PostFailure('timeout'))
    deadline.addEventListener('abort', end)
  })
  try {
    deadline.throwIfAborted()
    return await Promise.race([promise, over])
  } finally {
    deadline.removeEventListener('abort', end)
  }
}
