// `latchkey config test`: cases against a table, with no server.

import type { Command } from 'commander'
import { formatFault } from '../../config/fault.ts'
import { coverageOf } from '../../tables/cases/coverage.ts'
import { readCases, type TableCase } from '../../tables/cases/read-cases.ts'
import { runCases } from '../../tables/cases/run-cases.ts'
import type { CompiledConfig } from '../../config/compiled.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'
import { count } from './count.ts'
import { type EnvFromFlags, envFromOption, environmentOf } from './env-file.ts'
import { loadTable } from './load-table.ts'
import { testJson, testText } from './test-report.ts'

const help = `
A case is a request, who sends it, and what the gateway must decide:
  - request: GET /v1/transactions/tr_1
    who: [transaction.read]            # none, all, [names], { all_but: [names], environment: sandbox }
    expect: allow                      # allow, deny, an error's code, { code, route, environment, upstream }
A file is a list of cases, or { host: api.example.com, cases: [...] }.

Coverage counts, for each route, that each permission that it requires opens it, and that without that one it stays
shut. --full-coverage fails where a check is missing.
Exit code: 0 all passed, 1 one failed, 2 a file is faulty or cannot be read.

Example:
  $ latchkey config test config/demo.yaml config/permissions/*.cases.yaml`

interface TestFlags extends EnvFromFlags {
  readonly json?: true
  readonly verbose?: true
  readonly fullCoverage?: true
}

/** Adds the verb. Throws `CliError` after printing where a case fails. */
export function registerTest(group: Command, io: CliIo): void {
  group
    .command('test')
    .description('run cases against a table, and tell what no case touches')
    .argument('<file>', 'gateway file')
    .argument('<cases...>', 'files of cases')
    .option('--verbose', 'print the cases that passed too')
    .option('--full-coverage', 'fail where a check of a route × permission is missing')
    .option(...envFromOption)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (file: string, caseFiles: string[], flags: TestFlags) => {
      const config = await loadTable(file, await environmentOf(io.env, flags))
      const outcomes = runCases(config, await readAll(caseFiles, config))
      const coverage = coverageOf(config, outcomes)
      const isColoured = io.isTerminal && !io.env.NO_COLOR
      const run = { outcomes, coverage, isVerbose: flags.verbose === true, isColoured }
      io.stdout(flags.json ? `${JSON.stringify(testJson(run), null, 2)}\n` : testText(run))
      const failed = outcomes.filter(({ differences }) => differences.length > 0).length
      if (failed > 0) throw new CliError(`${count(failed, 'case')} failed`, exitCodes.failed)
      if (flags.fullCoverage && coverage.gaps.length + coverage.untouched.length > 0)
        throw new CliError('the cases do not cover the table', exitCodes.failed)
    })
}

async function readAll(files: readonly string[], config: CompiledConfig): Promise<TableCase[]> {
  const results = await Promise.all(files.map((file) => readCases(file, config)))
  const faults = results.flatMap((result) => (result.ok ? [] : result.faults))
  if (faults.length === 0) return results.flatMap((result) => (result.ok ? result.cases : []))
  throw new CliError(
    `${count(faults.length, 'fault')} in the cases`,
    exitCodes.usage,
    faults.map(formatFault),
  )
}
