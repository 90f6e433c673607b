// Lines on their way out, several to a write, as the bytes that they will be. As text, the stream below would put each to
// the end of one long text and measure that anew each time, and turn all of it into bytes in the end.

/** Where the lines go. */
export interface Sink {
  /** Takes bytes over, which are so many whole lines. */
  write(bytes: Buffer, lines: number): void
}

export interface LineBuffer {
  write(line: string): void
  /** The same for a line that is ASCII, which the caller vouches for: of other characters only the lowest eight bits are kept. */
  writeAscii(line: string): void
  /** Hands on what is kept back. */
  flush(): void
}

export interface LineBufferOptions {
  /** The size of a block. */
  readonly mostBytes: number
  readonly forMs: number
  /** Makes a line of at most `mostBytes` of a longer one; without it, one goes by itself. */
  readonly shorten?: (line: string) => string
}

/** Keeps lines back for `forMs`, and no more of them than `mostBytes`. */
export function bufferLines(sink: Sink, { mostBytes, forMs, shorten }: LineBufferOptions): LineBuffer {
  let block = Buffer.allocUnsafeSlow(mostBytes)
  let used = 0
  let lines = 0
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (used === 0) return
    const full = block.subarray(0, used)
    const isMostlyEmpty = used * 2 < mostBytes
    const count = lines
    used = 0
    lines = 0
    // A sink that is slow keeps what it is given: a few lines must not keep a whole block.
    if (isMostlyEmpty) return sink.write(Buffer.from(full), count)
    block = Buffer.allocUnsafeSlow(mostBytes)
    sink.write(full, count)
  }

  function add(line: string, length: number): void {
    if (used + length > mostBytes) flush()
    if (length > mostBytes) return addLong(line)
    // ASCII is the same in both, and copied instead of translated.
    block.write(line, used, length === line.length ? 'latin1' : 'utf8')
    used += length
    lines++
    if (used === mostBytes) flush()
    else timer ??= setTimeout(flush, forMs).unref()
  }

  function addLong(line: string): void {
    const short = shorten?.(line) ?? line
    sink.write(Buffer.from(short), 1)
  }

  return {
    write: (line) => add(line, Buffer.byteLength(line)),
    writeAscii: (line) => add(line, line.length),
    flush,
  }
}
