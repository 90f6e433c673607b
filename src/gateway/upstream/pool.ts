// The connections to one upstream, bounded, and the exchanges that wait for one. Where there are not enough for all, who
// is next is fair-share.ts' word; and who has not brought much of its body yet holds no more than half of them together: a
// body that never comes keeps nobody else waiting.

import type { Socket } from 'node:net'
import { Connection, type Exchange } from './connection.ts'
import type { Connect } from './connect.ts'
import { createHabits, type Habit } from './habits.ts'
import { isLike } from './idle.ts'
import { isSafeToFollow } from './outgoing-request.ts'
import { NotSent } from './not-sent.ts'
import { Queue } from './queue.ts'
import { NoRoom } from './no-room.ts'
import { createFairShare, type FairShare } from './fair-share.ts'
import { createPatience } from './patience.ts'
import { createSettling } from './settling.ts'
import { createSpare } from './spare.ts'
import { countShares, type Shares } from './shares.ts'
import { createUnheard } from './unheard.ts'

export interface Pool {
  /** Takes an exchange, or one again of whose body more has come: it is told of everything else. */
  send(exchange: Exchange): void
  /** Takes one again that was lost on a connection that had rested: it goes over one that has not. */
  sendAnew(exchange: Exchange): void
  /** Takes one out of the queue again; nothing where a connection carries it. */
  withdraw(exchange: Exchange): void
  /** Whether connections and queue are full. */
  isFull(): boolean
  /** Whether it has a connection, be it one that carries something. */
  hasOpen(): boolean
  /** Whether an exchange of this client of a party would be taken though it is. */
  yieldsTo(party: string, client: string): boolean
  /** Closes the connection that has rested longest, and gives whether there was one. */
  closeOldest(): boolean
  /** Why connections are not used again for now; undefined: they are. */
  habit(): Habit | undefined
  /** No connection is opened any more but for those that wait; idle ones are closed. */
  close(): void
}

export interface PoolLimits {
  /** Connections at once. */
  readonly most: number
  /** Exchanges that may wait for one. */
  readonly queue: number
  readonly queueTimeoutMs: number
  /** No connection begins a request after this, or after some less: so not all come to their end at once. */
  readonly maxAgeMs: number
}

/** A connection that the upstream closes sooner after an answer is one that it never meant to keep. */
const soonMs = 250
/** Where the process may open no more connections, it is tried again after so long. */
const noRoomMs = 50
/** Of the greatest age, at least so much. */
const leastShareOfAge = 0.8

