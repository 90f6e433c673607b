// A patient client: it sends bytes as they are, reads whatever comes while it sends and after sending failed, and takes
// the answer apart by itself, so that both ways, direct and through the gateway, are read by the same eyes.

import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'

export interface Asking {
  readonly port: number
  /** Request line without version: `GET /v1/x`. */
  readonly line: string
  readonly fields: readonly string[]
  readonly body?: Body
  /** Address that it comes from, of 127.0.0.0/8. */
  readonly from?: string
}

export interface Body {
  readonly bytes: number
  readonly framing: 'length' | 'chunked'
}

export interface Answer {
  readonly status: number
  readonly reason: string
  readonly fields: readonly (readonly [string, string])[]
  /** Without its framing. */
  readonly body: Buffer
  /** What did not come, in a word; undefined: a whole answer came. */
  readonly fault?: 'nothing' | 'cut' | 'silent' | 'garbled'
}

/** Where requests go one after the other on one connection; another one when the server has closed it. */
export interface Line {
  ask(asking: Asking): Promise<Answer>
  /** Connections made so far. */
  connections(): number
  close(): void
}

const silenceMs = 12_000

export function openLine(): Line {
  let socket: Socket | undefined
  let count = 0
  return {
    async ask(asking) {
      if (socket === undefined || socket.destroyed || socket.readableEnded) {
        socket = connect({
          port: asking.port,
          host: '127.0.0.1',
          noDelay: true,
          ...(asking.from !== undefined && { localAddress: asking.from }),
        })
        count++
      }
      const { answer, isKept } = await askOn(socket, asking)
      if (!isKept) socket.destroy()
      return answer
    },
    connections: () => count,
    close: () => socket?.destroy(),
  }
}

/** One request on a connection of its own. */
export async function ask(asking: Asking): Promise<Answer> {
  const line = openLine()
  const answer = await line.ask(asking)
  line.close()
  return answer
}

function askOn(socket: Socket, asking: Asking): Promise<{ answer: Answer; isKept: boolean }> {
  return new Promise((resolve) => {
    const isHead = asking.line.startsWith('HEAD ')
    const pieces: Buffer[] = []
    let received = 0
    let wantedBytes = 0
    let isAnswered = false
    const finish = (parsed: Parsed | Answer['fault']): void => {
      if (isAnswered) return
      isAnswered = true
      clearTimeout(timer)
      socket.off('data', onData).off('end', onEnd).off('close', onEnd)
      if (typeof parsed === 'object') resolve(parsed)
      else resolve({ answer: { ...nothing, fault: parsed ?? 'nothing' }, isKept: false })
    }
    const read = (hasEnded: boolean): Parsed | number => parse(Buffer.concat(pieces), isHead, hasEnded)
    const last = (otherwise: Answer['fault']): void => {
      const parsed = read(true)
      finish(typeof parsed === 'object' ? parsed : otherwise)
    }
    const onData = (piece: Buffer): void => {
      pieces.push(piece)
      received += piece.length
      timer.refresh()
      // Each look joins what came: with a large body only where it may be the last.
      if (received < wantedBytes) return
      if (wantedBytes === 0 && pieces.length > 64 && !isLineEnd(pieces.slice(-2))) return
      const parsed = read(false)
      if (typeof parsed === 'object') finish(parsed)
      else wantedBytes = parsed
    }
    const onEnd = (): void => last('nothing')
    const timer = setTimeout(() => last('silent'), silenceMs)
    socket.on('data', onData).on('end', onEnd).on('close', onEnd)
    socket.on('error', () => {})
    void send(socket, asking, () => isAnswered)
  })
}

/** Sends as fast as it is taken; stops when the answer is there. */
async function send(socket: Socket, asking: Asking, isAnswered: () => boolean): Promise<void> {
  const { line, fields, body } = asking
  const framing = body === undefined ? [] : [framingOf(body)]
  socket.write(`${line} HTTP/1.1\r\n${[...fields, ...framing].map((field) => `${field}\r\n`).join('')}\r\n`)
  for (let at = 0; body !== undefined && at < body.bytes && !isAnswered(); at += pieceBytes) {
    const piece = Buffer.alloc(Math.min(pieceBytes, body.bytes - at), 'x')
    const framed = body.framing === 'length' ? piece : chunk(piece)
    if (!socket.write(framed)) await drained(socket)
    // What has come is read before more is sent: a write that fails ends the reading too.
    await turn()
    if (socket.destroyed) return
  }
  if (body?.framing === 'chunked' && !isAnswered()) socket.write('0\r\n\r\n')
}

