// The answers that come on a connection, taken out of the bytes as they are read: where a head ends, where a body does.
// Pure: knows no socket. Strict as the reader of heads is: after a fault the connection is of no use any more.

import {
  type AnswerHead,
  InvalidAnswer,
  maxHeadBytes,
  misplaced,
  readAnswerHead,
  readTrailers,
  refuseBeginning,
} from './answer-head.ts'
import { endOfBareHead, firstBareLine, withCrLf } from './bare-lines.ts'

/** Pieces of a body up to this size are read into a buffer that is used again; larger ones may be kept as they are. */
export const copiedBytes = 16 * 1024

/** Who is told of an answer. */
export interface AnswerReceiver {
  /** An answer before the answer (RFC 9110 §15.2). */
  onInterim(head: AnswerHead): void
  onHead(head: AnswerHead): void
  /** Bytes of the body: `buffer` from `start` to `end`. Those of up to `copiedBytes` are there during the call alone. */
  onBody(buffer: Buffer, start: number, end: number): void
  /** The answer is over. Trailers: a flat name, value list. */
  onEnd(trailers: readonly string[]): void
}

type State = 'idle' | 'head' | 'sized' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close'

export class AnswerReader {
  #state: State = 'idle'
  #receiver: AnswerReceiver | undefined
  #isHeadRequest = false
  /** The beginning of a head, a chunk's line or trailers that have not come whole. */
  #text = ''
  /** In it, the first LF of a head that stands alone; -1: there is none. */
  #bareAt = -1
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0
  #interimBytes = 0
  /** Something of the answer has come. */
  hasBegun = false
  // Of the last final head; not the head itself, which would live as long as the connection does, until the next one.
  isPersistent = false
  keepAliveSeconds: number | undefined
  /** It says that something is wrong with the request, and that the connection is closed. */
  isRefusal = false

  /** From here on an answer is awaited. A HEAD request's has no body, whatever its head says. */
  await(receiver: AnswerReceiver, isHeadRequest: boolean): void {
    this.#receiver = receiver
    this.#isHeadRequest = isHeadRequest
    this.isPersistent = false
    this.isRefusal = false
    this.#state = 'head'
    this.hasBegun = false
    this.#interimBytes = 0
  }

  /** Nobody is told anything any more. */
  stop(): void {
    this.#receiver = undefined
    this.#state = 'idle'
    this.#text = ''
    this.#bareAt = -1
  }

  /** No answer is awaited. */
  get isIdle(): boolean {
    return this.#state === 'idle'
  }

  /** Takes bytes from `buffer`, gives how many of them belonged to the answer. Throws InvalidAnswer. */
  read(buffer: Buffer, length: number): number {
    let at = 0
    while (at < length && this.#state !== 'idle') at = this.#step(buffer, at, length)
    return at
  }

  /** The upstream has sent all it will; gives whether the answer, if one was awaited, is whole. */
  end(): boolean {
    if (this.#state === 'until-close') this.#finish(none)
    return this.#state === 'idle'
  }

  #step(buffer: Buffer, at: number, length: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(buffer, at, length)
      case 'sized':
      case 'chunk':
        return this.#readBody(buffer, at, length)
      case 'until-close':
        this.#receiver?.onBody(buffer, at, length)
        return length
      case 'chunk-size':
        return this.#readChunkSize(buffer, at, length)
      case 'chunk-end':
        return this.#readChunkEnd(buffer, at)
      case 'trailers':
        return this.#readTrailers(buffer, at, length)
      case 'idle':
        return at
    }
  }

