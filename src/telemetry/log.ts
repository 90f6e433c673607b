// The program's log: pino, JSON lines. Secrets never reach it (they are Secret objects, printed as `[secret]`);
// the redaction here is a second fence.

import { type DestinationStream, destination, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: string
  /** Where lines go; standard output, buffered, unless said. */
  readonly stream?: DestinationStream
}

export interface Log {
  readonly logger: Logger
  /** Writes out what is buffered. */
  flush(): void
}

/** Makes the log. Lines are buffered up to 4 KiB and written at least once a second, and flushed at exit. */
export function createLog(options: LogOptions): Log {
  const stream = options.stream ?? destination({ fd: 1, minLength: 4096, sync: false, periodicFlush: 1000 })
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
