// The connections to one upstream, bounded, and the exchanges that wait for one. Where there are not enough for all,
// nobody has more than half, and who has not brought much of its body yet holds no more than half of them together: a
// body that never comes keeps nobody else waiting.

import type { Socket } from 'node:net'
import { Connection, type Exchange } from './connection.ts'
import type { Connect } from './connect.ts'
import { isSafeToFollow } from './outgoing-request.ts'
import { Queue } from './queue.ts'
import { countShares, placeTaker, type Shares } from './shares.ts'

/** It was not sent, as too many others were waiting, or as it waited for too long. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
  readonly reason: 'queue_full' | 'queue_timeout'

  constructor(reason: NotSent['reason']) {
    super('no connection was free')
    this.reason = reason
  }
}

export interface Pool {
  /** Takes an exchange, or one again of whose body more has come: it is told of everything else. */
  send(exchange: Exchange): void
  /** Takes one again that was carried before. */
  sendAnew(exchange: Exchange): void
  /** Takes one out of the queue again; nothing where a connection carries it. */
  withdraw(exchange: Exchange): void
  /** Whether connections and queue are full. */
  isFull(): boolean
  /** Whether an exchange of this client would be taken though it is. */
  yieldsTo(client: string): boolean
  /** No connection is opened any more but for those that wait; idle ones are closed. */
  close(): void
}

export interface PoolLimits {
  /** Connections at once. */
  readonly most: number
  /** Exchanges that may wait for one. */
  readonly queue: number
  readonly queueTimeoutMs: number
}

