// Connections of balancers that say for whom they speak (`gateway.proxy_protocol`): each of a trusted proxy begins with
// a header, which is read before anybody else gets to see the connection: HTTP, TLS, limits. What it tells is the peer
// from then on. Nobody else's header is one: it is malformed HTTP, or no handshake, and ends as such.

import type { Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { keepPeer, keepToldPeer, socketBelow } from './peer.ts'
import { readProxyHeader } from './proxy-header.ts'

export interface ProxyProtocolDeps {
  /** Whether connections of that address begin with a header. */
  readonly isTrusted: (address: string) => boolean
  /** Time for the header. */
  readonly timeoutMs: number
  /** Told of each connection that did not bring one; the peer can still be asked for. */
  readonly refused: (socket: Socket, reason: HeaderFault) => void
}

export type HeaderFault = 'proxy_header_missing' | 'proxy_header_timeout'

/** By connection, how long its header was; all that comes, until it has come. */
const headers = new WeakMap<Socket, number>()

/** How many of the bytes that came on a connection were none of its client's. */
export function headerBytesOf(socket: Socket): number {
  return headers.get(socket) ?? 0
}

/** Puts the header before all that the server does with its connections so far; what listens later sees them as they come. */
export function expectProxyHeaders(server: Server, deps: ProxyProtocolDeps): void {
  const takers = server.listeners('connection')
  server.removeAllListeners('connection')
  const take = (socket: Socket): void => {
    for (const taker of takers) Reflect.apply(taker, server, [socket])
  }
  server.on('connection', (socket: Socket) => {
    const peer = keepPeer(socket)
    if (peer === undefined) socket.destroy()
    else if (deps.isTrusted(peer)) awaitHeader(socket, deps, take)
    else take(socket)
  })
  if (!(server instanceof HttpsServer)) return
  server.prependListener('secureConnection', (socket: Socket) => {
    // Whose it is could not be told from whose the balancer is.
    if (socketBelow(socket) === undefined) socket.destroy()
  })
}

function awaitHeader(socket: Socket, deps: ProxyProtocolDeps, take: (socket: Socket) => void): void {
  let seen: Buffer = Buffer.alloc(0)
  headers.set(socket, Number.POSITIVE_INFINITY)

  function stop(): void {
    clearTimeout(timer)
    socket.off('readable', read).off('end', ended).off('close', stop)
  }

  function refuse(reason: HeaderFault): void {
    stop()
    deps.refused(socket, reason)
    socket.destroy()
  }

  function read(): void {
    const chunk: unknown = socket.read()
    if (!Buffer.isBuffer(chunk)) return
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
    const header = readProxyHeader(seen)
    if (header.kind === 'more') return
    if (header.kind === 'none') return refuse('proxy_header_missing')
    stop()
    socket.off('error', ignore)
    headers.set(socket, header.bytes)
    keepToldPeer(socket, header.client)
    // HTTP and TLS both begin with what is there already.
    if (seen.length > header.bytes) socket.unshift(seen.subarray(header.bytes))
    take(socket)
  }

  // Who closes without a word has asked for nothing: balancers look that way whether the port is open.
  const ended = (): void => (seen.length === 0 ? void socket.destroy() : refuse('proxy_header_missing'))
  const timer = setTimeout(refuse, deps.timeoutMs, 'proxy_header_timeout')
  socket.on('readable', read).on('end', ended).on('close', stop).on('error', ignore)
}

function ignore(): void {}
