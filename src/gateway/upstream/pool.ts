// The connections to one upstream, bounded, and the queue of exchanges that wait for one.

import type { Socket } from 'node:net'
import { Connection, type Exchange } from './connection.ts'
import type { Connect } from './connect.ts'
import { Queue } from './queue.ts'

export interface Pool {
  /** Takes an exchange: it is told of everything else. */
  send(exchange: Exchange): void
  /** Takes one out of the queue again; nothing where a connection carries it. */
  withdraw(exchange: Exchange): void
  /** No connection is opened any more but for those that wait; idle ones are closed. */
  close(): void
}

/** Opens at most `most` connections. */
export function createPool(connect: Connect, most: number): Pool {
  const waiting = new Queue<Exchange>()
  const idle: Connection[] = []
  let open = 0
  let opening = 0
  let isDue = false
  let isClosed = false

  /**
   * Once a turn, after all that has come was read: an idle connection that the upstream has closed meanwhile, or on which
   * it sent what nobody asked for, is not used then.
   */
  function serveSoon(): void {
    if (isDue) return
    isDue = true
    setImmediate(serve)
  }

  function serve(): void {
    isDue = false
    for (let first = waiting.first; first !== undefined; first = waiting.first) {
      const connection = usable()
      if (connection === undefined) break
      waiting.remove(first)
      connection.send(first)
    }
    while (opening < waiting.length && open + opening < most) openOne()
    if (isClosed && waiting.length === 0) closeIdle()
  }

  function closeIdle(): void {
    for (const connection of idle.splice(0)) connection.close()
  }

  function usable(): Connection | undefined {
    let connection = idle.pop()
    while (connection !== undefined && !connection.isUsable) connection = idle.pop()
    return connection
  }

  function openOne(): void {
    opening++
    const connection = new Connection(owner)
    const done = (error: Error | null, socket?: Socket) => {
      opening--
      if (socket === undefined) return failed(error ?? new Error('no connection'))
      open++
      connection.opened(socket)
      if (waiting.length === 0) connection.rest()
      owner.released(connection)
    }
    try {
      connect(connection.onread, done)
    } catch (error) {
      process.nextTick(done, error)
    }
  }

  /** One attempt is one exchange's; where nothing is left that could carry them, it was that of all. */
  function failed(error: Error): void {
    const isHopeless = opening === 0 && open === 0
    for (let left = isHopeless ? waiting.length : 1; left > 0; left--)
      waiting.shift()?.onFailure(error, false)
    if (opening === 0 && waiting.length > 0) serveSoon()
  }

  const owner = {
    released(connection: Connection): void {
      if (isClosed && waiting.length === 0) return connection.close()
      idle.push(connection)
      if (waiting.length > 0) serveSoon()
    },
    closed(connection: Connection): void {
      open--
      const at = idle.indexOf(connection)
      if (at !== -1) idle.splice(at, 1)
      if (waiting.length > 0) serveSoon()
    },
  }

  return {
    send(exchange) {
      waiting.push(exchange)
      serveSoon()
    },
    withdraw: (exchange) => waiting.remove(exchange),
    close() {
      isClosed = true
      closeIdle()
    },
  }
}
