// A Postgres and a Redis of the run's own, found as the tests find theirs. Each gateway gets a database of its own.

import { execFileSync } from 'node:child_process'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { type PostgresService, startPostgres } from '../test/support/postgres-service.ts'
import { startRedis } from '../test/support/redis-service.ts'
import type { Service } from '../test/support/service.ts'

export interface Stores {
  readonly postgres: PostgresService
  readonly redis: Service
  /** Makes an empty database; returns its URL. */
  makeDatabase(name: string): Promise<string>
  /** Another Redis, for programs of another version; ends with the rest. */
  makeRedis(): Promise<string>
  /** Writes one value into Redis, for the peer that asks it. */
  setInRedis(name: string, value: string): Promise<void>
  stop(): Promise<void>
}

/** Starts both, on `cores` (taskset's notation; null: any). */
export async function startStores(cores: string | null): Promise<Stores> {
  const postgres = await startPostgres()
  const redis = await startRedis()
  const others: Service[] = []
  if (cores !== null) for (const { pid } of [postgres, redis]) pin(pid, cores)
  return {
    postgres,
    redis,
    async makeDatabase(name) {
      await withClient(postgres.url, (client) => client.query(`CREATE DATABASE ${name}`))
      const url = new URL(postgres.url)
      url.pathname = `/${name}`
      return url.href
    },
    async makeRedis() {
      const more = await startRedis()
      others.push(more)
      if (cores !== null) pin(more.pid, cores)
      return more.url
    },
    async setInRedis(name, value) {
      const client = new Redis(redis.url)
      await client.set(name, value)
      client.disconnect()
    },
    async stop() {
      for (const more of others) await more.stop()
      await redis.stop()
      await postgres.stop()
    },
  }
}

/** Hands a connection to `work` and closes it. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** With all its threads, and with what it will start. */
function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['-a', '-c', '-p', cores, String(pid)], { stdio: 'ignore' })
}
