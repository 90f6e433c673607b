// The upstream's answer on its way to the client. Its beginning is held until the end of the turn: an answer of one piece
// then leaves in one write, head and body, which costs a fifth less than two (docs/performance.md).

import type { Access } from '../access.ts'
import { responseTrailers } from './response-headers.ts'
import { Pieces } from './pieces.ts'
import { sendHead, writeHead } from './response-head.ts'
import type { AnswerHead } from '../upstream/answer-head.ts'
import { copiedBytes } from '../upstream/answer-reader.ts'
import { endWhole } from './whole-answer.ts'

/** Takes an answer as it comes. What throws has found a head that cannot be written; nothing of the answer is sent then. */
export class Answer {
  readonly #access: Access
  /** Until the first bytes after the held ones, or the end of the turn. */
  #head: AnswerHead | undefined
  /** First bytes of a body that may be all of it: as text of the head's encoding, which Node sends as one with it. */
  #text: string | undefined
  /** What came in this turn after it; most answers have none. */
  #pieces: Pieces | undefined

  constructor(access: Access) {
    this.#access = access
  }

  /** Takes the head; `flush` has to be called at the end of the turn. */
  begin(head: AnswerHead): void {
    this.#head = head
  }

  /** Takes bytes of the body, as AnswerReceiver gives them. */
  write(buffer: Buffer, start: number, end: number): void {
    if (this.#head !== undefined && this.#text === undefined) {
      this.#text = buffer.toString('latin1', start, end)
      return
    }
    const piece = buffer.subarray(start, end)
    this.#pieces ??= new Pieces()
    if (end - start > copiedBytes) this.#pieces.add(piece)
    else this.#pieces.addCopy(piece)
  }

  /** Sends what is held, as the turn has ended without the end of the answer; false where the client does not keep up. */
  flush(): boolean {
    if (this.writeHead() && this.#text === undefined) sendHead(this.#access)
    return this.#writeBody()
  }

  #writeBody(): boolean {
    const { reply } = this.#access
    let keepsUp = true
    if (this.#text !== undefined) {
      this.#access.bytes += this.#text.length
      // Whether the client keeps up shows with the next one.
      reply.write(this.#text, 'latin1')
      this.#text = undefined
    }
    if (this.#pieces !== undefined && this.#pieces.count > 0) {
      this.#access.bytes += this.#pieces.bytes
      for (const piece of this.#pieces.take()) keepsUp = reply.write(piece)
    }
    return keepsUp
  }

  /** Writes the head where it is still held, and tells whether it was; sends nothing yet. */
  writeHead(): boolean {
    const head = this.#head
    if (head === undefined) return false
    this.#head = undefined
    writeHead(this.#access, head)
    return true
  }

  /** Ends the answer whose head has been written. */
  end(trailers: readonly string[]): void {
    const { reply } = this.#access
    if (this.#pieces !== undefined) this.#writeBody()
    if (trailers.length > 0) reply.addTrailers(responseTrailers(trailers))
    if (this.#text === undefined) return void reply.end()
    this.#access.bytes += this.#text.length
    endWhole(reply, this.#text)
  }
}
