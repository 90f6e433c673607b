// The head of an upstream's answer, read to the letter: what two readers could frame in two ways is no answer
// (RFC 9112 §4 to §6). What it says beyond its framing is nobody's business here.

import { listElements, trimBlanks } from '../../errors/wire-text.ts'
import { withoutControls } from './bare-lines.ts'

/** An answer that is no HTTP/1.1, or no unambiguous one. Its message tells where, and repeats nothing of the answer. */
export class InvalidAnswer extends Error {
  override readonly name = 'InvalidAnswer'
  /** For log and metric. */
  readonly reason: 'malformed' | 'not_http' | 'headers_too_large' | 'response_too_large' | 'transfer_coding'

  constructor(message: string, reason: InvalidAnswer['reason'] = 'malformed') {
    super(message)
    this.reason = reason
  }
}

/** What was wrong with a head that was taken all the same, as it can be read in one way only. */
export type Oddity = 'bare_lf' | 'repeated_length' | 'control_character'

/** Text of it is latin1: a character a byte. */
export interface AnswerHead {
  readonly status: number
  /** May be empty, and may hold control characters. */
  readonly reason: string
  /** Flat name, value list, in order, case and repeats as they came; values without the white space around them. */
  readonly fields: readonly string[]
  /** Content-Length in bytes; undefined: there is none. */
  readonly contentLength: number | undefined
  /** The body comes in chunks (and in no other coding). */
  readonly isChunked: boolean
  /** The upstream will answer more requests on this connection. */
  readonly isPersistent: boolean
  /** For how long it keeps the connection open, by its Keep-Alive; undefined: it does not say. */
  readonly keepAliveSeconds: number | undefined
  readonly oddity: Oddity | undefined
}

/** Bytes of a head, and of trailers, at most. */
export const maxHeadBytes = 16 * 1024

// RFC 9110 §5.1 and §5.5, RFC 9112 §4: no obs-fold, no space before the colon, no control character, no bare CR or LF.
const statusLine = /^HTTP\/1\.([01]) ([0-9]{3})(?: ([^\r\n\0]*))?$/
const fieldLines = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/

/**
 * Reads a whole head, with the empty line at its end. `oddity`: what is known to be wrong with it, and was mended. Throws
 * InvalidAnswer.
 */
export function readAnswerHead(text: string, oddity?: Oddity): AnswerHead {
  const endOfLine = text.indexOf('\r\n')
  const start = readStatusLine(text.slice(0, endOfLine))
  const lines = text.slice(endOfLine + 2, -2)
  if (fieldLines.test(lines)) return framed(start, fieldsOf(lines), oddity)
  return framed(start, readFields(withoutControls(lines)), oddity ?? 'control_character')
}

/**
 * Refuses the beginning of a head of which no rest can make one: nobody has to wait for it. `from`: what stands before it was
 * looked at already, so that a head which comes byte by byte is not read as often. Throws InvalidAnswer.
 */
export function refuseBeginning(text: string, from: number): void {
  if (from < usualStart.length && !usualStart.startsWith(text.slice(0, usualStart.length)))
    throw new InvalidAnswer(noStatusLine, 'not_http')
  // The character before may be a CR that waits for its LF.
  const fresh = from > 0 ? from - 1 : from
  if (bareReturn.test(text.slice(fresh))) throw misplaced(text)
}

/** A line that ends as it must not. Of the first line where that has not ended as it should. */
export function misplaced(text: string): InvalidAnswer {
  const endOfLine = text.indexOf('\r\n')
  const isFirst = endOfLine === -1 || /[\r\n]/.test(text.slice(0, endOfLine))
  return new InvalidAnswer(isFirst ? noStatusLine : noField)
}

/** CR alone; one at the very end may still get its LF. */
const bareReturn = /\r[^\n]/
const usualStart = 'HTTP/1.'
const noStatusLine = 'the status line is not one of HTTP/1.1'
const noField = 'a line is no header field'

interface Start {
  readonly isHttp10: boolean
  readonly status: number
  readonly reason: string
}

