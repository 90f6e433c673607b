// How many connections of clients a process takes: as many as it can have descriptors for. What comes beyond that is still
// taken, as who is not answered waits for ever, but told 503 and closed: in the words of its own request where one comes
// soon, else as it is. So the process never comes to where it can open nothing any more: no connection to a store, no file,
// no answer to who asks whether it is well.

import type { Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { type Denial, deny } from '../../errors/denial.ts'
import type { Access } from '../access.ts'
import { noteCut } from './closing.ts'
import { socketBelow } from './peer.ts'
import { headerBytesOf } from './proxy-protocol.ts'

export interface ConnectionBounds {
  /** Connections that are served. */
  readonly most: number
  /** Those beyond them that are there to be refused. */
  readonly margin: number
}

export interface Room {
  /** The refusal of a request on a connection that is one too many. */
  refusal(access: Access): Denial | undefined
  /** Connections of clients. */
  open(): number
}

export interface RoomDeps extends ConnectionBounds {
  /** Answers on a connection on which no request has come, and closes it. */
  readonly refuse: (socket: Socket, denial: Denial) => void
  /** Told when connections begin to be refused, a minute apart at least. */
  readonly full: () => void
}

/** Who is refused has so long to say what it wants, in milliseconds, and then to read that it does not get it. */
const saysWithinMs = 2_000
const leavesWithinMs = 3_000
const tellEveryMs = 60_000

/** Bounds the connections of a server; to be called behind all that looks at them as they come. */
export function boundConnections(server: Server, { most, margin, refuse, full }: RoomDeps): Room {
  const isSecure = server instanceof HttpsServer
  /** Those to be refused, in the order in which they came. */
  const surplus = new Set<Socket>()
  let open = 0
  let toldAt = Number.NEGATIVE_INFINITY

  server.on('connection', (socket: Socket) => {
    open++
    socket.once('close', () => {
      open--
      surplus.delete(socket)
    })
    if (open > most && !socket.destroyed) addSurplus(socket)
  })

  function addSurplus(socket: Socket): void {
    tell()
    if (surplus.size >= margin) endSilent()
    if (surplus.size >= margin) return void socket.destroy()
    surplus.add(socket)
    let timer = setTimeout(() => {
      if (!isOver(socket)) return
      if (isSilent(socket)) return end(socket)
      timer = setTimeout(() => void (isOver(socket) && cut(socket)), leavesWithinMs)
    }, saysWithinMs)
    socket.once('close', () => clearTimeout(timer))
  }

  /** Whether a connection is one too many still: where there is room by now, it is one like all others. */
  function isOver(socket: Socket): boolean {
    if (open > most) return surplus.has(socket)
    surplus.delete(socket)
    return false
  }

  /** The first that has said nothing: nothing that it has sent is lost then, and it gets to read why. */
  function endSilent(): void {
    for (const socket of surplus) if (isSilent(socket)) return end(socket)
  }

  function end(socket: Socket): void {
    surplus.delete(socket)
    // Before its handshake nothing can be said over TLS.
    if (isSecure) return void socket.destroy()
    socket.once('finish', () => socket.destroy())
    const timer = setTimeout(() => cut(socket), leavesWithinMs)
    socket.once('close', () => clearTimeout(timer))
    refuse(socket, deny('OVERLOADED', 'connections'))
  }

  /** Our limit of time, not its client's doing. */
  function cut(socket: Socket): void {
    noteCut(socket, 'timeout')
    socket.destroy()
  }

  function tell(): void {
    if (performance.now() - toldAt < tellEveryMs) return
    toldAt = performance.now()
    full()
  }

  return {
    refusal({ raw, reply }) {
      if (surplus.size === 0) return undefined
      const socket = socketBelow(raw.socket) ?? raw.socket
      if (!isOver(socket)) return undefined
      reply.shouldKeepAlive = false
      return deny('OVERLOADED', 'connections')
    },
    open: () => open,
  }
}

function isSilent(socket: Socket): boolean {
  return socket.bytesRead <= headerBytesOf(socket)
}
