// The end of a connection whose client may still be sending (RFC 9112 §9.6). To close it with unread bytes in its receive
// buffer would be to reset it, and a reset can overtake the answer. So our side is closed, and what comes is read and
// dropped until the client closes too: as the socket gives it, past the parser, for which small chunks are work. Nothing
// that comes is taken for a request any more. Knows sockets, not requests.

import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { readPastParser, startReading } from './past-parser.ts'

/** Whose connection it is. */
export interface Leaver {
  /** Who counts as one client. */
  readonly network: string
  readonly server: { readonly isDraining: boolean }
}

export interface LingerBounds {
  /** Without a byte from the client; in a drain in all, too. */
  readonly silenceMs: number
  readonly wholeMs: number
  readonly bytes: number
}

/** As nginx's `lingering_timeout` and `lingering_time`. */
const usualBounds: LingerBounds = { silenceMs: 5_000, wholeMs: 30_000, bytes: Number.POSITIVE_INFINITY }
/** Of clients, and of a process, that have many of them. */
const shortBounds: LingerBounds = { silenceMs: 1_000, wholeMs: 1_000, bytes: 1024 * 1024 }
const mostOfOneClient = 32
const mostOfAll = 1_000

/** From which no request is taken any more. */
const leaving = new WeakSet<Socket>()
/** Those that have a place, by client. */
const places = new Map<string, number>()
let placesTaken = 0

/** Whether what comes on a connection is not parsed any more, as it has had its last answer. */
export function isLeaving(socket: Socket): boolean {
  return leaving.has(socket)
}

/** Connections in use for nothing but that their clients get to read an answer; those under the short bounds not counted. */
export function lingeringConnections(): number {
  return placesTaken
}

/** What is not parsed yet is dropped from here on. The piece that the parser has in hand goes through it still. */
export function stopParsing(socket: Socket): void {
  leaving.add(socket)
  readPastParser(socket, () => {})
  startReading(socket)
}

/** Has a connection linger where Node would end it after an answer. Returns what takes that back. */
export function lingerAtEnd(socket: Socket, leaver: Leaver): () => void {
  // Node calls this, and nothing else, once the last answer of a connection has been handed over.
  socket.destroySoon = () => linger(socket, leaver)
  return () => void Reflect.deleteProperty(socket, 'destroySoon')
}

const begun = new WeakSet<Socket>()

/** Ends our side of a connection behind what has been written, and drops what comes until the client ends its own, in bounds. */
export function linger(socket: Socket, leaver: Leaver, bounds: LingerBounds = usualBounds): void {
  if (socket.destroyed || begun.has(socket)) return
  begun.add(socket)
  stopParsing(socket)
  const { server, network } = leaver
  const kept = takePlace(socket, network) ? bounds : shortBounds
  // A client may take its time over the answer: whether it reads at all, the backlog knows.
  socket.end(() => dropUntilClosed(socket, server, kept))
  socket.resume()
}

function takePlace(socket: Socket, network: string): boolean {
  const taken = places.get(network) ?? 0
  if (taken >= mostOfOneClient || placesTaken >= mostOfAll) return false
  places.set(network, taken + 1)
  placesTaken++
  socket.once('close', () => {
    const left = (places.get(network) ?? 1) - 1
    if (left === 0) places.delete(network)
    else places.set(network, left)
    placesTaken--
  })
  return true
}

/** With both sides ended, Node closes it. */
function dropUntilClosed(socket: Socket, server: Leaver['server'], bounds: LingerBounds): void {
  if (socket.destroyed) return
  const startedAt = performance.now()
  let movedAt = startedAt
  let bytes = 0
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    const wholeMs = server.isDraining ? bounds.silenceMs : bounds.wholeMs
    const leftMs = Math.min(movedAt + bounds.silenceMs, startedAt + wholeMs) - performance.now()
    if (leftMs <= 0) socket.destroy()
    // Sockets are read once more before it is looked: what stood still was this process, perhaps.
    else timer = setTimeout(setImmediate, Math.ceil(leftMs), look)
  }
  socket.on('data', (chunk: Buffer) => {
    movedAt = performance.now()
    bytes += chunk.length
    if (bytes > bounds.bytes) socket.destroy()
  })
  socket.once('close', () => clearTimeout(timer))
  look()
}
