// `latchkey migrate`: applies pending migrations and says which, or only lists them.

import type { Command } from 'commander'
import type { CliIo } from '../cli/io.ts'
import { createProgress, type Progress, progressOption } from '../cli/progress.ts'
import { grantStatements } from '../store/grants-table.ts'
import { migrate, pendingMigrations } from '../store/migrate.ts'
import { createPostgres } from '../store/postgres.ts'
import { buildSearchIndexes, missingIndexes } from '../store/keys/search-table.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import { explainFailure } from '../store/refusals.ts'
import { openDatabase, placeOf } from './database.ts'
import { loadOrExplain } from './start.ts'
import { StartError } from './start-error.ts'

const applicationName = 'latchkey migrate'
/** Somebody watches, and may end what holds the table meanwhile. */
const patienceMs = 10 * 60_000
const help = `
Where a table is held (a backup, a long transaction), it gives up after a blink, says who holds it, and tries again for ten
minutes: instances that serve are not held up.

Examples:
  $ latchkey migrate --config config/gateway.yaml
  $ latchkey migrate --dry-run
  $ latchkey migrate --grants | psql "$DATABASE_URL"`

interface MigrateFlags {
  readonly config: string
  readonly dryRun?: boolean
  readonly grants?: boolean
  readonly json?: boolean
  readonly progress?: true
}

/** Adds the verb. */
export function registerMigrateCommand(program: Command, io: CliIo): void {
  program
    .command('migrate')
    .description('apply pending database migrations')
    .option('--config <file>', 'gateway file', 'config/gateway.yaml')
    .option('--dry-run', 'list what would run, and change nothing')
    .option('--grants', 'print the least rights of the serving roles as SQL, and do nothing')
    .option('--json', 'print JSON')
    .option(...progressOption)
    .addHelpText('after', help)
    .action(async (flags: MigrateFlags) => {
      if (flags.grants === true) {
        const sql = grantStatements()
        return io.stdout(flags.json === true ? `${JSON.stringify({ sql })}\n` : sql)
      }
      // It serves nobody: what it needs of the machine is the database.
      const { config } = await loadOrExplain(flags.config, io, { skipsCertificates: true })
      const database = await openDatabase(config.settings, (line) => io.stderr(`${line}\n`))
      try {
        const progress = createProgress(io, { isAsked: flags.progress === true })
        const tell = (line: string) => io.stderr(`${line}\n`)
        const { json, text } =
          flags.dryRun === true
            ? await listPending(database.url)
            : await applyPending(database.url, tell, progress)
        io.stdout(flags.json === true ? `${JSON.stringify(json)}\n` : `${text}\n`)
      } catch (error) {
        throw new StartError(explain(error, database.url))
      } finally {
        await database.stop()
      }
    })
}

interface Told {
  readonly json: object
  readonly text: string
}

async function listPending(url: string): Promise<Told> {
  const pending = await pendingMigrations({ url, applicationName })
  const indexes = await pendingIndexes(url)
  const text = [
    ...(pending.length > 0 ? [`Would apply ${pending.join(', ')}.`] : []),
    ...(indexes.length > 0 ? [`Would build ${indexes.join(', ')}, while all goes on.`] : []),
  ]
  return { json: { pending, indexes }, text: text.join(' ') || 'Nothing to do.' }
}

async function pendingIndexes(url: string): Promise<readonly string[]> {
  const db = createPostgres({ url, applicationName, maxConnections: 1 })
  try {
    return await missingIndexes(db)
  } finally {
    await db.close()
  }
}

async function applyPending(url: string, tell: (line: string) => void, progress: Progress): Promise<Told> {
  const held = (holder: string) => tell(`Waiting: ${holder}. What runs goes on meanwhile.`)
  const step = stepsOf(progress)
  const begins = (name: string) => step.next(`applying ${name}`)
  const applied = await migrate({ url, applicationName }, { patienceMs, held, begins }).finally(step.end)
  const builds = (name: string) => step.next(`building ${name}, while all goes on`)
  const built = await buildSearchIndexes({ url, applicationName }, { begins: builds }).finally(step.end)
  const text = [
    ...(applied.length > 0 ? [`Applied ${applied.join(', ')}.`] : []),
    ...(built === undefined ? ['Indexes are being built by another process.'] : []),
    ...(built !== undefined && built.length > 0 ? [`Built ${built.join(', ')}.`] : []),
  ]
  const indexes = built ?? []
  return {
    json: { applied, ...(indexes.length > 0 && { indexes }) },
    text: text.join(' ') || 'Nothing to do.',
  }
}

/** One step after the other: the next one ends the one before. */
function stepsOf(progress: Progress): { next(text: string): void; end(): void } {
  let end = () => {}
  return {
    next(text) {
      end()
      end = progress.begin(text)
    },
    end: () => end(),
  }
}

function explain(error: unknown, url: string): string {
  if (error instanceof StoreUnavailableError) {
    const mend =
      error.code === '55P03'
        ? 'Repeat it later, or end what holds the table.'
        : 'Check DATABASE_URL, and that the server runs.'
    return `Postgres at ${placeOf(url)} cannot be used: ${explainFailure(error)}. ${mend}`
  }
  return `Migration failed at ${placeOf(url)}: ${error instanceof Error ? error.message : String(error)}`
}
