// The program's log: pino, JSON lines. Secrets never reach it (they are Secret objects, printed as `[secret]`);
// the redaction here is a second fence.

import { type DestinationStream, destination, type Logger, type LoggerOptions, pino } from 'pino'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: string
  /** Where lines go; standard output, buffered, unless said. */
  readonly stream?: DestinationStream
  /** Several processes write to one pipe: each line goes in a write of its own, which a pipe keeps whole. */
  readonly isShared?: boolean
}

export interface Log {
  readonly logger: Logger
  /** For lines of known fields, one a request: without the search for secrets, which costs as much as the line. */
  readonly access: Logger
  /** Writes out what is buffered. */
  flush(): void
}

/** Makes the log. Lines are buffered up to 4 KiB and written at least once a second, and flushed at exit. */
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
  const access = pino(common, stream)
  return {
    logger,
    access,
    flush() {
      if ('flushSync' in stream && typeof stream.flushSync === 'function') stream.flushSync()
    },
  }
}

/** RFC 3339 with milliseconds; written anew only when the millisecond has changed. */
function timestamps(): () => string {
  let at = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== at) {
      at = now
      text = `,"time":"${new Date(now).toISOString()}"`
    }
    return text
  }
}

function standardOutput(isShared: boolean): DestinationStream {
  return destination(
    isShared
      ? { fd: 1, minLength: 0, sync: true }
      : { fd: 1, minLength: 4096, sync: false, periodicFlush: 1000 },
  )
}
