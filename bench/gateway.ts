// Latchkey as it is run: Postgres and Redis, access log to a file, metrics, activity.

import { mkdirSync, openSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../src/store/embedded/postmaster.ts'
import { type AdminClient, adminClient } from '../test/support/admin.ts'
import { tlsFile } from '../test/support/tls.ts'
import type { Bench } from './bench.ts'
import { type Child, until } from './children.ts'

export interface GatewayOptions {
  readonly name: string
  /** URL of the database; left out: one of its own. */
  readonly database?: string
  readonly isTls?: boolean
  /** Over TLS clients are asked for a certificate. */
  readonly asksClients?: boolean
  /** The API takes access tokens beside keys. */
  readonly takesTokens?: boolean
  readonly workers?: number
  /** Anywhere instead of on the subject's core. */
  readonly isUnpinned?: boolean
  /** Requests with unknown keys in a minute before 429. */
  readonly failedLookups?: number
  /** Requests that may wait for a connection to the upstream. */
  readonly queue?: number
  readonly staleLimit?: string
  /** After which requests connections to the upstream are used again; left out: as it is by default. */
  readonly reuse?: string
  /** A checkout of another version, built: its program and its permission table. */
  readonly checkout?: string
  /** URL of the Redis; left out: the one of all. */
  readonly redis?: string
}

export interface Gateway {
  readonly child: Child
  readonly port: number
  readonly isTls: boolean
  readonly database: string
  readonly admin: AdminClient
  /** A key that may read and search transactions: the one of most requests. */
  key(): Promise<string>
  /** The access log grows by megabytes a second. */
  emptyLog(): void
}

function mainOf(checkout: string | undefined): string {
  return checkout === undefined
    ? fileURLToPath(new URL('../src/main.js', import.meta.url))
    : resolve(checkout, 'build/src/main.js')
}

function permissionsOf(checkout: string | undefined): string {
  return checkout === undefined
    ? fileURLToPath(new URL('../../config/permissions/flintn.yaml', import.meta.url))
    : resolve(checkout, 'config/permissions/flintn.yaml')
}

const token = 'bench-admin-token-of-more-than-32-characters'
let databases = 0

/** Starts one and waits until it is ready. */
export async function startGateway(bench: Bench, options: GatewayOptions): Promise<Gateway> {
  const folder = join(bench.folder, options.name)
  mkdirSync(folder, { recursive: true })
  const database = options.database ?? (await bench.stores.makeDatabase(`bench_${++databases}`))
  const ports = { gateway: await freePort(), control: await freePort() }
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, configFile(bench, { ...options, database, ports }))
  const log = join(folder, 'access.log')
  const child = bench.children.start({
    name: options.name,
    file: process.execPath,
    args: [mainOf(options.checkout), 'start', '--config', file, '--workers', String(options.workers ?? 1)],
    cores: options.isUnpinned === true ? null : (bench.pins?.subject ?? null),
    env: { LATCHKEY_ADMIN_TOKEN: token, LATCHKEY_CACHE_KEY: `of-${new URL(database).pathname}-${token}` },
    stdout: openSync(log, 'a'),
  })
  await until(child, `${options.name} to be ready`, () => isReady(ports.control))
  const admin = adminClient(`http://127.0.0.1:${ports.control}`, token)
  let key: Promise<string> | undefined
  return {
    child,
    port: ports.gateway,
    isTls: options.isTls === true,
    database,
    admin,
    key: () => (key ??= makeKey(admin)),
    emptyLog: () => truncateSync(log),
  }
}

async function makeKey(admin: AdminClient): Promise<string> {
  const merchant = await admin.makeMerchant('Bench')
  return (await admin.makeKey(merchant)).secret
}

interface Written extends GatewayOptions {
  readonly database: string
  readonly ports: { readonly gateway: number; readonly control: number }
}

function configFile(bench: Bench, { database, ports, ...options }: Written): string {
  const asks = options.asksClients === true ? ', client_certificates: optional' : ''
  const tls = options.isTls
    ? `, tls: { cert: ${tlsFile('server.pem')}, key: ${tlsFile('server.key')}${asks} }`
    : ''
  const limits =
    options.failedLookups === undefined ? '' : `, limits: { failed_lookups: ${options.failedLookups} }`
  const queue = options.queue === undefined ? '' : `, queue: ${options.queue}`
  const reuse = options.reuse === undefined ? '' : `, reuse: ${options.reuse}`
  const stale = options.staleLimit === undefined ? '' : `\n    stale_limit: ${options.staleLimit}`
  const oauth = options.takesTokens === true ? '\n    oauth: {}' : ''
  const { port } = bench.upstream
  return `gateway: { host: 127.0.0.1, port: ${ports.gateway}${tls}${limits} }
control: { host: 127.0.0.1, port: ${ports.control} }
postgres: ${database}
redis: ${options.redis ?? bench.stores.redis.url}
upstreams:
  payments: { url: "http://127.0.0.1:${port}"${queue}${reuse} }
  payments-sandbox: { url: "http://localhost:${port}" }
apis:
  flintn:
    credential: { header: X-Api-Key }
    environments:
      live:    { hosts: [api.flintn.com],         prefix: pk_live_, upstream: payments }
      sandbox: { hosts: [sandbox.api.flintn.com], prefix: pk_test_, upstream: payments-sandbox }
    permissions: ${permissionsOf(options.checkout)}${stale}${oauth}
`
}

function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    (response) => response.ok,
    () => false,
  )
}
