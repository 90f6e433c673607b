// The connections to Postgres: one pool a process. What is asked of it stands in the *-table.ts files beside this one.
// Nothing of the driver leaves this file: rows come back plain (BIGINT as numbers, timestamps as milliseconds since
// the epoch), and failures as one of two errors (postgres-errors.ts).

import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClientBase, Pool, type PoolClient, types } from 'pg'
import { failureOf, rethrow, StoreUnavailableError } from './postgres-errors.ts'
import { createHosts, type Hosts } from './postgres-hosts.ts'
import { createSessions, sessionOf, type Timeouts } from './postgres-session.ts'
import type { Queryable } from './queryable.ts'

export type { Queryable, Statement } from './queryable.ts'

export interface PoolGauges {
  readonly total: number
  readonly idle: number
  readonly waiting: number
}

export interface Postgres extends Queryable {
  /** Runs `work` in one READ COMMITTED transaction; rolled back if it throws, and the error passed on. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  ping(): Promise<void>
  /** Connections opened before this are closed instead of being used again. */
  reconnect(): void
  gauges(): PoolGauges
  /** Ends all connections after their running statement. Safe to repeat. */
  close(): Promise<void>
}

export interface PostgresOptions {
  /** postgres:// URL; with several hosts the first that takes writes is used. */
  readonly url: string
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  readonly log?: { warn(details: object, message: string): void }
  readonly maxConnections?: number
  /** Keeps open what was opened once: for a server that may be full when it is needed next. */
  readonly keepsConnections?: boolean
  /** For a connection, the wait for a free one included; default 2,000. */
  readonly connectTimeoutMs?: number
  /** For one statement, here and on the server; default 2,000. */
  readonly queryTimeoutMs?: number
}

/** Opens a pool. Connects on first use only; throws on a URL that cannot be read (without repeating it). */
export function createPostgres(options: PostgresOptions): Postgres {
  const hosts = hostsOf(options)
  const sessions = createSessions(timeoutsOf(options))
  const pool = openPool({ ...options, hosts }, async (client) => {
    await hosts.check(client)
    await sessions.begin(client)
  })
  const age = createAges()
  pool.on('connect', age.born)
  const open = new Set<PoolClient>()
  pool.on('connect', (client) => {
    open.add(client)
    client.once('end', () => open.delete(client))
  })
  // An idle connection that the server ends is no reason for the process to end.
  pool.on('error', (error) =>
    options.log?.warn({ code: failureOf(error).code }, 'idle Postgres connection lost'),
  )
  let closing: Promise<void> | undefined
  const checkOut = () => takeYoung(pool, hosts, age)
  const db: Postgres = {
    query: (statement, values) =>
      withClient(checkOut, age, (client) => sessions.query(client, statement, values)),
    transaction: (work) => withClient(checkOut, age, (client) => sessions.transaction(client, work)),
    async ping() {
      await db.query('SELECT 1')
    },
    reconnect: age.allAreOld,
    gauges: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => (closing ??= endPool(pool, open, 2 * (options.queryTimeoutMs ?? defaultQueryTimeoutMs))),
  }
  return db
}

const patient = createSessions({ statementMs: 0, idleInTransactionMs: 0 })

/**
 * One connection for what takes its time: migrations, indexes. Whatever the role or the database says of statements that do,
 * these are not ended (behind a pooler they are). The caller closes it.
 */
export async function openSession(options: PostgresOptions): Promise<Queryable & { close(): Promise<void> }> {
  const hosts = hostsOf(options)
  const client = await hosts.tryEach(async () => {
    const tried = hosts.newClient({})
    tried.on('error', () => undefined)
    try {
      await tried.connect()
      await hosts.check(tried)
      await patient.begin(tried)
      return tried
    } catch (error) {
      await tried.end().catch(() => undefined)
      throw failureOf(error)
    }
  })
  return {
    ...sessionOf(client),
    close: () => client.end().catch(() => undefined),
  }
}

/**
 * A pooler that has a client wait for a server process reads nothing of it, its goodbye neither: whoever is not let go in
 * time is cut off.
 */
