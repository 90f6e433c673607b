// How many connections to upstreams a process may have open, all of them together: each is a descriptor, and of those a
// process has only so many. Where there are none left, those at rest are closed first, whoever's they are. That we can
// open no more is our fault and not the upstream's: nobody takes it for down.

import type { Connect } from './connect.ts'
import { isOurs, NoRoom } from './no-room.ts'

export interface UpstreamRoom {
  /** Connects as `connect` does, in the room that there is. */
  bound(connect: Connect): Connect
  /** Has `closeOldest` called where room is short: it closes a connection at rest, and gives whether it had one. Returns what ends that. */
  share(closeOldest: () => boolean): () => void
  /** Connections that are open, or being opened. */
  open(): number
}

/** For `most` connections. */
export function createUpstreamRoom(most: number): UpstreamRoom {
  const sharers = new Set<() => boolean>()
  let open = 0

  function take(): boolean {
    if (open >= most && ![...sharers].some((closeOldest) => closeOldest())) return false
    open++
    return true
  }

  function give(): void {
    open--
  }

  return {
    bound: (connect) => (onread, done) => {
      if (!take()) return process.nextTick(done, new NoRoom())
      connect(onread, (error, socket) => {
        if (socket === undefined) give()
        else socket.once('close', give)
        done(isOurs(error) ? new NoRoom(error?.message) : error, socket)
      })
    },
    share(closeOldest) {
      sharers.add(closeOldest)
      return () => void sharers.delete(closeOldest)
    },
    open: () => open,
  }
}
