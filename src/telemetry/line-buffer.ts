// Lines on their way out, several to a write. The stream below would put each to the end of one long text and measure
// that text anew each time, which costs more than all else that is done for a line.

/** Where the lines go. */
export interface Sink {
  write(text: string): unknown
  flushSync(): void
}

export interface LineBuffer {
  write(line: string): void
  /** Writes out what is kept back, and waits until the sink has. */
  flushSync(): void
}

/** Keeps lines back for `forMs`, and no more of them than `mostBytes`; a longer one goes by itself. */
export function bufferLines(
  sink: Sink,
  { mostBytes, forMs }: { readonly mostBytes: number; readonly forMs: number },
): LineBuffer {
  let lines: string[] = []
  let bytes = 0
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (lines.length === 0) return
    const text = lines.join('')
    lines = []
    bytes = 0
    sink.write(text)
  }

  return {
    write(line) {
      const length = Buffer.byteLength(line)
      if (bytes + length > mostBytes) flush()
      lines.push(line)
      bytes += length
      if (bytes >= mostBytes) flush()
      else timer ??= setTimeout(flush, forMs).unref()
    },
    flushSync() {
      flush()
      sink.flushSync()
    },
  }
}
