// `latchkey migrate`: applies pending migrations and says which.

import type { Command } from 'commander'
import type { CliIo } from '../cli/io.ts'
import { grantStatements } from '../store/grants-table.ts'
import { migrate } from '../store/migrate.ts'
import { StoreUnavailableError } from '../store/postgres-errors.ts'
import { openDatabase, placeOf } from './database.ts'
import { loadOrExplain } from './start.ts'
import { StartError } from './start-error.ts'

/** Adds the verb. */
export function registerMigrateCommand(program: Command, io: CliIo): void {
  program
    .command('migrate')
    .description('apply pending database migrations')
    .option('--config <file>', 'gateway file', 'config/gateway.yaml')
    .option('--grants', 'print the least rights of the serving roles as SQL, and do nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ latchkey migrate --config config/gateway.yaml\n  $ latchkey migrate --grants | psql "$DATABASE_URL"',
    )
    .action(async (flags: { config: string; grants?: boolean; json?: boolean }) => {
      if (flags.grants === true) {
        const sql = grantStatements()
        return io.stdout(flags.json === true ? `${JSON.stringify({ sql })}\n` : sql)
      }
      const { config } = await loadOrExplain(flags.config, io)
      const database = await openDatabase(config.settings, (line) => io.stderr(`${line}\n`))
      try {
        const applied = await migrate({ url: database.url, applicationName: 'latchkey migrate' })
        const text = applied.length === 0 ? 'Nothing to do.' : `Applied ${applied.join(', ')}.`
        io.stdout(flags.json === true ? `${JSON.stringify({ applied })}\n` : `${text}\n`)
      } catch (error) {
        throw new StartError(explain(error, database.url))
      } finally {
        await database.stop()
      }
    })
}

function explain(error: unknown, url: string): string {
  if (error instanceof StoreUnavailableError) {
    return `Postgres at ${placeOf(url)} cannot be used (${error.code}): check DATABASE_URL, and that the server runs.`
  }
  return `Migration failed at ${placeOf(url)}: ${error instanceof Error ? error.message : String(error)}`
}
