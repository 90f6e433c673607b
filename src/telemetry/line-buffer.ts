// Lines on their way out, several to a write, as the bytes that they will be. As text, the stream below would put each to
// the end of one long text and measure that anew each time, and turn all of it into bytes in the end.

/** Where the lines go. */
export interface Sink {
  /** Takes the bytes over. */
  write(bytes: Buffer): unknown
  flushSync(): void
}

export interface LineBuffer {
  write(line: string): void
  /** The same for a line that is ASCII, which the caller vouches for: of other characters only the lowest eight bits are kept. */
  writeAscii(line: string): void
  /** Writes out what is kept back, and waits until the sink has. */
  flushSync(): void
}

/** Keeps lines back for `forMs`, and no more of them than `mostBytes`; a longer one goes by itself. */
export function bufferLines(
  sink: Sink,
  { mostBytes, forMs }: { readonly mostBytes: number; readonly forMs: number },
): LineBuffer {
  let block = Buffer.allocUnsafeSlow(mostBytes)
  let used = 0
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (used === 0) return
    const lines = block.subarray(0, used)
    const isMostlyEmpty = used * 2 < mostBytes
    used = 0
    // A sink that is slow keeps what it is given: a few lines must not keep a whole block.
    if (isMostlyEmpty) return void sink.write(Buffer.from(lines))
    block = Buffer.allocUnsafeSlow(mostBytes)
    sink.write(lines)
  }

  function add(line: string, length: number): void {
    if (used + length > mostBytes) flush()
    if (length > mostBytes) return void sink.write(Buffer.from(line))
    // ASCII is the same in both, and copied instead of translated.
    block.write(line, used, length === line.length ? 'latin1' : 'utf8')
    used += length
    if (used === mostBytes) flush()
    else timer ??= setTimeout(flush, forMs).unref()
  }

  return {
    write: (line) => add(line, Buffer.byteLength(line)),
    writeAscii: (line) => add(line, line.length),
    flushSync() {
      flush()
      sink.flushSync()
    },
  }
}
