// The program's log: pino, JSON lines. Secrets never reach it (they are Secret objects, printed as `[secret]`);
// the redaction here is a second fence.

import { bufferLines, type LineBuffer, type Sink } from './line-buffer.ts'
import { type DestinationStream, destination, type Logger, type LoggerOptions, pino } from 'pino'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: string
  /** Where lines go; standard output, buffered, unless said. */
  readonly stream?: DestinationStream
  /** Several processes write to one pipe: no write is longer than what a pipe keeps whole. */
  readonly isShared?: boolean
}

export interface Log {
  readonly logger: Logger
  /** Writes out what is buffered. */
  flush(): void
}

/**
 * Writes one line of the log: `fields` is JSON without its braces, and ASCII (`asciiJson`). For the one line a request,
 * which pino would build anew.
 */
export type LineLog = (fields: string) => void

/** Lines of a logger's own kind, level and place, with `msg`; nothing where its level leaves them out. */
export function lineLogOf(logger: Logger, msg: string): LineLog {
  if (!logger.isLevelEnabled('info')) return () => {}
  const { [pino.symbols.streamSym]: stream } = logger as unknown as Record<symbol, DestinationStream>
  if (stream === undefined) return () => {}
  const time = timestamps()
  const end = `,"msg":${asciiJson(msg)}}\n`
  const write = takesAscii(stream)
    ? (line: string) => stream.writeAscii(line)
    : (line: string) => stream.write(line)
  return (fields) => write(`{"level":"info"${time()},${fields}${end}`)
}

function takesAscii(stream: DestinationStream): stream is DestinationStream & Pick<LineBuffer, 'writeAscii'> {
  return 'writeAscii' in stream && typeof stream.writeAscii === 'function'
}

/**
 * JSON in which whatever is not ASCII is written as an escape: a line of it has as many bytes as characters.
 */
export function asciiJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Makes the log. Lines are buffered up to 64 KiB and written at least once a second, and flushed at exit. */
export function createLog(options: LogOptions): Log {
  const stream = options.stream ?? standardOutput(options.isShared ?? false)
  const common: LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: timestamps(),
    formatters: { level: (label) => ({ level: label }) },
  }
  const redact = {
    paths: ['secret', '*.secret', 'req.headers', 'headers', 'authorization', 'token', '*.token'],
    censor: '[secret]',
  }
  const logger = pino({ ...common, redact }, stream)
  return {
    logger,
    flush() {
      if ('flushSync' in stream && typeof stream.flushSync === 'function') stream.flushSync()
    },
  }
}

/** RFC 3339 with milliseconds; a second is written once, a millisecond when it has changed. */
function timestamps(): () => string {
  let second = 0
  let beginning = ''
  let at = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now === at) return text
    at = now
    const rest = now % 1_000
    if (now - rest !== second) {
      second = now - rest
      beginning = `,"time":"${new Date(second).toISOString().slice(0, -4)}`
    }
    text = `${beginning}${String(rest).padStart(3, '0')}Z"`
    return text
  }
}

/** The stream takes bytes where it is told so; its type does not say it. */
function bytesInto(stream: ReturnType<typeof destination>): Sink {
  return stream as unknown as Sink
}

/** A write is handed to another thread, which costs more than the write: the less often, the better. */
const blockBytes = 64 * 1024

/** A pipe takes a write of so many bytes whole, whoever else writes to it (POSIX, PIPE_BUF). */
const wholeOnPipe = 4096

function standardOutput(isShared: boolean): LineBuffer {
  const sink = destination({ fd: 1, minLength: 0, sync: isShared, contentMode: 'buffer' })
  const buffer = bufferLines(bytesInto(sink), {
    mostBytes: isShared ? wholeOnPipe : blockBytes,
    forMs: 1_000,
  })
  process.once('exit', () => buffer.flushSync())
  return buffer
}
