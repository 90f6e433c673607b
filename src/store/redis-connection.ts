// Connections to Redis as the URL says: to one server, to the master that Sentinels name, or to a cluster. They fail fast,
// and come back by themselves.

import { Cluster, Redis, type RedisCommander, type RedisOptions } from 'ioredis'
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { readCertificates, readPair } from '../config/certificates.ts'
import { parseRedisUrl, type RedisAddress, type RedisTlsFiles, type RedisUrl } from '../config/redis-url.ts'

/** What may be asked, of one server or of a cluster. */
export type RedisCommands = RedisCommander<{ type: 'default'; mapping: 'resp2' }>

export interface RedisConnections {
  readonly client: Redis | Cluster
  /** Listens, and does nothing else. In a cluster any node hears what is published on any other. */
  readonly subscriber: Redis
  /** The subscriber's node is none of the cluster any more: it hears nothing. */
  isAstray(): boolean
}

/** A connection on which nothing came back for this long is torn down and made anew, in milliseconds. */
export const deadAfterMs = 1_500

const retryStrategy = (attempt: number) => Math.min(50 * 2 ** attempt, 500)

const common = {
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: deadAfterMs,
  // How long a connection that is given up may take to close politely: nobody may be at its other end.
  disconnectTimeout: 200,
  // A right less that its user needs.
  disableClientInfo: true,
} as const

/** Of connections that answer: a quiet one is dead. */
const asking = { commandTimeout: deadAfterMs, socketTimeout: deadAfterMs } as const

/**
 * Opens both; does not wait for them. Throws, without repeating it, where the URL cannot be read, and a CertificateFault
 * where a file cannot that it names.
 */
export function openRedisConnections(text: string): RedisConnections {
  const url = parseRedisUrl(text)
  if (url === undefined) throw new Error('The Redis URL cannot be read')
  const tls = url.tls === null ? undefined : tlsOf(url.tls)
  if (url.kind === 'cluster') return openCluster(url, tls)
  const single = { ...common, enableOfflineQueue: false, retryStrategy, ...(tls && { tls }) }
  const own = { ...single, ...asking, enableAutoPipelining: true }
  return {
    client: openSingle(url, own),
    // Listening again is done by whoever listens: ioredis' own way leaves a promise that nobody waits for.
    subscriber: openSingle(url, { ...single, autoResubscribe: false }),
    isAstray: () => false,
  }
}

type SingleUrl = Exclude<RedisUrl, { kind: 'cluster' }>

function openSingle(url: SingleUrl, options: Omit<RedisOptions, 'replyMapping'>): Redis {
  if (url.kind === 'server') return new Redis(url.url, options)
  const { sentinels, name, db, username, password, sentinelUsername, sentinelPassword } = url
  return new Redis({
    ...options,
    sentinels: [...sentinels],
    name,
    db,
    sentinelCommandTimeout: deadAfterMs,
    sentinelRetryStrategy: retryStrategy,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(options.tls && { sentinelTLS: options.tls, enableTLSForSentinelMode: true }),
  })
}

function openCluster(
  { nodes, username, password }: Extract<RedisUrl, { kind: 'cluster' }>,
  tls: ConnectionOptions | undefined,
): RedisConnections {
  const login = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
  }
  const cluster = new Cluster([...nodes], {
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy,
    // A command waits for a failover no longer than somebody waits for it.
    maxRedirections: 4,
    slotsRefreshTimeout: deadAfterMs,
    slotsRefreshInterval: 5_000,
    // A certificate is for a name: it must not become an address before it is shown.
    ...(tls && { dnsLookup: (host, found) => found(null, host) }),
    redisOptions: { ...common, ...asking, ...login },
  })
  const announced = () =>
    cluster.nodes().map(({ options: { host = '', port = 0 } }): RedisAddress => ({ host, port }))
  const [first = { host: '', port: 0 }] = nodes
  const options = { ...common, enableOfflineQueue: false, retryStrategy, autoResubscribe: false, ...login }
  const subscriber = new Redis({ ...options, ...first })
  let turn = 0
  // The next connection goes to another node: this one may be gone for good.
  subscriber.on('close', () => {
    const places = announced()
    Object.assign(
      subscriber.options,
      (places.length > 0 ? places : nodes).at(turn++ % (places.length || nodes.length)),
    )
  })
  return {
    client: cluster,
    subscriber,
    isAstray() {
      const { host, port } = subscriber.options
      return cluster.status === 'ready' && !announced().some((at) => at.host === host && at.port === port)
    },
  }
}

/** Read anew for each connection, so that renewed files are used; what was read before stays where they cannot be. */
function tlsOf({ ca, cert, key }: RedisTlsFiles): ConnectionOptions {
  if (ca !== undefined) readCertificates(ca)
  if (cert !== undefined && key !== undefined) readPair({ certFile: cert, keyFile: key })
  return Object.defineProperties(
    {},
    Object.fromEntries(
      Object.entries({ ca, cert, key }).flatMap(([name, file]) =>
        file === undefined ? [] : [[name, { enumerable: true, get: renewed(file) }]],
      ),
    ),
  )
}

function renewed(file: string): () => Buffer | undefined {
  let last: Buffer | undefined
  return () => {
    try {
      last = readFileSync(file)
    } catch {
      // Away for a moment, as while it is replaced.
    }
    return last
  }
}
