// The lines of a body, one after the other as they arrive: the whole is never held, and is bounded.

import { maxBodyBytes, maxLineBytes, maxLines } from '../../../credentials/import-limits.ts'
import { deny, DenialError } from '../../../errors/denial.ts'

export interface Line {
  /** From 1; empty lines count. */
  readonly number: number
  /** null: longer than a line may be. */
  readonly bytes: Buffer | null
}

const newline = 0x0a

/** Yields the lines that are not empty. Throws BODY_TOO_LARGE, and BAD_REQUEST where the sender left. */
export async function* linesOf(body: AsyncIterable<unknown>): AsyncGenerator<Line> {
  const open = createOpenLine()
  let number = 0
  let size = 0
  for await (const chunk of received(body)) {
    size += chunk.length
    let begin = 0
    for (;;) {
      const end = chunk.indexOf(newline, begin)
      if (end === -1) break
      open.add(chunk.subarray(begin, end))
      begin = end + 1
      const bytes = open.take()
      number += 1
      if (number > maxLines || size > maxBodyBytes) throw tooLarge()
      if (bytes === null || !isBlank(bytes)) yield { number, bytes }
    }
    if (size > maxBodyBytes) throw tooLarge()
    open.add(chunk.subarray(begin))
  }
  const bytes = open.take()
  if (bytes !== null && isBlank(bytes)) return
  if (number === maxLines) throw tooLarge()
  yield { number: number + 1, bytes }
}

async function* received(body: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) if (Buffer.isBuffer(chunk)) yield chunk
  } catch (error) {
    if (error instanceof DenialError) throw error
    throw new DenialError(deny('BAD_REQUEST', 'cut_body'), { cause: error })
  }
}

/** The line that has not ended yet; of one that is too long only that is kept. */
function createOpenLine(): { add(part: Buffer): void; take(): Buffer | null } {
  let parts: Buffer[] = []
  let length = 0
  return {
    add(part) {
      length += part.length
      if (length <= maxLineBytes) parts.push(part)
      else parts = []
    },
    take() {
      const bytes = length > maxLineBytes ? null : Buffer.concat(parts)
      parts = []
      length = 0
      return bytes
    },
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

function tooLarge(): DenialError {
  const message = `at most ${maxLines} lines and ${maxBodyBytes / 1024 / 1024} MiB at once: import them in parts`
  return new DenialError(deny('BODY_TOO_LARGE', 'import', { details: [{ path: '', message }] }))
}
