// What the reader of answers makes of bytes, however they are cut.

import type { AnswerHead } from '../../../src/gateway/upstream/answer-head.ts'
import { AnswerReader } from '../../../src/gateway/upstream/answer-reader.ts'

/** An answer as its receiver was told of it. Text is latin1. */
export interface ReadAnswer {
  readonly interim: readonly AnswerHead[]
  readonly head: AnswerHead | undefined
  readonly body: string
  readonly trailers: readonly string[]
  /** The answer was told to be over. */
  readonly isWhole: boolean
  /** Bytes behind it. */
  readonly rest: number
}

/**
 * Reads one answer from pieces of bytes, each put at the beginning of one buffer, as a connection does; `isEnded`: then the
 * upstream closes. Throws what the reader throws.
 */
export function readAnswer(
  pieces: readonly Buffer[],
  of: { readonly method?: string; readonly isEnded?: boolean } = {},
): ReadAnswer {
  const interim: AnswerHead[] = []
  let head: AnswerHead | undefined
  let body = ''
  let trailers: readonly string[] = []
  let isWhole = false
  const reader = new AnswerReader()
  reader.await(
    {
      onInterim: (told) => void interim.push(told),
      onHead: (told) => (head = told),
      onBody: (buffer, start, end) => (body += buffer.toString('latin1', start, end)),
      onEnd(told) {
        if (isWhole) throw new Error('told twice to be over')
        trailers = told
        isWhole = true
      },
    },
    of.method === 'HEAD',
  )
  // Not empty: what is behind the bytes that were read must not be looked at.
  const buffer = Buffer.alloc(64 * 1024, '\r\n\r\n5\r\n')
  let rest = 0
  for (const piece of pieces) {
    piece.copy(buffer)
    rest += piece.length - reader.read(buffer, piece.length)
  }
  if (of.isEnded === true) reader.end()
  return { interim, head, body, trailers, isWhole, rest }
}

/** Every way to cut bytes in two, the whole, and each byte alone. */
export function cuts(bytes: Buffer): Buffer[][] {
  const pairs = Array.from(bytes, (_, i) =>
    [bytes.subarray(0, i), bytes.subarray(i)].filter((it) => it.length > 0),
  )
  return [...pairs, Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))]
}
