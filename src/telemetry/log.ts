// The program's log: pino, JSON lines. Secrets never reach it (they are Secret objects, printed as `[secret]`);
// the redaction here is a second fence.

import { type DestinationStream, destination, type Logger, pino } from 'pino'

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
  /** Writes out what is buffered. */
  flush(): void
}

/** Makes the log. Lines are buffered up to 4 KiB and written at least once a second, and flushed at exit. */
export function createLog(options: LogOptions): Log {
  const stream = options.stream ?? standardOutput(options.isShared ?? false)
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['secret', '*.secret', 'req.headers', 'headers', 'authorization', 'token', '*.token'],
        censor: '[secret]',
      },
    },
    stream,
  )
  return {
    logger,
    flush() {
      if ('flushSync' in stream && typeof stream.flushSync === 'function') stream.flushSync()
    },
  }
}

function standardOutput(isShared: boolean): DestinationStream {
  return destination(
    isShared
      ? { fd: 1, minLength: 0, sync: true }
      : { fd: 1, minLength: 4096, sync: false, periodicFlush: 1000 },
  )
}
