// The database at start: the embedded one is started, pending migrations are applied. A database that is away does
// not keep an instance from starting (contract 7); one that refuses us does, as no waiting will mend that.

import type { Settings } from '../config/compiled.ts'
import { parsePostgresUrl } from '../config/store-url.ts'
import { startEmbeddedPostgres } from '../store/embedded.ts'
import { migrate } from '../store/migrate.ts'
import { buildSearchIndexes } from '../store/keys/search-table.ts'
import { createPostgres } from '../store/postgres.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import { explainFailure, refusalOf } from '../store/refusals.ts'
import type { Logger } from '../telemetry/log.ts'
import { StartError } from './start-error.ts'

export interface Database {
  readonly url: string
  stop(): Promise<void>
}

/** Finds or starts the database that the settings name. */
export async function openDatabase(settings: Settings, tell: (line: string) => void): Promise<Database> {
  const { postgres } = settings
  if (postgres.kind === 'url') {
    checkUrl(postgres.url)
    return { url: postgres.url, stop: () => Promise.resolve() }
  }
  try {
    return await startEmbeddedPostgres({ directory: postgres.directory, log: tell })
  } catch (error) {
    throw new StartError(`The embedded Postgres cannot start: ${messageOf(error)}`)
  }
}

/** Nothing is connected: what the driver makes of the URL, and the files that it names. */
function checkUrl(url: string): void {
  try {
    void createPostgres({ url, applicationName: 'latchkey' }).close()
  } catch (error) {
    throw new StartError(`${messageOf(error)}. See DATABASE_URL (\`postgres\` of the configuration).`)
  }
}

const retryEveryMs = 1_000
const indexRetryMs = 60_000
/** A table that is held for longer is waited for beside the start. */
const patienceMs = 3_000

/**
 * Applies pending migrations. Returns at once when the database is away, or soon when a table is held, and goes on trying
 * until `signal` is aborted; throws a StartError when it answers but cannot be used.
 */
export async function migrateOrRetry(url: string, log: Logger, signal: AbortSignal): Promise<void> {
  const isDone = await tryMigrate(url, log)
  if (isDone) void buildIndexes(url, log, signal)
  else setTimeout(() => void retry(url, log, signal), retryEveryMs).unref()
}

/** Beside all else, and nothing waits for it: what goes by these indexes is slower until they are there. */
async function buildIndexes(url: string, log: Logger, signal: AbortSignal, told = ''): Promise<void> {
  if (signal.aborted) return
  let isDone = false
  let reason = told
  try {
    const built = await buildSearchIndexes({ url, applicationName: 'latchkey migrate' }, { signal })
    isDone = built !== undefined
    if (built !== undefined && built.length > 0) log.info({ built }, 'Indexes built')
  } catch (error) {
    reason = explainFailure(error)
    // A role that may not create them is told so once.
    if (!signal.aborted && reason !== told)
      log.warn({ reason }, 'Indexes are still to be built; searches are slower')
  }
  if (!isDone) setTimeout(() => void buildIndexes(url, log, signal, reason), indexRetryMs).unref()
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
    const held = (holder: string) => log.warn({ holder }, 'A migration waits; what runs goes on meanwhile')
    const applied = await migrate({ url, applicationName: 'latchkey migrate' }, { patienceMs, held })
    if (applied.length > 0) log.info({ applied }, 'Migrations applied')
    return true
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal !== undefined) {
      const { code, text, mend } = refusal
      const kind = /^[0-9A-Z]{5}$/.test(code) ? `SQLSTATE ${code}` : code
      throw new StartError(`Postgres at ${placeOf(url)} refuses us (${kind}): ${text}. To mend it: ${mend}.`)
    }
    if (error instanceof StoreUnavailableError) {
      log.warn(
        { database: placeOf(url), reason: explainFailure(error) },
        error.code === '55P03'
          ? 'Migrations are still to be applied; they are tried again'
          : 'Postgres cannot be reached; starting without it and trying again',
      )
      return false
    }
    throw new StartError(`The database at ${placeOf(url)} cannot be used: ${messageOf(error)}`)
  }
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