/** Opens no connection yet. */
export function createPool(connect: Connect, { most, queue, queueTimeoutMs }: PoolLimits): Pool {
  const half = Math.max(1, Math.floor(most / 2))
  const waiting = new Queue<Exchange>()
  /** Little of their bodies has come, and connections are scarce. */
  const parked = new Queue<Exchange>()
  const carried = new Queue<Exchange>()
  /** Of `carried`; undefined where nobody has to know. */
  let shares: Shares | undefined
  /** Opened, and not used yet. */
  const fresh: Connection[] = []
  const idle: Connection[] = []
  let open = 0
  let opening = 0
  let retired = 0
  let isDue = false
  let isClosed = false
  let timer: NodeJS.Timeout | undefined

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
    while (parked.first !== undefined && !isBusy()) move(parked.first)
    if (waiting.length + carried.length > most) serveThose(isWithinShare)
    serveThose(mayBeCarried)
    while (opening < waiting.length && open + opening < most) openOne()
    if (waiting.length > 0) timeWaiting()
    else if (carried.length <= half) shares = undefined
    if (isClosed && waiting.length === 0) closeIdle()
  }

  /** Those that wait and may have a connection, in their order, as long as there are some. */
  function serveThose(mayHave: (exchange: Exchange) => boolean): void {
    let next: Exchange | undefined
    for (let one = waiting.first; one !== undefined && idle.length + fresh.length > 0; one = next) {
      next = one.queuedAfter
      const connection = mayHave(one) ? connectionFor(one) : undefined
      if (connection !== undefined) carry(one, connection)
      // Whoever is told of something may withdraw another.
      if (next !== undefined && next.queuedIn !== waiting) next = waiting.first
    }
  }

  function isWithinShare({ client }: Exchange): boolean {
    shares ??= countShares(carried)
    return shares.of(client) < half
  }

  /** A body that may never come to its end is worth half of the connections to one client, however many are free. */
  function mayBeCarried(exchange: Exchange): boolean {
    return !exchange.isBodyOpen || isWithinShare(exchange)
  }

  /**
   * What ends its connection goes over a new one while one can be opened: it would leave as few behind, and what may not
   * be sent twice is not lost on one that the upstream is about to close.
   */
  function connectionFor(exchange: Exchange): Connection | undefined {
    if (isSafeToFollow(exchange.request)) return usable(idle) ?? usable(fresh)
    return usable(fresh) ?? (open + opening < most ? undefined : usable(idle))
  }

  function usable(connections: Connection[]): Connection | undefined {
    let connection = connections.pop()
    while (connection !== undefined && !connection.isUsable) connection = connections.pop()
    return connection
  }

  function carry(exchange: Exchange, connection: Connection): void {
    waiting.remove(exchange)
    carried.push(exchange)
    shares?.add(exchange.client)
    connection.send(exchange)
  }

  /** Less than half of the connections are free. */
  function isBusy(): boolean {
    return carried.length + waiting.length >= half
  }

  function isFull(): boolean {
    return carried.length + waiting.length >= most + queue
  }

  function move(exchange: Exchange): void {
    parked.remove(exchange)
    exchange.waitsSince = 0
    waiting.push(exchange)
    serveSoon()
  }

  /** One timer, for the first: nobody waits for longer than who came before. */
  function timeWaiting(): void {
    const now = performance.now()
    for (let one = waiting.last; one?.waitsSince === 0; one = one.queuedBefore) one.waitsSince = now
    const dueAt = (waiting.first?.waitsSince ?? now) + queueTimeoutMs
    timer ??= setTimeout(setImmediate, Math.max(1, Math.ceil(dueAt - now)), endWaiting).unref()
  }

  function endWaiting(): void {
    timer = undefined
    const latest = performance.now() - queueTimeoutMs
    for (let one = waiting.first; one !== undefined && one.waitsSince <= latest; one = waiting.first) {
      // It has come in this very turn.
      if (one.waitsSince === 0) break
      waiting.remove(one)
      one.onFailure(new NotSent('queue_timeout'), false)
    }
    goOn()
  }

  function closeIdle(): void {
    for (const connection of [...idle.splice(0), ...fresh.splice(0)]) connection.close()
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
      if (isClosed && waiting.length === 0) return connection.close()
      fresh.push(connection)
      goOn()
    }
    try {
      connect(connection.onread, done)
    } catch (error) {
      process.nextTick(done, error)
    }
  }

  /** One attempt is one exchange's; where nothing is left that could carry them, it was that of all. */
  function failed(error: Error): void {
    const connection = waiting.first === undefined ? undefined : usable(idle)
    if (connection !== undefined && waiting.first !== undefined) return carry(waiting.first, connection)
    const isHopeless = opening === 0 && open === 0
    for (let left = isHopeless ? waiting.length : 1; left > 0; left--)
      waiting.shift()?.onFailure(error, false)
    if (opening === 0) goOn()
  }

  /** A connection or a place has become free, whichever way. */
  function goOn(): void {
    if (waiting.length > 0 || parked.length > 0) serveSoon()
  }

  const owner = {
    done(exchange: Exchange): void {
      carried.remove(exchange)
      shares?.remove(exchange.client)
    },
    released(connection: Connection): void {
      if (isClosed && waiting.length === 0) return connection.close()
      idle.push(connection)
      goOn()
    },
    retired(): boolean {
      if (retired >= most) return false
      open--
      retired++
      goOn()
      return true
    },
    closed(connection: Connection, wasRetired: boolean): void {
      if (wasRetired) retired--
      else open--
      for (const connections of [idle, fresh]) {
        const at = connections.indexOf(connection)
        if (at !== -1) connections.splice(at, 1)
      }
      goOn()
    },
  }

  return {
    send(exchange) {
      if (exchange.isBodyScant && isBusy()) {
        if (exchange.queuedIn === undefined) parked.push(exchange)
        return
      }
      if (exchange.queuedIn === waiting) return
      if (isFull()) {
        parked.remove(exchange)
        const taker = placeTaker(exchange.client, { waiting, carried })
        if (taker !== undefined) waiting.remove(taker)
        const refused = taker ?? exchange
        refused.onFailure(new NotSent('queue_full'), false)
        if (refused === exchange) return
      }
      move(exchange)
    },
    sendAnew: move,
    withdraw(exchange) {
      waiting.remove(exchange)
      parked.remove(exchange)
      goOn()
    },
    isFull,
    yieldsTo: (client) => placeTaker(client, { waiting, carried }) !== undefined,
    close() {
      isClosed = true
      closeIdle()
    },
  }
}
