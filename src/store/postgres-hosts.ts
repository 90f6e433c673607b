// Which of the hosts of a URL new connections go to: the first that answers and takes writes, and that one until it
// fails. The driver knows one host only.

import { accessSync, constants } from 'node:fs'
import { Client, type ClientBase, type ClientConfig } from 'pg'
import { whyUnreadable } from '../config/file-fault.ts'
import { postgresFiles, postgresUrlForDriver } from '../config/postgres-url.ts'
import { parsePostgresUrl } from '../config/store-url.ts'
import { sessionSettings } from './session.ts'

export interface Hosts {
  /** For the pool: makes clients of the host that is chosen at that moment. */
  readonly Client: new () => ClientBase
  newClient(config: ClientConfig): Client
  /** Makes a new connection ready. Rejects, with the driver's kind of error, where the server must take writes and does not. */
  check(client: ClientBase): Promise<void>
  /** Tries with the chosen host; where that fails with the others too, once each. Rejects as the last one did. */
  tryEach<T>(attempt: () => Promise<T>): Promise<T>
}

export interface HostsOptions {
  readonly url: string
  readonly connectTimeoutMs: number
  /** What all connections have in common. */
  readonly client: ClientConfig
}

/** A server of several hosts that hangs must leave time for the next one. */
const leastTimeoutMs = 500

/** Reads the URL; throws (without repeating it) where it cannot be read. */
export function createHosts(options: HostsOptions): Hosts {
  const { urls, mustBeWritable } = parsePostgresUrl(options.url) ?? { urls: [], mustBeWritable: false }
  const connectTimeoutMs =
    urls.length > 1
      ? Math.max(leastTimeoutMs, options.connectTimeoutMs / urls.length)
      : options.connectTimeoutMs
  let chosen = 0

  function newClient(config: ClientConfig): Client {
    return new Client({
      ...config,
      ...options.client,
      connectionString: postgresUrlForDriver(urls[chosen] ?? ''),
      connectionTimeoutMillis: connectTimeoutMs,
    })
  }

  try {
    if (urls.length === 0) throw new Error('no host')
    // The driver's own parser, which does no I/O here; its error would repeat the URL, password included.
    for (const [index] of urls.entries()) {
      chosen = index
      void newClient({})
    }
    chosen = 0
  } catch {
    throw new Error(unreadableFile(urls) ?? 'The Postgres URL cannot be read')
  }

  return {
    // The pool calls it with `new`; what a constructor returns takes the place of what it made.
    Client: function PooledClient(config: ClientConfig) {
      return newClient(config)
    } as unknown as new () => ClientBase,
    newClient,
    async check(client) {
      await client.query(sessionSettings)
      if (!mustBeWritable) return
      const { rows } = await client.query<{ isReadOnly: boolean }>(
        `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS "isReadOnly"`,
      )
      if (rows[0]?.isReadOnly !== false) throw Object.assign(new Error('read-only'), { code: 'read_only' })
    },
    async tryEach(attempt) {
      for (let tried = 1; ; tried++) {
        const at = chosen
        try {
          return await attempt()
        } catch (error) {
          if (tried >= urls.length) throw error
          // Another attempt may have moved on meanwhile.
          if (chosen === at) chosen = (at + 1) % urls.length
        }
      }
    },
  }
}

/** In the driver's error the file would stand beside the URL, password included. */
function unreadableFile(urls: readonly string[]): string | undefined {
  for (const [name, file] of urls.flatMap(postgresFiles)) {
    try {
      accessSync(file, constants.R_OK)
    } catch (error) {
      return `${name} of the Postgres URL: ${file} ${whyUnreadable(error)}`
    }
  }
  return undefined
}
