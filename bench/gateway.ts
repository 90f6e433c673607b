// Latchkey as it is run: Postgres and Redis, access log to a file, metrics, activity; one process.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { adminClient } from '../test/support/admin.ts'
import { startPostgres } from '../test/support/postgres-service.ts'
import { startRedis } from '../test/support/redis-service.ts'

const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
const config = fileURLToPath(new URL('../../config', import.meta.url))
const token = 'bench-admin-token-of-more-than-32-characters'
const ports = { gateway: 18_080, control: 18_081 }

let child: ChildProcess | undefined
const endings: (() => unknown)[] = []

export interface BenchGateway {
  readonly pid: number
  readonly port: number
  /** Of a key that may read transactions. */
  readonly secret: string
}

/** Starts it with stores of its own; everything goes away with `stopGateway`. */
export async function startGateway(upstream: string): Promise<BenchGateway> {
  const postgres = await startPostgres()
  endings.push(() => postgres.stop())
  const redis = await startRedis()
  endings.push(() => redis.stop())
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  endings.push(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, gatewayFile(upstream, postgres.url, redis.url))
  child = spawn(process.execPath, [main, 'start', '--config', file], {
    stdio: ['ignore', openSync(join(folder, 'access.log'), 'w'), 'inherit'],
    env: { ...process.env, LATCHKEY_ADMIN_TOKEN: token, LATCHKEY_CACHE_KEY: token },
  })
  await untilReady()
  const admin = adminClient(`http://127.0.0.1:${ports.control}`, token)
  const { secret } = await admin.makeKey(await admin.makeMerchant('Bench'))
  return { pid: child.pid ?? 0, port: ports.gateway, secret }
}

/** Ends what `startGateway` started. */
export async function stopGateway(): Promise<void> {
  const ended = new Promise((resolve) => child?.once('exit', resolve) ?? resolve(undefined))
  child?.kill('SIGTERM')
  await ended
  for (const end of endings.toReversed()) await end()
}

function gatewayFile(upstream: string, postgres: string, redis: string): string {
  return `gateway: { host: 127.0.0.1, port: ${ports.gateway} }
control: { host: 127.0.0.1, port: ${ports.control} }
postgres: ${postgres}
redis: ${redis}
upstreams:
  payments: { url: "${upstream}" }
  payments-sandbox: { url: "${upstream.replace('127.0.0.1', 'localhost')}" }
apis:
  flintn:
    credential: { header: X-Api-Key }
    environments:
      live:    { hosts: [api.flintn.com],         prefix: pk_live_, upstream: payments }
      sandbox: { hosts: [sandbox.api.flintn.com], prefix: pk_test_, upstream: payments-sandbox }
    permissions: ${join(config, 'permissions/flintn.yaml')}
`
}

async function untilReady(): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const isReady = await fetch(`http://127.0.0.1:${ports.control}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
    if (isReady) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the gateway did not become ready')
}
