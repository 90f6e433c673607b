// The way past Node's parser, which reads a connection by itself as long as nobody listens to it.

import type { Socket } from 'node:net'

/** Node's handle of a socket. */
interface Handle {
  reading?: boolean
  readStart?(): unknown
}

/** From here on what a connection brings is told to `listener` and to nobody else. The piece that the parser has in hand goes through it still. */
export function readPastParser(
  socket: Socket & { readonly _handle?: Handle | null },
  listener: (bytes: Buffer) => void,
): void {
  socket.removeAllListeners('data')
  socket.on('data', listener)
  // Where the parser had stopped the reading, nothing else begins it again: the stream takes itself to be reading.
  const handle = socket._handle
  if (handle?.reading !== false || handle.readStart === undefined) return
  handle.reading = true
  handle.readStart()
}
