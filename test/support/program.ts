// The whole program for a test: real Postgres and Redis, real sockets, config files of its own, recording upstreams.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatFault } from '../../src/config/fault.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { ShadowSource } from '../../src/main/config-in-force.ts'
import type { Role } from '../../src/main/core.ts'
import { type Program, startProgram } from '../../src/main/program.ts'
import { readSecrets } from '../../src/main/secrets.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { type AdminClient, adminClient } from './admin.ts'
import { createEmptyDatabase } from './database.ts'
import { type Answer, type RecordingUpstream, startUpstream } from './upstream.ts'

export const adminToken = 'test-admin-token-of-more-than-32-characters'
export const cacheKey = 'test-cache-key-of-more-than-32-characters'

export interface TestProgram {
  readonly gatewayPort: number
  readonly controlPort: number
  readonly admin: AdminClient
  readonly live: RecordingUpstream
  readonly sandbox: RecordingUpstream
  readonly databaseUrl: string
  /** Log lines so far. */
  readonly log: Record<string, unknown>[]
  readonly program: Program
  stop(): Promise<void>
}

export interface TestProgramOptions {
  /** Overrides of lines of the gateway file, by placeholder. */
  readonly gateway?: string
  /** Further keys of `control`, behind a comma. */
  readonly control?: string
  /** Further sections of the gateway file, a line each. */
  readonly sections?: string
  /** The gateway's; any free one unless said. */
  readonly port?: number
  /** Any free one unless said. */
  readonly controlPort?: number
  readonly upstream?: string
  /** Base URL of the live upstream instead of the recording one. */
  readonly liveUrl?: string
  /** The entries of `upstreams` instead of the usual two, which are payments and payments-sandbox. */
  readonly upstreams?: (urls: { readonly live: string; readonly sandbox: string }) => string
  readonly api?: string
  /** Where flintn takes its key. */
  readonly credential?: string
  readonly routes?: string
  readonly redis?: string
  readonly role?: Role
  /** LATCHKEY_CACHE_KEY; that of all test programs unless said. */
  readonly cacheKey?: string
  /** Database of another program, to share it. */
  readonly databaseUrl?: string
  readonly answer?: Answer
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

const defaultRoutes = `
  GET    /v1/status: public
  GET    /v1/transactions/{id}: transaction.read
  GET    /v1/transactions: transaction.search
  POST   /v1/transactions/{id}/refund: transaction.refund
  POST   /v1/small: { permission: transaction.refund, max_body: 1kb }
  POST   /v1/upload: transaction.refund
  DELETE /v1/transactions/{id}: transaction.refund
  GET    /v1/both: { all_of: [transaction.read, transaction.search] }
  GET    /v1/either: { any_of: [transaction.read, transaction.refund] }
  GET    /v1/exports/summary: transaction.read
  GET    /v1/exports/{id}: transaction.search
  GET    /v1/files/{path...}: transaction.read
  GET    /v1/slow: { permission: transaction.read, timeout: 300ms }
`

/** Starts everything; torn down with the test. */
export async function startTestProgram(t: Teardown, options: TestProgramOptions = {}): Promise<TestProgram> {
  return startPrepared(t, await prepareTestProgram(t, options), options.role)
}

/** Starts the program on what was prepared; torn down with the test. */
export async function startPrepared(
  t: Teardown,
  prepared: PreparedProgram,
  role: Role = 'all',
  shadow?: ShadowSource,
): Promise<TestProgram> {
  const { file, live, sandbox, databaseUrl, cacheKey: ownKey = cacheKey } = prepared
  const log: Record<string, unknown>[] = []
  const program = await startFrom(file, { role, log, shadow, cacheKey: ownKey })
  t.teardown(() => program.stop())
  return {
    gatewayPort: program.gatewayPort ?? 0,
    controlPort: program.controlPort ?? 0,
    admin: adminClient(`http://127.0.0.1:${program.controlPort}`, adminToken),
    live,
    sandbox,
    databaseUrl,
    log,
    program,
    stop: () => program.stop(),
  }
}

export interface PreparedProgram {
  /** The gateway file. */
  readonly file: string
  readonly live: RecordingUpstream
  readonly sandbox: RecordingUpstream
  readonly databaseUrl: string
  readonly cacheKey?: string
}

/** Everything but the program itself: config files, an empty database, upstreams. */
export async function prepareTestProgram(
  t: Teardown,
  options: TestProgramOptions = {},
): Promise<PreparedProgram> {
  const live = await startUpstream(options.answer)
  const sandbox = await startUpstream(options.answer)
  t.teardown(async () => {
    await live.close()
    await sandbox.close()
  })
  const databaseUrl = options.databaseUrl ?? (await createEmptyDatabase(t)).url
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-config-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = await writeConfig(folder, { ...options, databaseUrl, live, sandbox })
  const { cacheKey: ownKey } = options
  return { file, live, sandbox, databaseUrl, ...(ownKey !== undefined && { cacheKey: ownKey }) }
}

async function startFrom(
  file: string,
  options: {
    readonly role: Role
    readonly log: Record<string, unknown>[]
    readonly shadow: ShadowSource | undefined
    readonly cacheKey: string
  },
): Promise<Program> {
  const loaded = await loadConfig(file, {})
  if (!loaded.ok) throw new Error(loaded.faults.map(formatFault).join('\n'))
  const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: options.cacheKey }
  const usesRedis = loaded.config.settings.redis.kind === 'url'
  const stream = {
    write(line: string) {
      const parsed: unknown = JSON.parse(line)
      options.log.push({ ...Object(parsed) })
    },
  }
  return startProgram({
    config: loaded.config,
    source: { file, files: loaded.files, env: {}, ...(options.shadow && { shadow: options.shadow }) },
    role: options.role,
    secrets: readSecrets(env, { role: options.role, usesRedis }, (message) => {
      throw new Error(message)
    }),
    log: createLog({ level: 'info', stream }).logger,
  })
}

