// The only connections to Redis. Redis is a convenience here: nothing is true because Redis says so, and nobody waits
// for it. Commands fail fast, a circuit breaker keeps a slow or hung server out of the requests' way, and every
// failure is an `undefined`, never an exception.

import { Redis } from 'ioredis'
import { parseRedisUrl } from '../config/store-url.ts'
import type { Logger } from '../telemetry/log.ts'

export interface RedisStore {
  /** Runs commands; undefined when Redis is away or does not answer within `deadlineMs`. Never rejects. */
  run<T>(command: (client: Redis) => Promise<T>, deadlineMs: number): Promise<T | undefined>
  /**
   * Sends commands that nobody waits for, also while the circuit is open: a slow Redis is slow for those who ask, but
   * what others must hear of may still arrive. undefined as with `run`.
   */
  tell<T>(command: (client: Redis) => Promise<T>, deadlineMs: number): Promise<T | undefined>
  /** Whether commands are let through at the moment. */
  isUp(): boolean
  /** Listens to a channel for as long as the store lives, over reconnects. */
  subscribe(channel: string, heard: (message: string) => void): void
  close(): Promise<void>
}

export interface RedisStoreOptions {
  /** redis://, rediss://, or redis+sentinel://host:port,host:port/name. */
  readonly url: string
  readonly log: Logger
  readonly monotonicNow: () => number
}

/** Failures in a row that open the circuit. */
const failuresToOpen = 3
/** How long an open circuit waits before it lets one probe through, in milliseconds. */
const probeEveryMs = 500
/** A connection on which nothing came back for this long is torn down and made anew, in milliseconds. */
const deadAfterMs = 1_500
/** A subscriber that cannot make use of its connection for so many looks at it is given a new one. */
const looksToBeReady = 2

const connectionOptions = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: deadAfterMs,
  // How long a connection that is given up may take to close politely: nobody may be at its other end.
  disconnectTimeout: 200,
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 500),
} as const

/** Opens the connections; does not wait for them. */
export function createRedis(options: RedisStoreOptions): RedisStore {
  const client = connect(options.url, {
    enableAutoPipelining: true,
    commandTimeout: deadAfterMs,
    socketTimeout: deadAfterMs,
  })
  // Listening again is done below: ioredis' own way leaves a promise that nobody waits for.
  const subscriber = connect(options.url, { autoResubscribe: false })
  for (const one of [client, subscriber]) reportTrouble(one, options.log)
  const breaker = createBreaker(options.monotonicNow)
  const stopWatching = watchSubscriber(subscriber)

  return {
    isUp: () => client.status === 'ready' && !breaker.isOpen(),
    async run(command, deadlineMs) {
      if (client.status !== 'ready' || !breaker.allows()) return undefined
      const answer = await withDeadline(command(client), deadlineMs)
      if (answer.isLate) breaker.failed()
      else breaker.succeeded()
      return answer.value
    },
    async tell(command, deadlineMs) {
      if (client.status !== 'ready') return undefined
      return (await withDeadline(command(client), deadlineMs)).value
    },
    subscribe(channel, heard) {
      subscriber.on('message', (name: string, message: string) => {
        if (name === channel) heard(message)
      })
      const listen = () => void subscriber.subscribe(channel).catch(() => {})
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

/** What the two connections do not have in common. */
interface OwnOptions {
  readonly enableAutoPipelining?: boolean
  readonly autoResubscribe?: boolean
  readonly commandTimeout?: number
  readonly socketTimeout?: number
}

/** A connection to where the URL says. Throws, without repeating it, where it cannot be read. */
function connect(text: string, options: OwnOptions): Redis {
  const url = parseRedisUrl(text)
  if (url === undefined) throw new Error('The Redis URL cannot be read')
  const all = { ...connectionOptions, ...options }
  if (url.kind === 'server') return new Redis(url.url, all)
  const { sentinels, name, db, username, password, sentinelUsername, sentinelPassword } = url
  return new Redis({
    ...all,
    sentinels: [...sentinels],
    name,
    db,
    // A master that has become a replica: ask the Sentinels again.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    sentinelCommandTimeout: deadAfterMs,
    sentinelRetryStrategy: connectionOptions.retryStrategy,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(url.isTls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  })
}

/**
 * A subscriber hears nothing for hours when nothing changes: a ping tells a quiet line from a dead one. It may also be
 * connected to something that never lets it begin, where no command of ours is under way that could time out.
 */
function watchSubscriber(subscriber: Redis): () => void {
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
    void withDeadline(subscriber.ping(), deadAfterMs).then((answer) => {
      if (answer.isLate && subscriber.status === 'ready') subscriber.disconnect(true)
    })
  }, 500)
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
