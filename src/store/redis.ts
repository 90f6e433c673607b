// The only connections to Redis. Redis is a convenience here: nothing is true because Redis says so, and nobody waits
// for it. Commands fail fast, a circuit breaker keeps a slow or hung server out of the requests' way, and every
// failure is an `undefined`, never an exception.

import type { Cluster, Redis } from 'ioredis'
import type { Logger } from '../telemetry/log.ts'
import {
  deadAfterMs,
  openRedisConnections,
  type RedisCommands,
  type RedisConnections,
} from './redis-connection.ts'
import { rehearse } from './redis-rehearsal.ts'
import { createRedisTroubles, type RedisTroubleKind, troubleOf, writesOnly } from './redis-trouble.ts'

export interface RedisStore {
  /** Runs commands; undefined when Redis is away or does not answer within `deadlineMs`. Never rejects. */
  run<T>(command: (client: RedisCommands) => Promise<T>, deadlineMs: number): Promise<T | undefined>
  /**
   * Sends commands that nobody waits for, also while the circuit is open: a slow Redis is slow for those who ask, but
   * what others must hear of may still arrive. undefined as with `run`.
   */
  tell<T>(command: (client: RedisCommands) => Promise<T>, deadlineMs: number): Promise<T | undefined>
  /** Whether commands are let through at the moment. */
  isUp(): boolean
  /** What Redis refuses at the moment, though it answers. */
  troubles(): readonly RedisTroubleKind[]
  /** Listens to a channel for as long as the store lives, over reconnects. */
  subscribe(channel: string, heard: (message: string) => void): void
  close(): Promise<void>
}

export interface RedisStoreOptions {
  /** As `parseRedisUrl` takes it. */
  readonly url: string
  readonly log: Logger
  readonly monotonicNow: () => number
  /** Told of each refusal. */
  readonly refused?: (kind: RedisTroubleKind) => void
}

/** Failures in a row that open the circuit. */
const failuresToOpen = 3
/** How long an open circuit waits before it lets one probe through, in milliseconds. */
const probeEveryMs = 500
/** A subscriber that cannot make use of its connection for so many looks at it is given a new one. */
const looksToBeReady = 2
/** How often all that is used is tried while something fails, and after how many such times otherwise. */
const tryEveryMs = 1_000
const usuallyEveryLooks = 30
/** A server that says it is a replica is left for whatever its name leads to now, but not again and again. */
const leaveReplicaEveryMs = 2_000

/** Opens the connections; does not wait for them. Throws as `openRedisConnections` does. */
export function createRedis(options: RedisStoreOptions): RedisStore {
  const { log, monotonicNow, refused = () => {} } = options
  const connections = openRedisConnections(options.url)
  const { client, subscriber } = connections
  const troubles = createRedisTroubles({ log, counted: refused })
  const breaker = createBreaker(monotonicNow)
  const channels = new Set<string>()
  let leftReplicaAt = Number.NEGATIVE_INFINITY

  function note(error: unknown): RedisTroubleKind | undefined {
    const kind = troubles.note(error)
    if (kind === 'READONLY' && monotonicNow() - leftReplicaAt >= leaveReplicaEveryMs) {
      leftReplicaAt = monotonicNow()
      client.disconnect(true)
      subscriber.disconnect(true)
    }
    return kind
  }

  async function listen(): Promise<void> {
    if (channels.size > 0 && subscriber.status === 'ready') await subscriber.subscribe(...channels)
  }

  async function tryAll(): Promise<void> {
    if (client.status !== 'ready') return
    const [listening, failures] = await Promise.all([reasonOf(listen()), rehearse(client)])
    const all = [...listening, ...failures]
    for (const failure of all) note(failure)
    if (all.length === 0) troubles.isOver()
  }
  const stopTrying = keepTrying(tryAll, () => troubles.kinds().length > 0)
  const stopWatching = watchSubscriber(connections)
  for (const one of [client, subscriber]) reportTrouble(one, { log, note })
  client.on('ready', () => void tryAll())
  subscriber.on('ready', () => void listen().catch(note))

  return {
    isUp: () => client.status === 'ready' && !breaker.isOpen(),
    troubles: troubles.kinds,
    async run(command, deadlineMs) {
      if (client.status !== 'ready' || !breaker.allows()) return undefined
      const answer = await withDeadline(command(client), deadlineMs, note)
      if (!answer.isLate) breaker.succeeded()
      // Who refuses writes may still answer questions.
      else if (answer.refusal === undefined || !writesOnly.has(answer.refusal)) breaker.failed()
      return answer.value
    },
    async tell(command, deadlineMs) {
      if (client.status !== 'ready') return undefined
      return (await withDeadline(command(client), deadlineMs, note)).value
    },
    subscribe(channel, heard) {
      subscriber.on('message', (name: string, message: string) => {
        if (name === channel) heard(message)
      })
      channels.add(channel)
      void listen().catch(note)
    },
    close() {
      stopTrying()
      stopWatching()
      client.disconnect()
      subscriber.disconnect()
      return Promise.resolve()
    },
  }
}

