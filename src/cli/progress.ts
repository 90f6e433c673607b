// How far long work has come, on standard error: for a person who watches, or who asks for it.

import type { CliIo } from './io.ts'

export interface Progress {
  /** Tells a line, unless one was told within the last second. */
  at(text: string): void
  /** Tells a line now, and every few seconds for how long it has gone on; until the returned function is called. */
  begin(text: string): () => void
}

export interface ProgressOptions {
  /** `--progress`. */
  readonly isAsked: boolean
  /** Milliseconds, of a clock that does not jump. */
  readonly now?: () => number
}

/** The option that verbs with long work have. */
export const progressOption = [
  '--progress',
  'say on standard error how far it has come, also without a terminal',
] as const

const betweenMs = 1_000
const everyMs = 5_000

export function createProgress(
  io: Pick<CliIo, 'stderr' | 'isWatched'>,
  { isAsked, now = () => performance.now() }: ProgressOptions,
): Progress {
  if (!isAsked && !io.isWatched) return { at: () => {}, begin: () => () => {} }
  let toldAt = now()
  const tell = (text: string) => {
    toldAt = now()
    io.stderr(`${text}\n`)
  }
  return {
    at(text) {
      if (now() - toldAt >= betweenMs) tell(text)
    },
    begin(text) {
      const begunAt = now()
      tell(text)
      const timer = setInterval(() => {
        tell(`${text}: ${Math.round((now() - begunAt) / 1_000)} s`)
      }, everyMs)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}

/** `1.5` of 1,572,864. */
export function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1)
}