/** Opens no connection yet. `onHold` is told when connections are not used again for some time. */
export function createPool(
  connect: Connect,
  { most, queue, queueTimeoutMs, maxAgeMs }: PoolLimits,
  onHold?: (habit: Habit, milliseconds: number) => void,
): Pool {
  const now = () => performance.now()
  const habits = createHabits(now, (habit, milliseconds) => {
    closeIdle()
    onHold?.(habit, milliseconds)
  })
  const unheard = createUnheard({ now, giveUpIdle: closeIdle })
  const half = Math.max(1, Math.floor(most / 2))
  const waiting = new Queue<Exchange>()
  /** Little of their bodies has come, and connections are scarce. */
  const parked = new Queue<Exchange>()
  const carried = new Queue<Exchange>()
  /** Of `carried`; undefined where nobody has to know. */
  let shares: Shares | undefined
  /** Of `waiting` and `carried`; undefined while there is enough for all. */
  let fair: FairShare<Exchange> | undefined
  const spare = createSpare(habits)
  /** Of `carried`: not sent yet. */
  const settling = createSettling(now, sendSettled)
  let open = 0
  let opening = 0
  let retired = 0
  let roomFrom = 0
  let isDue = false
  let isClosed = false
  const patience = createPatience(waiting, queueTimeoutMs, endWaiting)

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
    if (fair !== undefined || isScarce()) fairShare().serve(hasSome, isCarried)
    else serveInOrder()
    while (opening < waiting.length && open + opening < most && now() >= roomFrom) openOne()
    if (waiting.length > 0) patience.look(opening)
    else if (carried.length <= half) {
      shares = undefined
      fair = undefined
    }
    if (isClosed && waiting.length === 0) closeIdle()
  }

  function isScarce(): boolean {
    return waiting.length + carried.length > most
  }

  function fairShare(): FairShare<Exchange> {
    if (fair !== undefined) return fair
    fair = createFairShare<Exchange>()
    for (let one = waiting.first; one !== undefined; one = one.queuedAfter) fair.wait(one)
    for (let one = carried.first; one !== undefined; one = one.queuedAfter) fair.take(one)
    return fair
  }

  function hasSome(): boolean {
    return spare.length > 0
  }

  /** There is enough for all that wait. */
  function serveInOrder(): void {
    let next: Exchange | undefined
    for (let one = waiting.first; one !== undefined && hasSome(); one = next) {
      next = one.queuedAfter
      isCarried(one)
      // Whoever is told of something may withdraw another.
      if (next !== undefined && next.queuedIn !== waiting) next = waiting.first
    }
  }

  /** Whether it is, from now on: it may be, and there is a connection for it. */
  function isCarried(exchange: Exchange): boolean {
    if (!mayBeCarried(exchange)) return false
    const chosen = spare.choose(exchange, { isFree: open + opening < most, isOpening: opening > 0 })
    if (chosen === undefined) return false
    const { connection, readyAt } = chosen
    if (readyAt === undefined) carry(exchange, connection)
    else {
      take(exchange)
      settling.keep(exchange, connection, readyAt)
    }
    return true
  }

  function isWithinShare({ client }: Exchange): boolean {
    shares ??= countShares(carried)
    return shares.of(client) < half
  }

  /** A body that may never come to its end is worth half of the connections to one client, however many are free. */
  function mayBeCarried(exchange: Exchange): boolean {
    return !exchange.isBodyOpen || isWithinShare(exchange)
  }

  /** Its connection is quiet now, if it is there still. */
  function sendSettled(exchange: Exchange, connection: Connection): void {
    if (connection.isUsable && now() < connection.expiresAt) return sendOver(exchange, connection)
    waitAgain(exchange)
    connection.close()
  }

  /** Before all others: it has had its turn. */
  function waitAgain(exchange: Exchange): void {
    letGo(exchange)
    if (exchange.waitsSince === 0) exchange.waitsSince = now()
    waiting.unshift(exchange)
    fair?.wait(exchange)
    serveSoon()
  }

  /** Those of which `isMeant` is so are closed, and what they were kept for waits again. */
  function closeSettling(isMeant: (connection: Connection) => boolean): void {
    for (const connection of settling.connections()) {
      const exchange = isMeant(connection) ? settling.takeFrom(connection) : undefined
      if (exchange === undefined) continue
      waitAgain(exchange)
      connection.close()
    }
  }

  function carry(exchange: Exchange, connection: Connection): void {
    take(exchange)
    sendOver(exchange, connection)
  }

  /** It has a connection. */
  function take(exchange: Exchange): void {
    waiting.remove(exchange)
    carried.push(exchange)
    shares?.add(exchange.client)
    fair?.take(exchange)
  }

  /** It has none any more. */
  function letGo(exchange: Exchange): void {
    carried.remove(exchange)
    shares?.remove(exchange.client)
    fair?.give(exchange)
  }

  function sendOver(exchange: Exchange, connection: Connection): void {
    connection.send(exchange, isSafeToFollow(exchange.request) && habits.mayReuse())
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
    exchange.opensSince = 0
    waiting.push(exchange)
    fair?.wait(exchange)
    serveSoon()
  }

  function leave(exchange: Exchange): void {
    if (exchange.queuedIn !== waiting) return parked.remove(exchange)
    waiting.remove(exchange)
    fair?.leave(exchange)
  }

  /** Those that have waited for too long. */
  function endWaiting(latest: number): void {
    for (let one = waiting.first; one !== undefined && one.waitsSince <= latest; one = waiting.first) {
      // It has come in this very turn.
      if (one.waitsSince === 0) break
      leave(one)
      one.onFailure(new NotSent('queue_timeout'), false)
    }
    goOn()
  }

  /** Gives whether there were any. */
  function closeIdle(): boolean {
    const hadSome = spare.length > 0
    spare.close()
    closeSettling(() => true)
    return hadSome
  }

  function openOne(): void {
    opening++
    const age = maxAgeMs * (leastShareOfAge + (1 - leastShareOfAge) * Math.random())
    const connection = new Connection(owner, age)
    const done = (error: Error | null, socket?: Socket) => {
      opening--
      if (socket === undefined) return failed(error ?? new Error('no connection'))
      open++
      connection.opened(socket)
      if (waiting.length === 0) connection.rest()
      if (isClosed && waiting.length === 0) return connection.close()
      spare.add(connection)
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
    if (error instanceof NoRoom) {
      roomFrom = now() + noRoomMs
      // One of those that are open carries it.
      if (open > 0) return
    }
    const { first } = waiting
    const connection = first === undefined || first.isAnew ? undefined : spare.newest()
    if (connection !== undefined && first !== undefined) return carry(first, connection)
    const isHopeless = opening === 0 && open === 0
    for (let left = isHopeless ? waiting.length : 1; left > 0; left--) {
      const one = waiting.first
      if (one === undefined) break
      leave(one)
      if (one.opensSince === 0) one.opensSince = one.waitsSince
      one.onFailure(error, false)
    }
    if (opening === 0) goOn()
  }

  /** A connection or a place has become free, whichever way. */
  function goOn(): void {
    if (waiting.length > 0 || parked.length > 0) serveSoon()
  }

  const owner = {
    done: letGo,
    released(connection: Connection): void {
      if (isClosed && waiting.length === 0) return connection.close()
      if (!habits.mayReuse() || unheard.givesUp()) return connection.close()
      spare.rest(connection)
      goOn()
    },
    unheard: unheard.add,
    heard(connection: Connection): void {
      if (unheard.heard(connection)) habits.seen('starves')
    },
    kept: habits.kept,
    paused: habits.paused,
    dropped(restedMs: number): void {
      if (restedMs < soonMs) habits.seen('closes')
    },
    stale(connection: Connection): void {
      owner.dropped(now() - connection.restedAt)
      closeSettling((one) => isLike(one, connection))
      spare.closeLike(connection)
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
      unheard.remove(connection)
      spare.remove(connection)
      const exchange = settling.takeFrom(connection)
      if (exchange !== undefined) waitAgain(exchange)
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
        const taker = fairShare().yields(exchange.party, exchange.client)
        if (taker !== undefined) leave(taker)
        const refused = taker ?? exchange
        refused.onFailure(new NotSent('queue_full'), false)
        if (refused === exchange) return
      }
      move(exchange)
    },
    sendAnew(exchange) {
      exchange.isAnew = true
      move(exchange)
    },
    withdraw(exchange) {
      const kept = settling.takeOf(exchange)
      if (kept === undefined) leave(exchange)
      else {
        letGo(exchange)
        spare.putBack(kept)
      }
      goOn()
    },
    isFull,
    hasOpen: () => open > 0,
    yieldsTo: (party, client) => fairShare().yields(party, client) !== undefined,
    closeOldest: spare.closeOldest,
    habit: () => (habits.mayReuse() ? undefined : habits.inForce),
    close() {
      isClosed = true
      closeIdle()
    },
  }
}
