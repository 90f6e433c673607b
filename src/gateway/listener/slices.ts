// Connections whose bytes are dear to parse: thousands of tiny requests sent ahead, bodies in crumbs. Node's parser takes all
// that it has read at once, 64 KiB, and for each piece in it calls into JavaScript: 20 to 50 ms in which nobody else is served.
// Who was seen to send such things is parsed slice by slice from then on, all of them together a fifth of the time at most.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { clientNetwork } from '../../config/request/addresses.ts'
import { restAfter } from './dear-work.ts'
import { isLeaving } from './linger.ts'
import { type HandledSocket, readPastParser, readUnless, startReading, stopReading } from './past-parser.ts'
import { peerOf } from './peer.ts'

/** Of the smallest requests 11, of crumbs 85: half a millisecond. */
const sliceBytes = 512
/** What was read at once and is more than this is not taken for what few ever send ahead. */
const bulkyBytes = 1024
/** Of what was cheap so far: 8 ms, where it turns dear. */
const largeSliceBytes = 8 * 1024
/** A slice that took less was cheap. */
const cheapMs = 0.1
/** Of a body that nobody takes now, no more is parsed: each piece of it would be a buffer of its own until somebody does. */
const heldBytes = 256
/** After this long in slices something else has its turn. */
const turnMs = 0.5
/** At the end of a connection. */
const endMs = 2
/** An address is remembered for so long, and so many of them. */
const rememberedMs = 600_000
const mostRemembered = 10_000

/** Until when clients are read in slices, by address. */
const dear = new Map<string, number>()
/** Connections of proxies, behind which others stand. */
const shared = new WeakSet<Socket>()
const readers = new WeakMap<Socket, SliceReader>()
/** Those that have bytes to parse, in their turn. */
const queue: SliceReader[] = []
let isArmed = false

/** To be called for each connection before it is read; `isShared`: it is a proxy's, whose other clients are not to suffer. */
export function admit(socket: Socket, isShared: boolean): void {
  if (isShared) shared.add(socket)
  else if (isDear(socket)) slice(socket)
}

/** What came on a connection was dear to parse: it is read in slices, and what else comes from its client, too. */
export function readInSlices(socket: Socket): void {
  const peer = peerOf(socket)
  if (peer !== undefined && !shared.has(socket)) {
    const network = clientNetwork(peer)
    // Those seen last stand last.
    dear.delete(network)
    const [oldest] = dear.keys()
    if (oldest !== undefined && dear.size >= mostRemembered) dear.delete(oldest)
    dear.set(network, performance.now() + rememberedMs)
  }
  slice(socket)
}

/** Whether what was last read of a connection would have been much at once if it had been parsed in one go. */
export function cameInSlices(socket: Socket): boolean {
  return readers.get(socket)?.isBulky === true
}

/** Whether bytes of a connection have come that are not parsed yet: its client is not who is waited for. */
export function hasUnparsed(socket: Socket): boolean {
  return readers.get(socket)?.isBehind === true
}

/** What is not parsed yet of a connection waits until `letSlicesGo`. */
export function holdSlices(socket: Socket): void {
  const reader = readers.get(socket)
  if (reader !== undefined) reader.isHeld = true
}

export function letSlicesGo(socket: Socket): void {
  readers.get(socket)?.letGo()
}

/**
 * A connection gets another parser, as soon as it may; gives what was read of it and not parsed. `readInSlicesAgain` takes
 * it up there.
 */
export function endSlices(socket: Socket): { readonly rest: readonly Buffer[]; readInSlicesAgain(): void } {
  const reader = readers.get(socket)
  if (reader === undefined) return { rest: [], readInSlicesAgain() {} }
  readers.delete(socket)
  return { rest: reader.end(), readInSlicesAgain: () => slice(socket) }
}

function isDear(socket: Socket): boolean {
  if (dear.size === 0) return false
  const peer = peerOf(socket)
  return peer !== undefined && (dear.get(clientNetwork(peer)) ?? 0) > performance.now()
}

function slice(socket: Socket): void {
  const { parser }: ParsedSocket = socket
  // Without a parser it waits for another one: who reads it meanwhile is not Node.
  if (!parser || readers.has(socket) || socket.destroyed || isLeaving(socket)) return
  const [parse, another] = socket.listeners('data')
  // Somebody else reads it.
  if (parse === undefined || another !== undefined) return
  readers.set(socket, new SliceReader(socket, (bytes) => void parse.call(socket, bytes)))
}

/** What Node keeps on a connection: its parser, with the request in the making, and whether it has stopped it. */
type ParsedSocket = HandledSocket & {
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null
  readonly _paused?: boolean
}

/** Stands between a connection and Node's parser. */
class SliceReader {
  readonly #socket: ParsedSocket
  readonly #parse: (bytes: Buffer) => void
  #waiting: Buffer[] = []
  #isQueued = false
  #sliceBytes = sliceBytes
  isBulky = false
  /** Its requests wait for their turn. Node resumes a stream behind each request that it has parsed: whether it is paused does not tell. */
  isHeld = false

