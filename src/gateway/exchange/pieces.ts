// What came of a body in one turn of the loop, on its way to one write. Large pieces stay as they are; small ones are
// copied together, as each would otherwise cost a write, and a buffer of its own, for a byte.

/** Pieces of at least this size are not copied, unless they are borrowed. */
const keptBytes = 2 * 1024
const blockBytes = 16 * 1024

/** Pieces in their order. */
export class Pieces {
  #pieces: Buffer[] = []
  #block: Buffer | undefined
  /** Of the block, from where on, and up to where, it holds pieces that stand in no list yet. */
  #start = 0
  #end = 0
  /** In all. */
  bytes = 0
  count = 0

  /** Adds one that stays as it is. */
  add(piece: Buffer): void {
    const isFirst = this.count === 0
    this.bytes += piece.length
    this.count++
    if (isFirst || piece.length >= keptBytes) this.#push(piece)
    else this.#copy(piece)
  }

  /** Adds one that is there during the call alone. */
  addCopy(piece: Buffer): void {
    if (this.count === 0 || piece.length > blockBytes) this.add(Buffer.from(piece))
    else {
      this.bytes += piece.length
      this.count++
      this.#copy(piece)
    }
  }

  /** Gives what is there, and begins anew. */
  take(): readonly Buffer[] {
    this.#closeRun()
    const pieces = this.#pieces
    this.#pieces = []
    this.#block = undefined
    this.bytes = 0
    this.count = 0
    return pieces
  }

  #push(piece: Buffer): void {
    this.#closeRun()
    this.#pieces.push(piece)
  }

  #copy(piece: Buffer): void {
    let block = this.#block
    if (block === undefined || block.length - this.#end < piece.length) {
      this.#closeRun()
      block = Buffer.allocUnsafeSlow(blockBytes)
      this.#block = block
      this.#start = 0
      this.#end = 0
    }
    if (piece.length === 1) block[this.#end] = piece[0] ?? 0
    else block.set(piece, this.#end)
    this.#end += piece.length
  }

  #closeRun(): void {
    if (this.#block === undefined || this.#start === this.#end) return
    this.#pieces.push(this.#block.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
}
