// Lets a connection be read after it has taken nothing more. An upstream that refuses an upload answers, and closes without
// reading the rest: what is written then fails, and Node destroys a socket whose writing failed, with the answer unread in
// it (RFC 9112 §9.6 tells servers how not to do so; many do).

import type { Socket } from 'node:net'

type Written = (error?: Error | null) => void

/**
 * From here on a write that fails because the other side takes no more is told to `onRefused`, and is not the end of the
 * socket: that comes once all that was received has been read. Nothing may be written after it. `wasReset`: the other side
 * had not ended its own sending before; the end that is read then is not its word.
 */
export function keepReadable(socket: Socket, onRefused: (error: Error, wasReset: boolean) => void): void {
  // What a stream's implementation is asked for its writes by (Node's documentation of Writable).
  const { _write: write, _writev: writeMany } = socket
  const guarded =
    (written: Written): Written =>
    (error) => {
      // Not called back, the stream waits, and so writes nothing more.
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      // Linux says EPIPE of what is reset after its end, and ECONNRESET of what had none.
      if (error instanceof Error && (code === 'EPIPE' || code === 'ECONNRESET'))
        onRefused(error, code === 'ECONNRESET')
      else written(error)
    }
  socket._write = (chunk, encoding, written) => write.call(socket, chunk, encoding, guarded(written))
  if (writeMany !== undefined)
    socket._writev = (chunks, written) => writeMany.call(socket, chunks, guarded(written))
}
