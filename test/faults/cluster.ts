// Several instances of the program as processes of their own, on private stores, each with a network of its own to
// them that the test can break.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AdminClient, adminClient } from '../support/admin.ts'
import { type PostgresService, startPostgres } from '../support/postgres-service.ts'
import { mainProgram } from '../support/process.ts'
import { adminToken, cacheKey } from '../support/program.ts'
import { startRedis } from '../support/redis-service.ts'
import type { Service } from '../support/service.ts'
import { stablePort } from '../support/stable-port.ts'
import { startTcpProxy, type TcpProxy, type TcpProxyOptions } from '../support/tcp-proxy.ts'
import type { Teardown } from './child.ts'
import { writeConfig } from './cluster-config.ts'

export interface Stores {
  readonly postgres: PostgresService
  readonly redis: Service
}

/** Private stores, gone with the test. */
export async function startStores(t: Teardown): Promise<Stores> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  t.teardown(async () => {
    await Promise.all([postgres.stop(), redis.stop()])
  })
  return { postgres, redis }
}

export interface InstanceOptions {
  readonly upstreamPort: number
  /** Such as `10s`; `15m` unless said. */
  readonly staleLimit?: string
  readonly args?: readonly string[]
  readonly gatewayPort?: number
  /** Most look-ups in vain a minute from one client; in effect unlimited unless said. */
  readonly failedLookups?: number
  /** Believes X-Forwarded-For, so that one test can be many clients. */
  readonly isBehindProxy?: boolean
  /** Connections to the upstream; 512 unless said. */
  readonly upstreamConnections?: number
  /** Requests that wait for one; as many as the gateway lets unless said. */
  readonly upstreamQueue?: number
  /** Of each request, as YAML; none unless said. */
  readonly rateLimit?: string
  /** The API takes access tokens, and the control plane gives them out. */
  readonly takesTokens?: boolean
  /** Without Redis at all. */
  readonly withoutRedis?: boolean
  readonly postgres?: TcpProxyOptions
  /** Does not wait for it to be ready. */
  readonly isNotAwaited?: boolean
}

export interface Instance {
  readonly child: ChildProcess
  readonly gatewayPort: number
  readonly controlPort: number
  readonly admin: AdminClient
  /** Between it and the stores. */
  readonly postgres: TcpProxy
  readonly redis: TcpProxy
  /** Begins with the id of the instance. */
  readonly name: string
  /** The end of its output. */
  output(): string
  /** GET /readyz; status 0 where nobody answers. */
  ready(): Promise<{ status: number; body: Record<string, unknown> }>
  metrics(): Promise<string>
  /** Another process with the same settings and network. */
  again(but?: Partial<InstanceOptions>): Promise<Instance>
  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null>
}

/** Starts one; resolves when it is ready. */
export async function startInstance(
  t: Teardown,
  stores: Stores,
  options: InstanceOptions,
): Promise<Instance> {
  const postgres = await startTcpProxy([stores.postgres.port], options.postgres)
  const redis = await startTcpProxy([stores.redis.port])
  t.teardown(async () => {
    await Promise.all([postgres.close(), redis.close()])
  })
  return run(t, stores, { ...options, proxies: { postgres, redis } })
}

type RunOptions = InstanceOptions & { readonly proxies: { postgres: TcpProxy; redis: TcpProxy } }

async function run(t: Teardown, stores: Stores, options: RunOptions): Promise<Instance> {
  const { postgres, redis } = options.proxies
  const url = new URL(stores.postgres.url)
  url.port = String(postgres.port)
  const gatewayPort = options.gatewayPort ?? (await stablePort())
  const controlPort = await stablePort()
  const file = await writeConfig(t, {
    ...options,
    ports: { gateway: gatewayPort, control: controlPort },
    postgresUrl: url.href,
    redisUrl: options.withoutRedis === true ? 'none' : `redis://127.0.0.1:${redis.port}`,
  })
  const child = spawn(process.execPath, [mainProgram, 'start', '--config', file, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      LATCHKEY_ADMIN_TOKEN: adminToken,
      LATCHKEY_CACHE_KEY: cacheKey,
      LATCHKEY_LOG_LEVEL: 'warn',
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-20_000)))
  }
  child.once('exit', (code, signal) => {
    if (code !== 0 && signal !== 'SIGKILL') console.error(`An instance ended (${code ?? signal}): ${output}`)
  })
  t.teardown(() => end(child, 'SIGKILL').then(() => {}))
  const base = `http://127.0.0.1:${controlPort}`
  const instance: Instance = {
    child,
    gatewayPort,
    controlPort,
    postgres,
    redis,
    name: `-${child.pid}-`,
    admin: adminClient(base, adminToken),
    output: () => output,
    ready: () => probe(`${base}/readyz`),
    metrics: async () => (await fetch(`${base}/metrics`)).text(),
    // Ports of its own: the first one may still run.
    again: (but = {}) => run(t, stores, { ...options, ...but }),
    stop: () => end(child, 'SIGTERM'),
  }
  if (options.isNotAwaited !== true) await untilReady(instance)
  return instance
}

/** Waits until it is ready; throws with its output when it ends before. */
export async function untilReady(instance: Instance): Promise<void> {
  while ((await instance.ready()).status !== 200) {
    if (instance.child.exitCode !== null) throw new Error(`It ended: ${instance.output()}`)
    await sleep(20)
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
  return child.exitCode
}

async function probe(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    const body: unknown = await response.json()
    return { status: response.status, body: { ...Object(body) } }
  } catch {
    return { status: 0, body: {} }
  }
}

export const keyOfDemo = { api: 'demo', permissions: ['a.read'] }
