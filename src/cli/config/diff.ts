// `latchkey config diff`: what a change of the tables opens and closes.

import type { Command } from 'commander'
import type { Change } from '../../tables/difference/change.ts'
import { compareLimits } from '../../tables/difference/limits.ts'
import { compareTables } from '../../tables/difference/compare.ts'
import type { CompiledConfig } from '../../config/compiled.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'
import { createProgress, progressOption } from '../progress.ts'
import { count } from './count.ts'
import { diffJson, diffText } from './diff-report.ts'
import { type EnvFromFlags, envFromOption, environmentOf } from './env-file.ts'
import { limitsText } from './limits-report.ts'
import { loadTable } from './load-table.ts'

const help = `
Compares decisions, not lines: for every host, method and path, who could not and now can, and who could and now cannot.
A narrower route that was removed opens what the wider one behind it lets pass. Rate limits and quotas that were loosened or tightened
are told too, and open nothing.
Exit code: 0 nothing opens, 1 something opens, 2 a file is not valid or cannot be read.

Example, in a pipeline:
  $ git show main:config/permissions/flintn.yaml > old/permissions/flintn.yaml
  $ latchkey config diff old/gateway.yaml config/gateway.yaml`

interface DiffFlags extends EnvFromFlags {
  readonly json?: true
  readonly progress?: true
}

/** Adds the verb. Throws `CliError` after printing where something opens. */
export function registerDiff(group: Command, io: CliIo): void {
  group
    .command('diff')
    .description('tell every decision that changes between two gateway files; 1 if anything opens')
    .argument('<old>', 'gateway file before the change')
    .argument('<new>', 'gateway file after it')
    .option(...envFromOption)
    .option('--json', 'print JSON')
    .option(...progressOption)
    .addHelpText('after', help)
    .action(async (oldFile: string, newFile: string, flags: DiffFlags) => {
      const env = await environmentOf(io.env, flags)
      const [before, after] = [await loadTable(oldFile, env), await loadTable(newFile, env)]
      const progress = createProgress(io, { isAsked: flags.progress === true })
      const changes = compare(before, after, (done, of) =>
        progress.at(`${done} of ${count(of, 'path')} of a host are compared`),
      )
      const limits = compareLimits(before.table, after.table)
      const isColoured = io.isTerminal && !io.env.NO_COLOR
      io.stdout(
        flags.json
          ? `${JSON.stringify({ ...diffJson(changes), limits }, null, 2)}\n`
          : diffText(changes, { isColoured, environmentsOf: countEnvironments([before, after]) }) +
              limitsText(limits, isColoured),
      )
      const opened = changes.filter(({ kind }) => kind === 'opened').length
      if (opened > 0) throw new CliError(`${count(opened, 'decision')} opened`, exitCodes.failed)
    })
}

function countEnvironments(sides: readonly CompiledConfig[]): (api: string) => number {
  return (api) => Math.max(...sides.map(({ table }) => table.apis.get(api)?.environments.length ?? 0))
}

function compare(
  before: CompiledConfig,
  after: CompiledConfig,
  looked: (done: number, of: number) => void,
): Change[] {
  try {
    return compareTables(before.table, after.table, looked)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    // Nobody has shown that nothing opens.
    throw new CliError(`the tables cannot be compared: ${error.message}`, exitCodes.failed)
  }
}