/** Tries at times that all works, and often while it does not. Returns what ends that. */
function keepTrying(tryAll: () => Promise<void>, isInTrouble: () => boolean): () => void {
  let looks = 0
  const timer = setInterval(() => {
    looks++
    if (isInTrouble() || looks % usuallyEveryLooks === 0) void tryAll()
  }, tryEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** None, or the one that it failed by. */
function reasonOf(promise: Promise<unknown>): Promise<readonly unknown[]> {
  return promise.then(
    () => [],
    (error: unknown) => [error],
  )
}

/** One warning when a connection is lost, one note when it is back: not one for each of a thousand retries. */
function reportTrouble(
  connection: Redis | Cluster,
  { log, note }: { readonly log: Logger; readonly note: (error: unknown) => RedisTroubleKind | undefined },
): void {
  let isReported = false
  connection.on('error', (error: Error) => {
    const refusal = note(error)
    // It would go on with the first database, which may be somebody else's.
    if (refusal === 'NODB') connection.disconnect(true)
    if (refusal !== undefined || isReported) return
    log.warn({ reason: error.message }, 'Redis cannot be reached; going on without it')
    isReported = true
  })
  connection.on('ready', () => {
    if (isReported) log.info('Redis is back')
    isReported = false
  })
}

/**
 * A subscriber hears nothing for hours when nothing changes: a ping tells a quiet line from a dead one. It may also be
 * connected to something that never lets it begin, where no command of ours is under way that could time out.
 */
function watchSubscriber({ subscriber, isAstray }: RedisConnections): () => void {
  let looksInVain = 0
  const timer = setInterval(() => {
    if (subscriber.status === 'connect') {
      looksInVain++
      if (looksInVain < looksToBeReady) return
      looksInVain = 0
      return subscriber.disconnect(true)
    }
    looksInVain = 0
    if (subscriber.status !== 'ready') return
    if (isAstray()) return subscriber.disconnect(true)
    void withDeadline(subscriber.ping(), deadAfterMs, troubleOf).then((answer) => {
      // Without the right to ping it has answered, too.
      if (answer.isLate && answer.refusal === undefined && subscriber.status === 'ready')
        subscriber.disconnect(true)
    })
  }, 500)
  timer.unref()
  return () => clearInterval(timer)
}

interface Answer<T> {
  readonly value: T | undefined
  /** It failed, or did not come in time. */
  readonly isLate: boolean
  /** Redis answered that it will not. */
  readonly refusal: RedisTroubleKind | undefined
}

function withDeadline<T>(
  promise: Promise<T>,
  deadlineMs: number,
  note: (error: unknown) => RedisTroubleKind | undefined,
): Promise<Answer<T>> {
  return new Promise((resolve) => {
    const late = () => resolve({ value: undefined, isLate: true, refusal: undefined })
    // Timers run before what has arrived is read: an answer that is there already must not count as late.
    const timer = setTimeout(() => setImmediate(() => setImmediate(late)), deadlineMs)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve({ value, isLate: false, refusal: undefined })
      },
      (error: unknown) => {
        clearTimeout(timer)
        resolve({ value: undefined, isLate: true, refusal: note(error) })
      },
    )
  })
}

interface Breaker {
  isOpen(): boolean
  /** Whether a command may go through now; when open, one probe each `probeEveryMs`. */
  allows(): boolean
  succeeded(): void
  failed(): void
}

/** Closed → (failures in a row) → open → (a probe succeeds) → closed. */
export function createBreaker(monotonicNow: () => number): Breaker {
  let failures = 0
  let probedAt = 0
  return {
    isOpen: () => failures >= failuresToOpen,
    allows() {
      if (failures < failuresToOpen) return true
      if (monotonicNow() - probedAt < probeEveryMs) return false
      probedAt = monotonicNow()
      return true
    },
    succeeded() {
      failures = 0
    },
    failed() {
      failures++
      if (failures === failuresToOpen) probedAt = monotonicNow()
    },
  }
}
