// What a process keeps for clients that do not read: answers that the kernel takes no more of, and the requests that wait
// behind them. Both are bounded on each connection; here they are bounded in time, and over all connections.

import type { Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { noteCut } from './closing.ts'
import type { Turns } from './turns.ts'

export interface BacklogDeps {
  readonly server: Server
  readonly turns: Pick<Turns, 'waiting' | 'waitingOn' | 'forget'>
  /** A connection is cut when the kernel has taken nothing of what waits for its client for so long. */
  readonly idleMs: number
  /** Beyond so many bytes connections are cut, those first that hold most for longest. */
  readonly mostBytes: number
  /** Told of each cut. */
  readonly cut: (socket: Socket, reason: CutReason) => void
  /** Monotonic milliseconds. */
  readonly monotonicNow: () => number
}

export type CutReason = 'idle_timeout' | 'unread_bytes'

export interface Backlog {
  /** Cuts what has to be cut so that the bound is kept; nothing while it is. */
  relieve(): void
  /** Bytes of answers, as of the last look. */
  answers(): number
  stop(): void
}

/** Answers are looked at so often, or four times in the time they have. */
const lookEveryMs = 500
/** Once it is cut, so much of the bound is free again: looking for whom to cut takes a while. */
const relievedShare = 7 / 8

/** Looks at the open connections from time to time, until it is stopped. */
export function createBacklog(deps: BacklogDeps): Backlog {
  const { server, turns, idleMs, mostBytes, monotonicNow } = deps
  const open = new Set<Socket>()
  /** Of those whose client has not taken all. */
  const standing = new Map<Socket, Standing>()
  let answers = 0

  const watch = (socket: Socket): void => {
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      standing.delete(socket)
    })
  }
  server.on(server instanceof HttpsServer ? 'secureConnection' : 'connection', watch)

  function cut(socket: Socket, reason: CutReason): void {
    open.delete(socket)
    turns.forget(socket)
    noteCut(socket, reason === 'idle_timeout' ? 'timeout' : 'gateway')
    socket.destroy()
    deps.cut(socket, reason)
  }

  function look(): void {
    const now = monotonicNow()
    answers = 0
    for (const socket of open) {
      const bytes = socket.writableLength
      if (bytes === 0) standing.delete(socket)
      else if (hasStood(socket, now)) cut(socket, 'idle_timeout')
      else answers += bytes
    }
    relieve()
  }

  /** Whether the kernel has taken nothing for too long. */
  function hasStood(socket: Socket, now: number): boolean {
    const handed = handedOver(socket)
    const before = standing.get(socket)
    if (before !== undefined && before.handed === handed) return now - before.since >= idleMs
    standing.set(socket, { handed, since: now })
    return false
  }

  function relieve(): void {
    if (answers + turns.waiting() <= mostBytes) return
    const now = monotonicNow()
    for (const { socket, answer } of byBurden(now)) {
      if (answers + turns.waiting() <= mostBytes * relievedShare) return
      cut(socket, 'unread_bytes')
      answers -= answer
    }
  }

  /** Those that hold something, most bytes for longest first: who reads slowly comes after who does not read. */
  function byBurden(now: number): { socket: Socket; answer: number }[] {
    const held = []
    for (const socket of open) {
      const answer = socket.writableLength
      const bytes = answer + turns.waitingOn(socket)
      if (bytes === 0) continue
      const seconds = (now - (standing.get(socket)?.since ?? now)) / 1_000
      held.push({ socket, answer, burden: bytes * (1 + seconds) })
    }
    return held.sort((a, b) => b.burden - a.burden)
  }

  const timer = setInterval(look, Math.min(lookEveryMs, idleMs / 4))
  timer.unref()
  return { relieve, answers: () => answers, stop: () => clearInterval(timer) }
}

interface Standing {
  /** Bytes handed to the kernel. */
  readonly handed: number
  /** When it was first seen that no more were. */
  readonly since: number
}

/** Whether the kernel has not taken all that was written to a connection. Node itself counts what TLS has not told of yet, too. */
export function isClientBehind(socket: Socket & { readonly _handle?: Handle | null }): boolean {
  const queued = (socket._handle?._parent ?? socket._handle)?.writeQueueSize
  return typeof queued === 'number' ? queued > 0 : socket.writableLength > 0
}

/** Node's handle of a socket, and that of the TCP socket below one of TLS. */
interface Handle {
  readonly bytesWritten?: unknown
  readonly writeQueueSize?: unknown
  readonly _parent?: Handle
}

/**
 * What the kernel has taken: of one large write too, as a slow reader may need minutes for it. Node looks at the same two
 * numbers for its own time-out of a socket.
 */
function handedOver(socket: Socket & { readonly _handle?: Handle | null }): number {
  const handle = socket._handle?._parent ?? socket._handle
  const { bytesWritten, writeQueueSize } = handle ?? {}
  if (typeof bytesWritten === 'number' && typeof writeQueueSize === 'number') {
    return bytesWritten - writeQueueSize
  }
  return socket.bytesWritten - socket.writableLength
}
