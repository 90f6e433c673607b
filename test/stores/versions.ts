// What was tried, as it calls itself.

import { Redis } from 'ioredis'
import type { Queryable } from '../../src/store/postgres.ts'

/** Such as `18.4`. */
export async function postgresVersion(db: Queryable): Promise<string> {
  const [row] = await db.query<{ version: string }>(`SELECT current_setting('server_version') AS version`)
  return row?.version.split(' ')[0] ?? 'unknown'
}

/** Such as `Redis 7.0.15`. */
export async function redisVersion(port: number): Promise<string> {
  const client = new Redis({ port })
  const info = await client.info('server')
  client.disconnect()
  const [, name = 'redis', version = 'unknown'] =
    /(valkey|redis)_version:(\S+)(?![\s\S]*valkey_version)/.exec(info) ?? []
  return `${name === 'valkey' ? 'Valkey' : 'Redis'} ${version}`
}
