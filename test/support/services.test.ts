import { existsSync } from 'node:fs'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import t from 'tap'
import { inspectProcess } from '../../src/store/embedded/process.ts'
import { startPostgres } from './postgres-service.ts'
import { startRedis } from './redis-service.ts'

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 500 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<Record<string, unknown>>(sql)
    return rows
  } finally {
    await client.end().catch(() => {})
  }
}

async function ping(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, commandTimeout: 500 })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return await redis.ping()
  } finally {
    redis.disconnect()
  }
}

void t.test(
  'a private Postgres can be killed, brought back with its data, and leaves nothing behind',
  async (t) => {
    const postgres = await startPostgres()
    await query(postgres.url, 'create database another')
    await query(postgres.url, 'create table kept as select 1 as answer')

    await postgres.kill('SIGKILL')
    await t.rejects(query(postgres.url, 'select 1'), { code: 'ECONNREFUSED' })
    await postgres.restart()
    t.same(await query(postgres.url, 'select answer from kept'), [{ answer: 1 }])

    await postgres.kill('SIGSTOP')
    await t.rejects(query(postgres.url, 'select 1'), /timeout/i)
    await postgres.kill('SIGCONT')
    t.same(await query(postgres.url, 'select answer from kept'), [{ answer: 1 }])

    const [folder] = await query(postgres.url, 'show data_directory')
    await postgres.stop()
    t.equal(inspectProcess(postgres.pid), undefined)
    t.notOk(existsSync(String(Object.values(folder ?? {})[0])))
  },
)

void t.test('a private Redis can be killed, frozen and brought back on the same port', async (t) => {
  const redis = await startRedis()
  const { pid } = redis
  t.equal(await ping(redis.url), 'PONG')

  await redis.kill('SIGTERM')
  await t.rejects(ping(redis.url))
  await redis.restart()
  t.not(redis.pid, pid)
  t.equal(await ping(redis.url), 'PONG')

  await redis.kill('SIGSTOP')
  await t.rejects(ping(redis.url), 'a frozen server answers nobody')
  await redis.kill('SIGCONT')
  t.equal(await ping(redis.url), 'PONG')

  await redis.kill('SIGSTOP')
  await redis.stop()
  t.equal(inspectProcess(redis.pid), undefined)
})
