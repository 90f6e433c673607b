// The upstream's answer on its way to the client. Its beginning is held until the end of the turn: an answer of one piece
// then leaves in one write, head and body, which costs a fifth less than two (docs/performance.md).

import type { Access } from './access.ts'
import { responseTrailers } from './headers.ts'
import { type ResponseHead, sendHead, writeHead } from './response-head.ts'
import { endWhole } from './whole-answer.ts'

/** Answers of one piece up to this size are held. */
const heldBytes = 64 * 1024

/** Takes an answer as it comes. What throws has found a head that cannot be written; nothing of the answer is sent then. */
export class Answer {
  readonly #access: Access
  /** Until the first bytes after the held ones, or the end of the turn. */
  #head: ResponseHead | undefined
  /** First bytes of a body that may be all of it. */
  #chunk: Buffer | undefined

  constructor(access: Access) {
    this.#access = access
  }

  /** Takes the head; `flush` has to be called at the end of the turn. */
  begin(head: ResponseHead): void {
    this.#head = head
  }

  /** Takes bytes of the body; false where the client does not keep up. */
  write(chunk: Buffer): boolean {
    if (this.#head !== undefined && this.#chunk === undefined && chunk.length <= heldBytes) {
      this.#chunk = chunk
      return true
    }
    this.flush()
    return this.#access.reply.write(chunk)
  }

  /** Sends what is held: the turn has ended without the end of the answer, or more of it has come. */
  flush(): void {
    const chunk = this.#chunk
    if (!this.writeHead()) return
    this.#chunk = undefined
    if (chunk === undefined) sendHead(this.#access)
    // Whether the client keeps up shows with the next one.
    else this.#access.reply.write(chunk)
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
  end(trailers: readonly string[] | null): void {
    const { reply } = this.#access
    if (trailers !== null && trailers.length > 0) reply.addTrailers(responseTrailers(trailers))
    // As text of the head's own encoding, byte for byte: Node sends both as one string.
    if (this.#chunk === undefined) reply.end()
    else endWhole(reply, this.#chunk.toString('latin1'))
  }
}