  #readHead(buffer: Buffer, at: number, length: number): number {
    this.hasBegun = true
    const before = this.#text.length
    const text = this.#text + buffer.toString('latin1', at, Math.min(length, at + maxHeadBytes + 4))
    const found = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    // Nearly every head ends here; whether one of its lines ends in LF alone shows when it is none otherwise.
    if (found !== -1 && found + 4 <= maxHeadBytes && this.#bareAt === -1) {
      const head = this.#readWhole(text.slice(0, found + 4))
      if (head !== undefined) return this.#headRead(head, found + 4, at - before)
    }
    return this.#readOddHead(text, { before, at, length })
  }

  /** Undefined: a line of it ends in LF alone. */
  #readWhole(text: string): AnswerHead | undefined {
    try {
      return readAnswerHead(text)
    } catch (error) {
      if (firstBareLine(text, 0) === -1) throw error
      return undefined
    }
  }

  /** A head that has not come whole, or one with lines that end in LF alone. */
  #readOddHead(text: string, { before, at, length }: Piece): number {
    if (this.#bareAt === -1) this.#bareAt = firstBareLine(text, Math.max(0, before - 1))
    const end = this.#bareAt === -1 ? undefined : endOfBareHead(text, this.#bareAt, before)
    if (end === null) throw misplaced(text)
    if (end === undefined && text.length <= maxHeadBytes) {
      refuseBeginning(text, before)
      this.#text = text
      return length
    }
    if (end === undefined || end > maxHeadBytes) throw tooLong()
    const head = readAnswerHead(withCrLf(text.slice(0, end), this.#bareAt), 'bare_lf')
    return this.#headRead(head, end, at - before)
  }

  /** `end`: of the head, behind what was there of it before, which `from` counts for. Gives the place behind it. */
  #headRead(head: AnswerHead, end: number, from: number): number {
    this.#text = ''
    this.#bareAt = -1
    if (head.status < 100) throw new InvalidAnswer('the status is below 100')
    if (head.status < 200) {
      // Not asked for (RFC 9110 §7.8): what follows would be in another protocol.
      if (head.status === 101) throw new InvalidAnswer('the upstream switches protocols')
      this.#interimBytes += end
      if (this.#interimBytes > maxInterimBytes) throw new InvalidAnswer('too many interim answers')
      this.#receiver?.onInterim(head)
    } else this.#begin(head)
    return from + end
  }

  #begin(head: AnswerHead): void {
    this.isPersistent = head.isPersistent
    this.keepAliveSeconds = head.keepAliveSeconds
    this.isRefusal = head.status >= 400 && !head.isPersistent
    const isBodiless = this.#isHeadRequest || head.status === 204 || head.status === 304
    this.#left = head.contentLength ?? 0
    // Before it is told: who is told may stop the reading.
    if (isBodiless || head.contentLength === 0) this.#state = 'trailers'
    else if (head.isChunked) this.#state = 'chunk-size'
    else this.#state = head.contentLength === undefined ? 'until-close' : 'sized'
    const isOver = this.#state === 'trailers'
    this.#receiver?.onHead(head)
    if (isOver) this.#finish(none)
  }

  #readBody(buffer: Buffer, at: number, length: number): number {
    const end = Math.min(length, at + this.#left)
    this.#left -= end - at
    const isSized = this.#state === 'sized'
    if (this.#left === 0 && !isSized) this.#state = 'chunk-end'
    this.#receiver?.onBody(buffer, at, end)
    if (this.#left === 0 && isSized) this.#finish(none)
    return end
  }

  /** RFC 9112 §7.1. Extensions are passed over: nobody here knows any. */
  #readChunkSize(buffer: Buffer, at: number, length: number): number {
    const newline = buffer.indexOf(lineFeed, at)
    // Behind what was read now, the buffer holds what was read before.
    const isWhole = newline !== -1 && newline < length
    const end = isWhole ? newline + 1 : length
    this.#text += buffer.toString('latin1', at, Math.min(end, at + maxLineBytes))
    if (this.#text.length >= maxLineBytes) throw new InvalidAnswer('the line before a chunk is too long')
    if (!isWhole) return length
    const line = this.#takeText()
    const size = chunkLine.exec(line)?.[1]
    if (size === undefined) throw new InvalidAnswer('the line before a chunk tells no size')
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailers' : 'chunk'
    return end
  }

  #readChunkEnd(buffer: Buffer, at: number): number {
    // One byte at a time: the two may come apart.
    const expected = this.#text === '' ? carriageReturn : lineFeed
    if (buffer[at] !== expected) throw new InvalidAnswer('a chunk does not end where its size says')
    this.#text = this.#text === '' ? '\r' : ''
    if (this.#text === '') this.#state = 'chunk-size'
    return at + 1
  }

  #readTrailers(buffer: Buffer, at: number, length: number): number {
    // The last chunk's line is before them: an empty line at once means that there are none.
    if (this.#text === '') this.#text = '\r\n'
    const end = this.#collect(buffer, at, length, '\r\n\r\n')
    if (end === undefined) return length
    this.#finish(readTrailers(this.#takeText().slice(2, -2)))
    return end
  }

  /** Adds what came to the text, up to and with `mark`; gives the place behind it, undefined where it has not come. */
  #collect(buffer: Buffer, at: number, length: number, mark: string): number | undefined {
    const before = this.#text.length
    const text = this.#text + buffer.toString('latin1', at, Math.min(length, at + maxHeadBytes + mark.length))
    const found = text.indexOf(mark, Math.max(0, before - mark.length + 1))
    const end = found === -1 ? text.length : found + mark.length
    if (end > maxHeadBytes) throw tooLong()
    this.#text = end === text.length ? text : text.slice(0, end)
    return found === -1 ? undefined : at + end - before
  }

  #takeText(): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  #finish(trailers: readonly string[]): void {
    const receiver = this.#receiver
    this.stop()
    receiver?.onEnd(trailers)
  }
}

/** Where a piece of a head was read to; `before`: so much of the head had come earlier. */
interface Piece {
  readonly before: number
  readonly at: number
  readonly length: number
}

function tooLong(): InvalidAnswer {
  return new InvalidAnswer(`a head is longer than ${maxHeadBytes} bytes`, 'headers_too_large')
}

const none: readonly string[] = []
/** Of all interim answers before an answer: they pass at once, and a client may not be reading. */
const maxInterimBytes = 64 * 1024
const carriageReturn = 0x0d
const lineFeed = 0x0a
/** Of a line before a chunk. */
const maxLineBytes = 4 * 1024
/** At most 2^52: what a number holds exactly. */
const chunkLine = /^0*([0-9A-Fa-f]{1,13})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n$/
