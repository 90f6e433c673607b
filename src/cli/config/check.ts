// `latchkey config check`: all faults and warnings of a gateway file and its tables.

import { type Command, Option } from 'commander'
import type { Fault } from '../../config/fault.ts'
import { type LoadResult, loadConfig } from '../../config/load.ts'
import { apiOfDocument, findDrift } from '../../tables/openapi/drift.ts'
import { printable } from '../../errors/printable.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'
import { count } from './count.ts'
import { readOpenapi } from './import-openapi.ts'
import { type EnvFromFlags, envFromOption, environmentOf } from './env-file.ts'
import { formatFaults, formats, type Format } from './fault-format.ts'

const help = `
The files of certificates, keys and authorities are looked at, as a start does: there, readable, matching, not ended. In a pipeline,
where they and the variables of the machine are not, leave them out and say what the variables are:
  $ latchkey config check config/gateway.yaml --no-files --env-from ci.env

Exit code: 0 no faults, 1 faults, 2 the file cannot be read.

Example:
  $ latchkey config check config/gateway.yaml
  config/gateway.yaml:13:11  the environment variable DATABASE_URL is not set

With --openapi a route on one side only is a fault too:
  $ latchkey config check config/gateway.yaml --openapi openapi.yaml

In a GitHub workflow, faults as annotations of the lines:
  $ latchkey config check config/gateway.yaml --format github`

interface CheckFlags extends EnvFromFlags {
  readonly openapi?: string
  readonly api?: string
  /** false: `--no-files`. */
  readonly files: boolean
  readonly json?: true
  readonly format: Format
}

const asAtStart = { needs: 'all', refusesExpired: true } as const

/** Adds the verb. Where it finds a fault it throws `CliError` after printing all. */
export function registerCheck(group: Command, io: CliIo): void {
  group
    .command('check')
    .description('check a gateway file and the permission tables that it names')
    .argument('<file>', 'gateway file')
    .addOption(new Option('--format <format>', 'how to print faults').choices(formats).default('text'))
    .option(
      '--openapi <document>',
      'fail where this document and the table of its API differ in their routes',
    )
    .option('--api <name>', 'the API that the document is about; else found by its servers or routes')
    .option('--no-files', 'leave the files of certificates and keys alone: they are where it will run')
    .option(...envFromOption)
    .option('--json', 'the same as --format json')
    .addHelpText('after', help)
    .action(async (file: string, flags: CheckFlags) => {
      const env = await environmentOf(io.env, flags)
      const loaded = await loadConfig(file, env, flags.files ? asAtStart : { skipsCertificates: true })
      const result = await withDrift(loaded, flags)
      conclude(file, { result, format: flags.json ? 'json' : flags.format, io })
    })
}

/** With `--openapi`: the result, and as faults what document and table do not both have. */
async function withDrift(result: LoadResult, { openapi, api: name }: CheckFlags): Promise<LoadResult> {
  if (openapi === undefined || !result.ok) return result
  const document = await readOpenapi(openapi)
  const { apis } = result.config.table
  const api = name === undefined ? apiOfDocument(result.config, document) : apis.get(name)
  if (api === undefined) {
    const names = [...apis.keys()].join(', ')
    const reason =
      name === undefined ? `which API is ${openapi} about? Say --api` : `there is no API \`${name}\``
    throw new CliError(`${reason} (${names})`, exitCodes.usage)
  }
  const faults = findDrift(api, document)
  return faults.length === 0 ? result : { ...result, ok: false, faults, unreadable: false }
}

function conclude(file: string, { result, format, io }: Concluding): void {
  if (format === 'json') io.stdout(`${JSON.stringify(toJson(result), null, 2)}\n`)
  else printResult(file, { result, format, io })
  if (result.ok) return
  const exitCode = result.unreadable ? exitCodes.usage : exitCodes.failed
  throw new CliError(`${count(result.faults.length, 'fault')} in the configuration`, exitCode)
}

interface Concluding {
  readonly result: LoadResult
  readonly format: Format
  readonly io: CliIo
}

interface Printing {
  readonly result: LoadResult
  readonly format: Exclude<Format, 'json'>
  readonly io: CliIo
}

function printResult(file: string, { result, format, io }: Printing): void {
  const faults: readonly Fault[] = result.ok ? [] : result.faults
  const text = formatFaults({ faults, warnings: result.warnings }, format)
  // GitHub reads annotations from either stream; people pipe stdout.
  if (format === 'github') io.annotate(text)
  else io.stderr(text)
  if (!result.ok) return
  const { apis, routes, sha256 } = summarize(result.config.table)
  const names = apis.map((api) => api.name).join(', ')
  io.stdout(
    `${printable(file)} is valid: ${count(apis.length, 'API')} (${printable(names)}), ${count(routes, 'route')}, sha256 ${sha256}\n`,
  )
}

function toJson(result: LoadResult): unknown {
  if (!result.ok) return { ok: false, faults: result.faults, warnings: result.warnings }
  return { ok: true, faults: [], warnings: result.warnings, ...summarize(result.config.table) }
}

type CompiledTable = Extract<LoadResult, { ok: true }>['config']['table']

function summarize({ apis, sha256 }: CompiledTable) {
  const listed = [...apis.values()].map((api) => ({
    name: api.name,
    routes: api.routes.length,
    permissions: api.permissions.size,
  }))
  return { apis: listed, routes: listed.reduce((sum, api) => sum + api.routes, 0), sha256 }
}