async function writeConfig(
  folder: string,
  parts: TestProgramOptions & {
    readonly databaseUrl: string
    readonly live: RecordingUpstream
    readonly sandbox: RecordingUpstream
  },
): Promise<string> {
  const file = join(folder, 'gateway.yaml')
  await writeFile(
    join(folder, 'flintn.yaml'),
    `permissions:
  transaction.read: Read transaction data
  transaction.search: Search transactions
  transaction.refund: Refund transactions
routes:${parts.routes ?? defaultRoutes}`,
  )
  await writeFile(
    join(folder, 'flint.yaml'),
    `permissions:
  document.read: Read documents
  document.write: Write documents
routes:
  GET  /documents: document.read
  POST /documents: document.write
`,
  )
  const upstream = parts.upstream ?? ''
  const usual = `  payments: { url: "${parts.liveUrl ?? parts.live.url}"${upstream} }
  payments-sandbox: { url: "${parts.sandbox.url}"${upstream} }`
  await writeFile(
    file,
    `gateway: { host: 127.0.0.1, port: ${parts.port ?? 0}${parts.gateway ?? ''} }
control: { host: 127.0.0.1, port: ${parts.controlPort ?? 0}${parts.control ?? ''} }
postgres: ${parts.databaseUrl}
redis: ${parts.redis ?? process.env['LATCHKEY_TEST_REDIS_URL'] ?? 'none'}
${parts.sections ?? ''}
upstreams:
${parts.upstreams?.({ live: parts.live.url, sandbox: parts.sandbox.url }) ?? usual}
apis:
  flintn:
    credential: ${parts.credential ?? '{ header: X-Api-Key }'}
    environments:
      live:    { hosts: [api.flintn.com], prefix: pk_live_, upstream: payments }
      sandbox: { hosts: [sandbox.api.flintn.com], prefix: pk_test_, upstream: payments-sandbox }
    permissions: flintn.yaml
${parts.api ?? ''}
  flint:
    credential: { bearer: true }
    environments:
      live:    { hosts: [api.flint.com], prefix: flint_live_, upstream: payments }
      sandbox: { hosts: [api.flint.com], prefix: flint_test_, upstream: payments-sandbox }
    permissions: flint.yaml
`,
  )
  return file
}
