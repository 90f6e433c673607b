// The database at start: the embedded one is started, pending migrations are applied. A database that is away does
// not keep an instance from starting (contract 7); one that refuses us does, as no waiting will mend that.

import type { Settings } from '../config/compiled.ts'
import { parsePostgresUrl } from '../config/store-url.ts'
import { startEmbeddedPostgres } from '../store/embedded.ts'
import { migrate } from '../store/migrate.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import type { Logger } from '../telemetry/log.ts'
import { StartError } from './start-error.ts'

export interface Database {
  readonly url: string
  stop(): Promise<void>
}

/** Finds or starts the database that the settings name. */
export async function openDatabase(settings: Settings, tell: (line: string) => void): Promise<Database> {
  const { postgres } = settings
  if (postgres.kind === 'url') return { url: postgres.url, stop: () => Promise.resolve() }
  try {
    return await startEmbeddedPostgres({ directory: postgres.directory, log: tell })
  } catch (error) {
    throw new StartError(`The embedded Postgres cannot start: ${messageOf(error)}`)
  }
}

/** SQLSTATEs that say that the URL is wrong: login refused (28), no such database (3D000). */
const isMisconfigured = /^(?:28|3D000)/

const retryEveryMs = 1_000

/**
 * Applies pending migrations. Returns at once when the database is away, and goes on trying until `signal` is
 * aborted; throws a StartError when it answers but cannot be used.
 */
export async function migrateOrRetry(url: string, log: Logger, signal: AbortSignal): Promise<void> {
  const isDone = await tryMigrate(url, log)
  if (!isDone) setTimeout(() => void retry(url, log, signal), retryEveryMs).unref()
}

async function retry(url: string, log: Logger, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  try {
    await migrateOrRetry(url, log, signal)
  } catch (error) {
    // It was away at the start and is wrong now: as the instance serves from its caches, it stays and says so.
    log.error({ reason: messageOf(error) }, 'The database cannot be used')
    setTimeout(() => void retry(url, log, signal), 10 * retryEveryMs).unref()
  }
}

async function tryMigrate(url: string, log: Logger): Promise<boolean> {
  try {
    const applied = await migrate({ url, applicationName: 'latchkey migrate' })
    if (applied.length > 0) log.info({ applied }, 'Migrations applied')
    return true
  } catch (error) {
    if (error instanceof StoreUnavailableError) {
      if (isMisconfigured.test(error.code)) throw refused(url, error)
      log.warn(
        { database: placeOf(url), reason: error.code },
        'Postgres cannot be reached; starting without it and trying again',
      )
      return false
    }
    throw new StartError(`The database at ${placeOf(url)} cannot be used: ${messageOf(error)}`)
  }
}

function refused(url: string, error: StoreUnavailableError): StartError {
  const mend = error.code === '3D000' ? 'create the database' : 'check user and password'
  return new StartError(
    `Postgres at ${placeOf(url)} refuses us (SQLSTATE ${error.code}): ${mend}, or mend DATABASE_URL.`,
  )
}

/** Hosts, ports and database of a URL, without user and password. */
export function placeOf(url: string): string {
  const places = (parsePostgresUrl(url)?.urls ?? []).map((one) => new URL(one))
  const [first] = places
  if (first === undefined) return 'the configured URL'
  return `${places.map(({ host }) => host).join(',')}${first.pathname}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