const pieceBytes = 64 * 1024

function framingOf({ bytes, framing }: Body): string {
  return framing === 'length' ? `Content-Length: ${bytes}` : 'Transfer-Encoding: chunked'
}

function chunk(piece: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

const nothing: Answer = { status: 0, reason: '', fields: [], body: Buffer.alloc(0) }

interface Parsed {
  readonly answer: Answer
  readonly isKept: boolean
}

function isLineEnd(pieces: readonly Buffer[]): boolean {
  return Buffer.concat(pieces).subarray(-4).toString('latin1') === '\r\n\r\n'
}

/** A number: more is to come, and that many bytes at least must be there. Interim answers are passed over. */
function parse(bytes: Buffer, isHead: boolean, hasEnded: boolean): Parsed | number {
  const end = headEnd(bytes)
  if (end === undefined) {
    return hasEnded && bytes.length > 0 ? { answer: { ...nothing, fault: 'cut' }, isKept: false } : 0
  }
  const [first = '', ...lines] = bytes.subarray(0, end.at).toString('latin1').split(/\r?\n/)
  const [, version, status, reason = ''] = /^HTTP\/(1\.[01]) (\d{3})(?: (.*))?$/.exec(first) ?? []
  if (version === undefined) return { answer: { ...nothing, fault: 'garbled' }, isKept: false }
  const rest = bytes.subarray(end.next)
  if (status?.startsWith('1') === true) {
    const parsed = parse(rest, isHead, hasEnded)
    return typeof parsed === 'number' ? parsed && parsed + end.next : parsed
  }
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const head = { status: Number(status), reason, fields }
  const value = (name: string): string => valueOf(head, name)?.toLowerCase() ?? ''
  const isBodiless = isHead || status === '204' || status === '304'
  const framed: Framed = isBodiless
    ? { body: Buffer.alloc(0), isWhole: true }
    : value('transfer-encoding').includes('chunked')
      ? takeChunks(rest)
      : value('content-length') !== ''
        ? takeLength(rest, Number(value('content-length')))
        : { body: rest, isWhole: hasEnded, wantedBytes: Number.POSITIVE_INFINITY }
  if (!framed.isWhole && !hasEnded)
    return framed.wantedBytes === undefined ? 0 : end.next + framed.wantedBytes
  const says = value('connection')
  const isLasting = version === '1.1' ? !says.includes('close') : says.includes('keep-alive')
  return {
    answer: { ...head, body: framed.body, ...(!framed.isWhole && { fault: 'cut' as const }) },
    isKept: isLasting && !hasEnded && framed.isWhole,
  }
}

/** Bare LF ends lines too: what is right in that is for others to test. */
function headEnd(bytes: Buffer): { at: number; next: number } | undefined {
  const both = bytes.indexOf('\r\n\r\n')
  if (both !== -1) return { at: both, next: both + 4 }
  const bare = bytes.indexOf('\n\n')
  return bare === -1 ? undefined : { at: bare, next: bare + 2 }
}

interface Framed {
  readonly body: Buffer
  readonly isWhole: boolean
  readonly wantedBytes?: number
}

function takeLength(bytes: Buffer, length: number): Framed {
  return { body: bytes.subarray(0, length), isWhole: bytes.length >= length, wantedBytes: length }
}

function takeChunks(bytes: Buffer): Framed {
  const pieces: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (Number.isNaN(size) || bytes.length < next) return { body: Buffer.concat(pieces), isWhole: false }
    if (size === 0) return { body: Buffer.concat(pieces), isWhole: true }
    pieces.push(bytes.subarray(lineEnd + 2, next - 2))
    at = next
  }
}

/** Value of a field, by its name in any case. */
export function valueOf({ fields }: Pick<Answer, 'fields'>, name: string): string | undefined {
  return fields.find(([field]) => field.toLowerCase() === name.toLowerCase())?.[1]
}
