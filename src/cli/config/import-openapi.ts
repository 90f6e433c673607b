// `latchkey config import-openapi`: an OpenAPI document → a permission table, new or brought up to date.

import { readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { createReport, type Fault, formatFault } from '../../config/fault.ts'
import { isObject, type OpenApiDocument, readDocument } from '../../tables/openapi/document.ts'
import {
  type ImportedRoute,
  type ImportSummary,
  newTable,
  updateTable,
  withRequirements,
} from '../../tables/openapi/import-table.ts'
import { operationsOf, type Skipped } from '../../tables/openapi/operations.ts'
import { defaultRule, placeholders, unknownPlaceholder } from '../../tables/openapi/rule.ts'
import { editTable } from '../../tables/openapi/table-text.ts'
import { readSource } from '../../config/source.ts'
import { readTable } from '../../config/table.ts'
import { printable } from '../../errors/printable.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'
import { count } from './count.ts'

const help = `
What an operation requires, the first of these that the document has:
  x-permission: a name, \`public\`, a list (all of them), or { permission | all_of | any_of }, on the operation or path
  the scopes of its security requirements; none at all (security: []) makes a new route public
  --rule, "${defaultRule}" unless said; placeholders: ${placeholders.map((name) => `{${name}}`).join(' ')}
--into keeps what stands in the file: comments, order, settings, requirements that the document does not state itself, and
routes that it does not have (--prune removes those). Without it a new table is printed.
Exit code: 0 done, 1 the table would not be valid, 2 the document or the file cannot be read.

Example:
  $ latchkey config import-openapi openapi.yaml --into config/permissions/payments.yaml
  $ latchkey config check config/gateway.yaml --openapi openapi.yaml`

interface ImportFlags {
  readonly into?: string
  readonly rule: string
  readonly prune?: true
  readonly json?: true
}

/** Adds the verb. */
export function registerImportOpenapi(group: Command, io: CliIo): void {
  group
    .command('import-openapi')
    .description('write or update a permission table from an OpenAPI 3.0 or 3.1 document')
    .argument('<document>', 'JSON or YAML, in one file')
    .option('--into <table>', 'permission table to update, or to make')
    .option('--rule <name>', 'name of the permission where the document states none', defaultRule)
    .option('--prune', 'remove routes that the document does not have')
    .option('--json', 'print what was done as JSON')
    .addHelpText('after', help)
    .action(async (file: string, flags: ImportFlags) => {
      await importDocument(file, flags, io)
    })
}

async function importDocument(file: string, flags: ImportFlags, io: CliIo): Promise<void> {
  const unknown = unknownPlaceholder(flags.rule)
  if (unknown !== undefined) throw new CliError(`the rule has no placeholder {${unknown}}`, exitCodes.usage)
  const document = await readOpenapi(file)
  const { operations, skipped } = operationsOf(document)
  const routes = withRequirements(operations, flags.rule)
  if (routes.length === 0)
    throw new CliError(`${file} has no operation that a table can say`, exitCodes.usage)
  const { text, summary } = await write({ document, routes, flags })
  const faults = faultsOf(flags.into ?? 'table.yaml', text)
  if (faults.length > 0)
    throw new CliError(
      'the table would not be valid; nothing was written',
      exitCodes.failed,
      faults.map(formatFault),
    )
  if (flags.into !== undefined) await writeFile(flags.into, text)
  if (flags.json)
    io.stdout(
      `${JSON.stringify({ ...summary, skipped, ...(flags.into === undefined && { table: text }) }, null, 2)}\n`,
    )
  else {
    if (flags.into === undefined) io.stdout(text)
    const tell = flags.into === undefined ? io.stderr : io.stdout
    tell(summaryText(summary, skipped))
  }
}

/** The document. Throws CliError (unreadable input). */
export async function readOpenapi(file: string): Promise<OpenApiDocument> {
  const read = await readDocument(file)
  if (read.ok) return read.document
  throw new CliError(`${file} cannot be used`, exitCodes.usage, read.messages)
}

interface Writing {
  readonly document: OpenApiDocument
  readonly routes: readonly ImportedRoute[]
  readonly flags: ImportFlags
}

async function write({
  document,
  routes,
  flags,
}: Writing): Promise<{ text: string; summary: ImportSummary }> {
  const { into } = flags
  const isThere =
    into !== undefined &&
    (await readFile(into).then(
      () => true,
      () => false,
    ))
  if (into === undefined || !isThere) {
    const names = routes.map(({ operation }) => `${operation.method} ${operation.template}`)
    const summary = { added: names, changed: [], kept: 0, onlyInTable: [], removed: [], newPermissions: [] }
    return { text: newTable(routes, titleOf(document)), summary }
  }
  const read = await readSource(into)
  if (!read.ok) throw new CliError(`${into} ${read.message}`, exitCodes.usage)
  const report = createReport()
  const table = readTable(read.source, {}, report)
  const editable = editTable(into, read.source.text)
  const faults = [...report.faults, ...(editable.ok ? [] : editable.faults)]
  if (table === undefined || !editable.ok || faults.length > 0)
    throw new CliError(`${into} is not valid`, exitCodes.usage, [...new Set(faults.map(formatFault))])
  const summary = updateTable({ text: editable.table, table, routes, isPruning: flags.prune === true })
  return { text: editable.table.toString(), summary }
}

function titleOf({ root, file }: OpenApiDocument): string {
  const { title, version } = isObject(root.info) ? root.info : {}
  const words = [title, version].filter((word) => typeof word === 'string')
  return words.length === 0 ? file : words.join(' ')
}

/** Nothing is written that the gateway would not load. */
function faultsOf(file: string, text: string): readonly Fault[] {
  const report = createReport()
  readTable({ file, text }, {}, report)
  return report.faults
}

function summaryText(summary: ImportSummary, skipped: readonly Skipped[]): string {
  const { added, changed, kept, onlyInTable, removed, newPermissions } = summary
  return [
    `${count(added.length, 'route')} added, ${changed.length} changed, ${kept} kept, ${removed.length} removed\n`,
    ...[
      ...changed.map((text) => `changed: ${text}`),
      ...removed.map((text) => `removed: ${text}`),
      ...onlyInTable.map((text) => `not in the document: ${text}`),
      ...newPermissions.map((text) => `new permission: ${text}`),
      ...skipped.map(({ name, why }) => `left out: ${name}: ${why}`),
    ].map((text) => `  ${printable(text)}\n`),
  ].join('')
}
