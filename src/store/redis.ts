// The only connections to Redis. Redis is a convenience here: nothing is true because Redis says so, and nobody waits
// for it. Commands fail fast, a circuit breaker keeps a slow or hung server out of the requests' way, and every
// failure is an `undefined`, never an exception.

import { Redis } from 'ioredis'
import type { Logger } from '../telemetry/log.ts'

export interface RedisStore {
  /** Runs commands; undefined when Redis is away or does not answer within `deadlineMs`. Never rejects. */
  run<T>(command: (client: Redis) => Promise<T>, deadlineMs: number): Promise<T | undefined>
  /** Whether commands are let through at the moment. */
  isUp(): boolean
  /** What the names of keys and channels begin with. Keys get it by themselves, `publish` does not. */
  readonly prefix: string
  /** Listens to a channel for as long as the store lives, over reconnects. */
  subscribe(channel: string, heard: (message: string) => void): void
  close(): Promise<void>
}

export interface RedisStoreOptions {
  readonly url: string
  /** Keeps several deployments on one Redis apart; none unless said. */
  readonly prefix?: string
  readonly log: Logger
  readonly monotonicNow: () => number
}

/** Failures in a row that open the circuit. */
const failuresToOpen = 3
/** How long an open circuit waits before it lets one probe through, in milliseconds. */
const probeEveryMs = 500
/** A connection on which nothing came back for this long is torn down and made anew, in milliseconds. */
const deadAfterMs = 2_000

const connectionOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: 2_000,
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 1_000),
} as const

/** Opens the connections; does not wait for them. */
export function createRedis(options: RedisStoreOptions): RedisStore {
  const prefix = options.prefix ?? ''
  const client = new Redis(options.url, {
    ...connectionOptions,
    keyPrefix: prefix,
    enableAutoPipelining: true,
    commandTimeout: deadAfterMs,
    socketTimeout: deadAfterMs,
  })
  // Listening again is done below: ioredis' own way leaves a promise that nobody waits for.
  const subscriber = new Redis(options.url, { ...connectionOptions, autoResubscribe: false })
  for (const connection of [client, subscriber]) reportTrouble(connection, options.log)
  const breaker = createBreaker(options.monotonicNow)
  const stopWatching = watchSubscriber(subscriber)

  return {
    prefix,
    isUp: () => client.status === 'ready' && !breaker.isOpen(),
    async run(command, deadlineMs) {
      if (client.status !== 'ready' || !breaker.allows()) return undefined
      const answer = await withDeadline(command(client), deadlineMs)
      if (answer.isLate) breaker.failed()
      else breaker.succeeded()
      return answer.value
    },
    subscribe(channel, heard) {
      subscriber.on('message', (name: string, message: string) => {
        if (name === prefix + channel) heard(message)
      })
      const listen = () => void subscriber.subscribe(prefix + channel).catch(() => {})
      subscriber.on('ready', listen)
      if (subscriber.status === 'ready') listen()
    },
    close() {
      stopWatching()
      client.disconnect()
      subscriber.disconnect()
      return Promise.resolve()
    },
  }
}

/** One warning when a connection is lost, one note when it is back: not one for each of a thousand retries. */
function reportTrouble(connection: Redis, log: Logger): void {
  let isReported = false
  connection.on('error', (error: Error) => {
    if (!isReported) log.warn({ reason: error.message }, 'Redis cannot be reached; going on without it')
    isReported = true
  })
  connection.on('ready', () => {
    if (isReported) log.info('Redis is back')
    isReported = false
  })
}

/** A subscriber hears nothing for hours when nothing changes: a ping tells a quiet line from a dead one. */
function watchSubscriber(subscriber: Redis): () => void {
  const timer = setInterval(() => {
    if (subscriber.status !== 'ready') return
    void withDeadline(subscriber.ping(), deadAfterMs).then((answer) => {
      if (answer.isLate && subscriber.status === 'ready') subscriber.disconnect(true)
    })
  }, 1_000)
  timer.unref()
  return () => clearInterval(timer)
}

interface Answer<T> {
  readonly value: T | undefined
  /** It failed, or did not come in time. */
  readonly isLate: boolean
}

function withDeadline<T>(promise: Promise<T>, deadlineMs: number): Promise<Answer<T>> {
  return new Promise((resolve) => {
    const late = () => resolve({ value: undefined, isLate: true })
    // Timers run before what has arrived is read: an answer that is there already must not count as late.
    const timer = setTimeout(() => setImmediate(() => setImmediate(late)), deadlineMs)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve({ value, isLate: false })
      },
      () => {
        clearTimeout(timer)
        late()
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
