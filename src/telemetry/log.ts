// The program's log: pino, JSON lines. Secrets never reach it (they are Secret objects, printed as `[secret]`);
// the redaction here is a second fence.

import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import { appendTo, standardOutput } from './device.ts'
import { bufferLines, type LineBuffer } from './line-buffer.ts'
import { createOutput, type Output } from './output.ts'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: string
  /** Where lines go; standard output, buffered, unless this or `file` is said. */
  readonly stream?: DestinationStream
  /** A file that they go to, buffered, behind what is there. */
  readonly file?: string
  /** Told of each line that is not one a request, with its fields and message; for a person who watches. */
  readonly heard?: (fields: unknown, message: string) => void
  /** Several processes write to one pipe: no write is longer than what a pipe keeps whole. */
  readonly isShared?: boolean
}

export interface Log {
  readonly logger: Logger
  /** Hands what is buffered to who takes it now. Never waits: what is left is written at the end of the process, or lost. */
  flush(): void
  /** Goes on in the file that has the log's name now, as the one that had it may have been moved away; nothing where it has none. */
  reopen(): void
  readonly losses: LogLosses
}

/** What could not be written. */
export type LogLosses = Pick<Output, 'dropped' | 'isDropping'>

/** Of a log that loses nothing. */
export const noLosses: LogLosses = { dropped: () => 0, isDropping: () => false }

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

/**
 * Makes the log. Lines are gathered up to 64 KiB and handed on at least once a second and at the process's end. Nobody
 * ever waits for them to be written. Throws what the system says where `file` cannot be opened.
 */
export function createLog(options: LogOptions): Log {
  const { stream, flush, reopen, losses } =
    options.stream === undefined ? buffered(options) : { stream: options.stream, losses: noLosses }
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
  const { heard } = options
  const hooks = heard === undefined ? {} : { hooks: { logMethod: hearing(heard) } }
  const logger = pino({ ...common, redact, ...hooks }, stream)
  return {
    logger,
    flush: flush ?? (() => {}),
    reopen() {
      try {
        reopen?.()
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown'
        logger.error({ reason }, 'The log cannot be opened anew, and goes on in the file before')
      }
    },
    losses,
  }
}

/** What is told is as the log has it: by then nothing else may be in it than what the log may hold. */
function hearing(
  heard: NonNullable<LogOptions['heard']>,
): NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']> {
  return function (args, method) {
    const [fields, message] = args
    if (typeof fields === 'string') heard({}, fields)
    else heard(fields, typeof message === 'string' ? message : '')
    method.apply(this, args)
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

/** Each write has a cost of its own: the less often, the better. */
const blockBytes = 64 * 1024

/** A pipe takes a write of so many bytes whole, whoever else writes to it (POSIX, PIPE_BUF). */
const wholeOnPipe = 4096

/** What waits for a reader that has stopped for a moment, a fifth of a second of a busy process. */
const mostWaitingBytes = 1024 * 1024

/** The end of a process waits so long for a reader. */
const finishWithinMs = 1_000

function buffered({ file, isShared }: LogOptions): Omit<Log, 'logger'> & { readonly stream: LineBuffer } {
  const named = file === undefined ? undefined : appendTo(file)
  const device = named ?? standardOutput()
  const time = timestamps()
  const lostLine = (lines: number) =>
    `{"level":"warn"${time()},"lines":${lines},"msg":"Lines of the log were lost here"}\n`
  const output = createOutput(device, { mostWaitingBytes, lostLine })
  // A system takes a write to a file as one, however long.
  const isSharedPipe = isShared === true && !device.isFile
  const stream = bufferLines(output, {
    mostBytes: isSharedPipe ? wholeOnPipe : blockBytes,
    forMs: 1_000,
    ...(isSharedPipe && { shorten: shortened }),
  })
  process.once('exit', () => {
    stream.flush()
    output.finish(finishWithinMs)
  })
  const reopen = () => {
    // What was said before belongs to the file before.
    stream.flush()
    named?.reopen()
  }
  return { stream, flush: stream.flush, reopen, losses: output }
}

/** Each of its characters may become six bytes. */
const keptOfLong = 600

/** The line for one that is longer than what a pipe keeps whole: its level, and how it begins. */
export function shortened(line: string): string {
  const level = /^\{"level":"([a-z]+)"/.exec(line)?.[1] ?? 'error'
  const time = timestamps()()
  return `{"level":"${level}"${time},"begins":${asciiJson(line.slice(0, keptOfLong))},"msg":"A line too long for a pipe that processes share"}\n`
}
