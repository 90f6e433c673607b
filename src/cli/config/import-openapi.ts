// `latchkey config import-openapi`: an OpenAPI document → a permission table, new or brought up to date.

import type { Command } from 'commander'
import { formatFault } from '../../config/fault.ts'
import { createRouteMatcher } from '../../config/matcher.ts'
import { type OpenApiDocument, readDocument } from '../../tables/openapi/document.ts'
import { createRouteAt, takenForLess } from '../../tables/openapi/drift.ts'
import { expandEnums, operationsOf, type Skipped } from '../../tables/openapi/operations.ts'
import { type Required, withRequirements } from '../../tables/openapi/required.ts'
import { defaultRule, placeholders, unknownPlaceholder } from '../../tables/openapi/rule.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'
import { count } from './count.ts'
import { type Outcome, outcomeObject, outcomeText } from './import-report.ts'
import { faultsOf, importInto, tableOf, writeTable, type WriteFlags } from './import-write.ts'

const help = `
What an operation requires, the first of these that the document has:
  x-permission: a name, \`public\`, a list (all of them), or { permission | all_of | any_of }, on the operation or path
  the scopes of its security requirements, for new routes only; none at all (security: [], or {} alone) makes those public
  --rule, "${defaultRule}" unless said; placeholders: ${placeholders.map((name) => `{${name}}`).join(' ')}
--into keeps what stands in the file: comments, order, settings, requirements that the document does not state itself, and
routes that it does not have (--prune removes those). Only x-permission changes a listed route, and never to less than the
table asks for, unless with --loosen. Without --into a new table is printed.
Operations that can match one request, with no more specific one, get a route for what both match, which asks for all of both;
where none can be written the later one is left out, by name.
Exit code: 0 done, 1 the table would not be valid, or takes an operation that was left out for less than it asks for,
2 the document or the file cannot be read or written.

Example:
  $ latchkey config import-openapi openapi.yaml --into config/permissions/payments.yaml
  $ latchkey config check config/gateway.yaml --openapi openapi.yaml`

interface ImportFlags extends WriteFlags {
  readonly rule: string
  readonly expandEnums?: true
  readonly json?: true
}

/** Adds the verb. */
export function registerImportOpenapi(group: Command, io: CliIo): void {
  group
    .command('import-openapi')
    .description('write or update a permission table from an OpenAPI 3 or Swagger 2.0 document')
    .argument('<document>', 'JSON or YAML, in one file')
    .option('--into <table>', 'permission table to update, or to make')
    .option('--rule <name>', 'name of the permission where the document states none', defaultRule)
    .option('--expand-enums', 'a route for each value of a parameter whose values the document lists')
    .option('--prune', 'remove routes that the document does not have')
    .option('--loosen', 'let x-permission ask for less than a listed route does')
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
  const { operations: read, skipped } = operationsOf(document)
  const operations = flags.expandEnums === true ? expandEnums(read) : read
  const required = withRequirements(operations, flags.rule, skipped)
  if (required.routes.length === 0) throw new CliError(nothingIn(file, skipped), exitCodes.usage)
  if (required.routes.every(({ requirement }) => requirement.kind === 'public'))
    throw new CliError(
      `every operation of ${file} is public: a table has one permission at least; write these routes into another's by hand`,
      exitCodes.failed,
    )
  const { text, ...told } = await importInto({ document, required, flags })
  const faults = faultsOf(flags.into ?? 'table.yaml', text)
  if (faults.length > 0)
    throw new CliError(
      'the table would not be valid; nothing was written',
      exitCodes.failed,
      faults.map(formatFault),
    )
  if (flags.into !== undefined) await writeTable(flags.into, text)
  const { joined, routes: described } = required
  const outcome = { ...told, joined, described, leftOut: [...skipped, ...told.leftOut] }
  tell(text, outcome, { flags, io })
  refuseTakenForLess(text, outcome.leftOut, required)
}

function tell(text: string, outcome: Outcome, { flags, io }: { flags: ImportFlags; io: CliIo }): void {
  const isNew = flags.into === undefined
  const reported = { outcome, table: tableOf(text) }
  if (flags.json) {
    io.stdout(`${JSON.stringify({ ...outcomeObject(reported), ...(isNew && { table: text }) }, null, 2)}\n`)
    return
  }
  if (isNew) io.stdout(text)
  const say = isNew ? io.stderr : io.stdout
  say(outcomeText(reported))
}

/** Why a document gives no route. */
function nothingIn(file: string, skipped: readonly Skipped[]): string {
  const elsewhere = skipped.filter(({ why }) => why.includes('bundle the document')).length
  return elsewhere > 0
    ? `${file} refers to other files for ${count(elsewhere, 'path')}: bundle the document into one file first`
    : `${file} has no operation that a table can say`
}

/** Nothing that was left out may be served for less than it asks for without somebody being told. */
function refuseTakenForLess(text: string, leftOut: readonly Skipped[], { requirementOf }: Required): void {
  const table = tableOf(text)?.routes ?? []
  const routes = table.map(({ route }) => route)
  const routeAt = createRouteAt({ routes, matchRoute: createRouteMatcher(table) })
  const taken = takenForLess({ routeAt, routes }, leftOut, requirementOf)
  if (taken.length === 0) return
  throw new CliError(
    'operations that were left out are served for less than they ask for; change the table',
    exitCodes.failed,
    taken.map(({ message }) => message),
  )
}

/** The document. Throws CliError (unreadable input, also of what an operation asks for). */
export async function readOpenapi(file: string): Promise<OpenApiDocument> {
  const read = await readDocument(file)
  if (!read.ok) throw new CliError(`${file} cannot be used`, exitCodes.usage, read.messages)
  const { unreadable } = operationsOf(read.document)
  if (unreadable.length === 0) return read.document
  const messages = unreadable.map(
    (name) =>
      `${file}  \`${name}\`: x-permission is none: a name, a list of names, or one of permission, all_of, any_of`,
  )
  throw new CliError(`${file} cannot be used`, exitCodes.usage, messages)
}