  constructor(socket: Socket, parse: (bytes: Buffer) => void) {
    this.#socket = socket
    this.#parse = parse
    readPastParser(socket, this.#onData)
    // What is held back does not come to its end, either; TLS tells of that all the same.
    readUnless(socket, () => this.isBehind || socket.isPaused())
    socket.on('pause', this.#onPause).on('resume', this.#onResume).prependListener('end', this.#onEnd)
  }

  get isBehind(): boolean {
    return this.#waiting.length > 0
  }

  /** Gives what was not parsed; from here on the connection is as if it had never been read in slices. */
  end(): readonly Buffer[] {
    const rest = this.#waiting
    this.#waiting = []
    const socket = this.#socket
    socket
      .off('data', this.#onData)
      .off('pause', this.#onPause)
      .off('resume', this.#onResume)
      .off('end', this.#onEnd)
    Reflect.deleteProperty(socket, '_read')
    if (!socket.destroyed && !socket.isPaused()) startReading(socket)
    return rest
  }

  /** Goes on where it was held. */
  letGo(): void {
    this.isHeld = false
    if (this.isBehind) this.#enqueue()
  }

  /** Parses one slice, if it may. */
  step(): void {
    this.#isQueued = false
    if (this.#isOver()) return this.#drop()
    const [first] = this.#waiting
    if (first === undefined) return
    if (this.#isHeldBack()) return
    const slice = this.#takeSlice()
    const startedAt = performance.now()
    this.#parse(slice)
    // Where its requests wait now, each holds far more memory than it had bytes: of such there are few at once.
    const isCheap = !this.isHeld && performance.now() - startedAt < cheapMs
    this.#sliceBytes = isCheap ? Math.min(2 * this.#sliceBytes, largeSliceBytes) : sliceBytes
    if (this.isBehind) this.#enqueue()
    else this.#onResume()
  }

  readonly #onData = (bytes: Buffer): void => {
    this.isBulky = bytes.length > bulkyBytes
    this.#waiting.push(bytes)
    stopReading(this.#socket)
    this.#enqueue()
  }

  readonly #onPause = (): void => stopReading(this.#socket)

  readonly #onResume = (): void => {
    if (this.isBehind) this.#enqueue()
    else if (!this.#socket.destroyed && !this.#socket.isPaused()) startReading(this.#socket)
  }

  readonly #onEnd = (): void => {
    // What is left of much is dropped: Node ends the connection now, and answers nothing more.
    const endsAt = performance.now() + endMs
    while (this.isBehind && this.#socket._paused !== true && !this.#isOver() && performance.now() < endsAt)
      this.#parse(this.#takeSlice())
    this.#waiting = []
  }

  #takeSlice(): Buffer {
    const [first = Buffer.alloc(0)] = this.#waiting
    const bytes = this.#sliceBytes
    if (first.length <= bytes) this.#waiting.shift()
    else this.#waiting[0] = first.subarray(bytes)
    return first.subarray(0, bytes)
  }

  /** What comes is read on all the same, and dropped by whoever has taken the connection over. */
  #drop(): void {
    this.#waiting = []
    this.#onResume()
  }

  /** Answers wait for their client, requests for their turn, or a body for whoever takes it: who goes on is heard. */
  #isHeldBack(): boolean {
    const { _paused, parser } = this.#socket
    if (this.isHeld || _paused === true || this.#socket.isPaused()) return true
    const body = parser?.incoming
    if (!body || body.complete || body.destroyed) return false
    if (body.readableLength >= body.readableHighWaterMark) {
      // Node resumes the connection when there is room.
      this.#socket.pause()
      return true
    }
    if (body.readableFlowing === true || body.readableLength < heldBytes) return false
    if (body.listenerCount('resume', this.#onResume) === 0) body.once('resume', this.#onResume)
    return true
  }

  /** Nothing of it is parsed any more: it is closed or about to, or its parser belongs to somebody else already. */
  #isOver(): boolean {
    return this.#socket.destroyed || !this.#socket.parser || isLeaving(this.#socket)
  }

  #enqueue(): void {
    if (this.#isQueued) return
    this.#isQueued = true
    queue.push(this)
    if (isArmed) return
    isArmed = true
    arm(restAfter(0, performance.now()))
  }
}

function takeTurn(): void {
  const startedAt = performance.now()
  let tookMs = 0
  while (tookMs < turnMs) {
    const reader = queue.shift()
    if (reader === undefined) break
    reader.step()
    tookMs = performance.now() - startedAt
  }
  const restMs = restAfter(tookMs, startedAt + tookMs)
  isArmed = queue.length > 0
  if (isArmed) arm(restMs)
}

function arm(restMs: number): void {
  if (restMs > 0) setTimeout(takeTurn, Math.ceil(restMs))
  else setImmediate(takeTurn)
}