function readStatusLine(line: string): Start {
  const match = statusLine.exec(line)
  if (match === null)
    throw new InvalidAnswer(noStatusLine, line.startsWith(usualStart) ? 'malformed' : 'not_http')
  return { isHttp10: match[1] === '0', status: Number(match[2]), reason: match[3] ?? '' }
}

/** Field lines, each with its CRLF: a flat list of names and values. Throws InvalidAnswer. */
function readFields(text: string): string[] {
  if (!fieldLines.test(text)) throw new InvalidAnswer(noField)
  return fieldsOf(text)
}

/** Of lines that were looked at. */
function fieldsOf(text: string): string[] {
  const fields: string[] = []
  for (let at = 0; at < text.length; ) {
    const colon = text.indexOf(':', at)
    const end = text.indexOf('\r', colon)
    fields.push(text.slice(at, colon), trimBlanks(text, colon + 1, end))
    at = end + 2
  }
  return fields
}

/** Field lines after a last chunk. Throws InvalidAnswer, where one frames the message too (RFC 9110 §6.5.1). */
export function readTrailers(text: string): string[] {
  const fields = readFields(text)
  if (fields.some((name, i) => i % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name)))
    throw new InvalidAnswer('a trailer frames the message')
  return fields
}

/** RFC 9112 §6.3 and §9.3. */
function framed(
  { isHttp10, status, reason }: Start,
  fields: string[],
  found: Oddity | undefined,
): AnswerHead {
  let oddity = found
  let lengthText: string | undefined
  let contentLength: number | undefined
  let coding: string | undefined
  let connection = ''
  let keepAliveSeconds: number | undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (!framingLengths.has(name.length)) continue
    const value = fields[i + 1] ?? ''
    switch (name.toLowerCase()) {
      case 'content-length':
        if (lengthText === undefined) {
          lengthText = value
          contentLength = readLength(value)
          break
        }
        // The same again says the same (RFC 9110 §8.6): it goes on once.
        if (value !== lengthText) throw new InvalidAnswer('Content-Length is there more than once')
        fields.splice(i, 2)
        i -= 2
        oddity = 'repeated_length'
        break
      case 'transfer-encoding':
        coding = coding === undefined ? value : `${coding}, ${value}`
        break
      case 'connection':
        connection = connection === '' ? value : `${connection}, ${value}`
        break
      case 'keep-alive':
        keepAliveSeconds = readTimeout(value)
    }
  }
  const isChunked = coding !== undefined
  if (isChunked && coding?.toLowerCase() !== 'chunked')
    throw new InvalidAnswer('Transfer-Encoding is not chunked alone', 'transfer_coding')
  if (isChunked && contentLength !== undefined)
    throw new InvalidAnswer('Content-Length stands beside Transfer-Encoding')
  // Each may be followed by bytes that another reader would take for its body.
  const hasDoubtfulEnd =
    (isHttp10 && isChunked) || (status === 204 && (isChunked || (contentLength ?? 0) > 0))
  return {
    status,
    reason,
    fields,
    contentLength,
    isChunked,
    isPersistent: isPersistent(connection, isHttp10) && !hasDoubtfulEnd,
    keepAliveSeconds,
    oddity,
  }
}

const framingNames = ['content-length', 'transfer-encoding', 'connection', 'keep-alive']
const framingLengths = new Set(framingNames.map((name) => name.length))

function readLength(value: string): number {
  const length = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(length)) throw new InvalidAnswer('Content-Length is no length')
  return length
}

function readTimeout(value: string): number | undefined {
  const seconds = /(?:^|[,\t ])timeout=([0-9]{1,9})/i.exec(value)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}

function isPersistent(connection: string, isHttp10: boolean): boolean {
  if (connection === '') return !isHttp10
  if (connection === 'keep-alive') return true
  const options = listElements(connection).map((option) => option.toLowerCase())
  return !options.includes('close') && (!isHttp10 || options.includes('keep-alive'))
}
