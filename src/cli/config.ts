// `latchkey config …`: what can be said about configuration files without running anything.

import type { Command } from 'commander'
import { gatewaySchemaText, permissionsSchemaText } from '../config/editor-schema.ts'
import { type Fault, formatFault } from '../config/fault.ts'
import { type LoadResult, loadConfig } from '../config/load.ts'
import { CliError } from './errors.ts'
import { exitCodes } from './exit.ts'
import type { CliIo } from './io.ts'

type ConfigIo = Pick<CliIo, 'stdout' | 'stderr' | 'env'>

const checkHelp = `
Exit code: 0 no faults, 1 faults, 2 the file cannot be read.

Example:
  $ latchkey config check config/gateway.yaml
  config/gateway.yaml:13:11  the environment variable DATABASE_URL is not set`

const schemaHelp = `
Example:
  $ latchkey config schema > config/gateway.schema.json
  $ latchkey config schema --permissions > config/permissions.schema.json`

/** Adds the `config` group. Where `check` finds a fault it throws `CliError` after printing all. */
export function registerConfigCommands(program: Command, io: ConfigIo): void {
  const group = program
    .command('config')
    .description('check and explain configuration files')
    .addHelpText('after', '\nExample:\n  $ latchkey config check config/gateway.yaml')
  group
    .command('check')
    .description('check a gateway file and the permission tables that it names')
    .argument('<file>', 'gateway file')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', checkHelp)
    .action(async (file: string, options: { json?: boolean }) => {
      await checkConfig({ file, isJson: options.json === true }, io)
    })
  group
    .command('schema')
    .description('print the JSON Schema of gateway files, for editors')
    .option('--permissions', 'print the schema of permission tables instead')
    .option('--json', 'print JSON (it always is)')
    .addHelpText('after', schemaHelp)
    .action((options: { permissions?: boolean }) => {
      io.stdout(options.permissions === true ? permissionsSchemaText() : gatewaySchemaText())
    })
}

async function checkConfig({ file, isJson }: { file: string; isJson: boolean }, io: ConfigIo): Promise<void> {
  const result = await loadConfig(file, io.env)
  if (isJson) io.stdout(`${JSON.stringify(toJson(result), null, 2)}\n`)
  else printResult(file, result, io)
  if (result.ok) return
  const exitCode = result.unreadable ? exitCodes.usage : exitCodes.failed
  throw new CliError(`${count(result.faults.length, 'fault')} in the configuration`, exitCode)
}

function printResult(file: string, result: LoadResult, io: ConfigIo): void {
  if (!result.ok) for (const fault of result.faults) io.stderr(`${formatFault(fault)}\n`)
  for (const warning of result.warnings) io.stderr(`${formatWarning(warning)}\n`)
  if (!result.ok) return
  const { apis, routes, sha256 } = summarize(result.config.table)
  const names = apis.map((api) => api.name).join(', ')
  io.stdout(
    `${file} is valid: ${count(apis.length, 'API')} (${names}), ${count(routes, 'route')}, sha256 ${sha256}\n`,
  )
}

function formatWarning(warning: Fault): string {
  return formatFault({ ...warning, message: `warning: ${warning.message}` })
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

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
