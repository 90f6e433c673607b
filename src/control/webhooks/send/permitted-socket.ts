// A connection to where webhooks may go: the address is judged before it, and again as it stands on the socket. All that is done on
// it has one deadline.

import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { DestinationRule } from './destination.ts'
import type { Resolve } from './resolve.ts'

export type SocketError =
  | 'name'
  | 'private_address'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'closed'
  | 'protocol'
  | 'redirect'
  | 'status'

export interface SocketDeps {
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
export class SocketFailure extends Error {
  override readonly name = 'SocketFailure'
  readonly word: SocketError

  constructor(word: SocketError) {
    super(word)
    this.word = word
  }
}

export interface Asked {
  readonly url: string
  readonly signal: AbortSignal
}

/** Opens one, and does `work` on it. Never rejects; `signal` ends it early. */
export async function onPermittedSocket<Done>(
  deps: SocketDeps,
  { url, signal }: Asked,
  work: (socket: Socket, deadline: AbortSignal) => Promise<Done>,
): Promise<{ readonly done: Done } | { readonly failed: SocketError }> {
  // No AbortSignal.any over AbortSignal.timeout: with Node 20 what comes of it is collected, and never fires.
  const over = new AbortController()
  const end = () => over.abort()
  const timer = setTimeout(end, deps.timeoutMs)
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  const deadline = over.signal
  try {
    const socket = await open(deps, new URL(url), deadline)
    try {
      return { done: await work(socket, deadline) }
    } finally {
      socket.destroy()
    }
  } catch (error) {
    if (deadline.aborted) return { failed: 'timeout' }
    return { failed: error instanceof SocketFailure ? error.word : 'protocol' }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

async function open({ resolve, rule, ca }: SocketDeps, url: URL, deadline: AbortSignal): Promise<Socket> {
  const isSecure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const all = await unlessOver(resolve(host), deadline)
  if (all.length === 0) throw new SocketFailure('name')
  const permitted = all.filter((address) => rule.permits(address, isSecure))
  if (permitted.length === 0) throw new SocketFailure('private_address')
  const port = Number(url.port || (isSecure ? 443 : 80))
  const socket = await firstOf(permitted.slice(0, mostAddresses), port, deadline)
  if (!rule.permits(socket.remoteAddress ?? '', isSecure)) {
    socket.destroy()
    throw new SocketFailure('private_address')
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
  throw new SocketFailure('connect')
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
    throw deadline.aborted ? error : new SocketFailure('tls')
  })
}

function connected(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  deadline: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const end = () => void socket.destroy(new SocketFailure('timeout'))
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
      reject(new SocketFailure('closed'))
    })
  })
}

async function unlessOver<T>(promise: Promise<T>, deadline: AbortSignal): Promise<T> {
  let end = () => {}
  const over = new Promise<never>((_, reject) => {
    end = () => reject(new SocketFailure('timeout'))
    deadline.addEventListener('abort', end)
  })
  try {
    deadline.throwIfAborted()
    return await Promise.race([promise, over])
  } finally {
    deadline.removeEventListener('abort', end)
  }
}