async function endPool(pool: Pool, open: ReadonlySet<PoolClient>, withinMs: number): Promise<void> {
  const ends = [...open].map((client) => new Promise<void>((resolve) => client.once('end', resolve)))
  const late = new AbortController()
  const isLate = sleep(withinMs, undefined, { ref: false, signal: late.signal }).catch(() => undefined)
  await Promise.race([Promise.all([pool.end(), ...ends]), isLate])
  late.abort()
  for (const client of open) {
    client.on('error', () => undefined)
    streamOf(client)?.destroy()
  }
}

/** The driver's socket, which its types do not tell of. */
function streamOf(client: PoolClient): { destroy(): void } | undefined {
  const stream: unknown = Object(Object(client).connection).stream
  return stream instanceof Duplex ? stream : undefined
}

const defaultQueryTimeoutMs = 2000

function timeoutsOf({ queryTimeoutMs = defaultQueryTimeoutMs }: PostgresOptions): Timeouts {
  return {
    // A little sooner than here: the server's word that a statement took too long leaves the connection whole.
    statementMs: Math.floor(queryTimeoutMs * 0.9),
    idleInTransactionMs: Math.max(queryTimeoutMs * 2, 1000),
  }
}

function openPool(
  options: PostgresOptions & { readonly hosts: Hosts },
  verify: (client: ClientBase) => Promise<void>,
): Pool {
  const max = options.maxConnections ?? 10
  return new Pool({
    Client: options.hosts.Client,
    verify: (client, done) => void verify(client).then(() => done(), done),
    connectionTimeoutMillis: options.connectTimeoutMs ?? 2000,
    max,
    min: options.keepsConnections === true ? max : 0,
    query_timeout: options.queryTimeoutMs ?? defaultQueryTimeoutMs,
    idleTimeoutMillis: 30_000,
  })
}

/** Well below the time after which balancers and NATs forget quiet connections, and look-ups' may be quiet for hours. */
const keepAliveInitialDelayMillis = 10_000

function hostsOf(options: PostgresOptions): Hosts {
  return createHosts({
    url: options.url,
    connectTimeoutMs: options.connectTimeoutMs ?? 2000,
    client: {
      application_name: options.applicationName,
      keepAlive: true,
      keepAliveInitialDelayMillis,
      types: { getTypeParser },
    },
  })
}

/**
 * Connections that are older than a failure of the network, or of the server as a primary: each of them would have to
 * fail by itself, after a time-out each.
 */
interface Ages {
  born(client: PoolClient): void
  isOld(client: PoolClient): boolean
  allAreOld(): void
}

function createAges(): Ages {
  const bornIn = new WeakMap<PoolClient, number>()
  let era = 0
  return {
    born: (client) => void bornIn.set(client, era),
    isOld: (client) => bornIn.get(client) !== era,
    allAreOld: () => void era++,
  }
}

async function takeYoung(pool: Pool, hosts: Hosts, ages: Ages): Promise<PoolClient> {
  for (;;) {
    const client = await hosts.tryEach(() => pool.connect().catch(rethrow))
    if (!ages.isOld(client)) return client
    client.release(true)
  }
}

/** What says that other connections are no better: the network's codes, a server that shuts down or only reads. */
const concernsAll = /^(?:E[A-Z]{3,}|timeout|connection_lost|25006|55000|57P0[123])$/

async function withClient<T>(
  checkOut: () => Promise<PoolClient>,
  ages: Ages,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await checkOut()
  // While checked out the pool does not listen; an unheard 'error' would end the process. The running query fails anyway.
  const ignore = () => undefined
  client.on('error', ignore)
  let isBroken = false
  try {
    return await work(client)
  } catch (error) {
    isBroken = error instanceof StoreUnavailableError
    if (error instanceof StoreUnavailableError && concernsAll.test(error.code)) ages.allAreOld()
    throw error
  } finally {
    client.off('error', ignore)
    client.release(isBroken)
  }
}

const timestamptz = 1184
const isIsoTime = /^\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d(?::\d\d){0,2}$/
const int8 = 20

function getTypeParser(oid: number, format?: 'text' | 'binary') {
  const parse = format === 'binary' ? types.getTypeParser(oid, 'binary') : types.getTypeParser(oid, 'text')
  if (oid === int8) return Number
  if (oid === timestamptz)
    return (text: string) => (isIsoTime.test(text) ? Number(parse(text)) : unreadable())
  return parse
}

/** What comes in another DateStyle must be nobody's expiry: neither 1970 nor never. */
function unreadable(): never {
  throw new StoreUnavailableError('unreadable_time')
}
