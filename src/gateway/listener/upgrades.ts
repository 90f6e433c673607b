// Requests that ask for another protocol. None is spoken here, so they are served as if they had not asked (RFC 9110 §7.8),
// and the connection goes on. Node's parser stops behind the head of such a request, whether anybody listens or not: what
// came in one packet with it would be lost, and the next packet be taken for the start of a message, which it may be in the
// middle of. So the connection is taken from that parser, and a new one reads everything from the request's first byte on,
// its Upgrade left out.

import type { IncomingMessage, Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import { Socket } from 'node:net'
import { afterEarlierAnswers, replyInTheMaking } from './earlier-answers.ts'
import { isLeaving } from './linger.ts'
import { endSlices } from './slices.ts'

/** Requests with a body that the parser has stopped behind: nothing that comes after them can be trusted to be a message. */
const last = new WeakSet<IncomingMessage>()

/** Whether a request with a body asked for an upgrade in a Node that cannot give its connection to another parser. */
export function endsParsing(raw: IncomingMessage): boolean {
  return last.has(raw)
}

/**
 * Node's option `shouldUpgradeCallback` (24.9 and later; before, there is none and nobody is asked). With a body under way
 * Node 26 hands out a stream behind it instead of the connection, so those go on as they are, and are the last.
 */
export function shouldUpgradeCallback(raw: IncomingMessage): boolean {
  if (!announcesBody(raw.rawHeaders)) return true
  last.add(raw)
  return false
}

function announcesBody(fields: readonly string[]): boolean {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]?.toLowerCase()
    if (name === 'transfer-encoding') return true
    if (name === 'content-length' && !/^0+$/.test(fields[i + 1] ?? '')) return true
  }
  return false
}

/** Has a server ignore upgrades. Before anything else listens for its connections. */
export function ignoreUpgrades(server: Server): void {
  const [listener] = server.listeners(server instanceof HttpsServer ? 'secureConnection' : 'connection')
  if (listener === undefined) throw new Error('no listener of Node’s')
  // The rest of the program knows the connection already: only Node is to begin anew.
  const parse = (socket: Socket) => Reflect.apply(listener, server, [socket])
  server.on('upgrade', (raw: IncomingMessage, stream: unknown, rest: Buffer) => {
    if (stream instanceof Socket) parseAnew(stream, [plainHead(raw), rest], parse)
    else raw.socket.destroy()
  })
}

/** The head as it came, but for its Upgrade fields: without one Connection may say what it likes. */
function plainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (name.toLowerCase() !== 'upgrade') head += `${name}: ${rawHeaders[i + 1]}\r\n`
  }
  return Buffer.from(`${head}\r\n`, 'latin1')
}

/** With so much waiting for earlier answers a connection is not read; below it, it tells when its client leaves. */
const mostHeldBytes = 16 * 1024

/** Gives a connection to a new parser of Node's, with `pieces` before what is still to come, when earlier requests are answered. */
function parseAnew(socket: Socket, pieces: Buffer[], parse: (socket: Socket) => void): void {
  // Node has taken its own listeners off: without one, a reset would end the process.
  const onError = () => socket.destroy()
  socket.on('error', onError)
  if (isLeaving(socket)) return
  const { rest, readInSlicesAgain } = endSlices(socket)
  pieces.push(...rest)
  let bytes = 0
  const hold = (chunk: Buffer) => {
    pieces.push(chunk)
    bytes += chunk.length
    if (bytes > mostHeldBytes) socket.pause()
  }
  // As Node does where it reads a connection itself.
  const onEnd = () => socket.end()
  const onDrain = () => replyInTheMaking(socket)?.emit('drain')
  socket.on('data', hold).on('end', onEnd).on('drain', onDrain)
  afterEarlierAnswers(socket, () => {
    // The last of those answers has ended it.
    if (!socket.writable) return
    // Who has ended its side is taken to have left, as Node does.
    if (socket.readableEnded) return socket.destroySoon()
    socket.off('error', onError).off('data', hold).off('end', onEnd).off('drain', onDrain)
    // Node has counted the time since its last answer, if it gave one, for the parser before.
    socket.setTimeout(0)
    for (const piece of pieces.toReversed()) if (piece.length > 0) socket.unshift(piece)
    parse(socket)
    readInSlicesAgain()
    socket.resume()
  })
}
