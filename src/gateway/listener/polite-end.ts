// Over TLS an end is told (close_notify, RFC 8446 §6.1), or the other side cannot tell it from a cut; Node says nothing where a socket is
// destroyed, and that is how idle connections end.

import type { Socket } from 'node:net'

/** Who does not take the few bytes is not waited for, in milliseconds. */
const takenWithinMs = 1_000

/**
 * Makes `destroy` of a TLS socket say its end before, once, where there is nothing wrong, nothing left to be sent, and `mayEnd`: an answer
 * in the making that is cut must look cut.
 */
export function endPolitely<Secure extends Socket>(
  socket: Secure,
  mayEnd: (socket: Secure) => boolean,
): void {
  const destroy = socket.destroy.bind(socket)
  let isEnding = false
  socket.destroy = (error?: Error) => {
    const isCalm = error === undefined && socket.writable && socket.writableLength === 0
    if (isEnding || !isCalm || !mayEnd(socket)) {
      destroy(error)
      return socket
    }
    isEnding = true
    // What comes now is read by nobody, as if the socket were gone already.
    socket.pause()
    const timer = setTimeout(destroy, takenWithinMs).unref()
    socket.once('close', () => clearTimeout(timer))
    socket.end(() => destroy())
    return socket
  }
}
