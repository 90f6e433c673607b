// The way past Node's parser, which reads a connection by itself as long as nobody listens to it.

import { Socket } from 'node:net'

/** A socket with Node's handle of it. */
export type HandledSocket = Socket & { readonly _handle?: Handle | null }

interface Handle {
  reading?: boolean
  readStart?(): unknown
  readStop?(): unknown
}

/**
 * From here on what a connection brings is told to `listener` and to nobody else. The piece that the parser has in hand goes
 * through it still.
 */
export function readPastParser(socket: Socket, listener: (bytes: Buffer) => void): void {
  socket.removeAllListeners('data')
  socket.on('data', listener)
}

/**
 * Begins to read a connection again where the parser had stopped that, or `stopReading`: nothing else does, as the stream
 * takes itself to be reading.
 */
export function startReading({ _handle: handle }: HandledSocket): void {
  if (handle?.reading !== false || handle.readStart === undefined) return
  handle.reading = true
  handle.readStart()
}

/** A paused stream reads on, and tells of the end before what it holds has been taken: this one does not. */
export function stopReading({ _handle: handle }: HandledSocket): void {
  if (handle?.reading !== true || handle.readStop === undefined) return
  handle.reading = false
  handle.readStop()
}

/** Has a stream, which asks for more after each piece that it got, ask in vain while it `isHeld`. */
export function readUnless(socket: Socket, isHeld: () => boolean): void {
  socket._read = (size) => {
    if (!isHeld()) Socket.prototype._read.call(socket, size)
  }
}
