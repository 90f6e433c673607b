// `latchkey config schema`: what editors complete and check the files by.

import type { Command } from 'commander'
import {
  casesSchemaText,
  denySchemaText,
  gatewaySchemaText,
  permissionsSchemaText,
} from '../../config/editor-schema.ts'
import { referenceText } from '../../config/reference.ts'
import type { CliIo } from '../io.ts'

const help = `
Example:
  $ latchkey config schema > config/gateway.schema.json
  $ latchkey config schema --permissions > config/permissions.schema.json
  $ latchkey config schema --cases > config/cases.schema.json
  $ latchkey config schema --deny > config/deny.schema.json
  $ latchkey config schema --markdown > docs/configuration.md`

/** Adds the verb. */
export function registerSchema(group: Command, io: Pick<CliIo, 'stdout'>): void {
  group
    .command('schema')
    .description('print the JSON Schema of gateway files, for editors')
    .option('--permissions', 'print the schema of permission tables instead')
    .option('--cases', 'print the schema of case files instead')
    .option('--deny', 'print the schema of deny files instead')
    .option('--markdown', 'print all settings as a document for people instead')
    .option('--json', 'print JSON (it always is, but with --markdown)')
    .addHelpText('after', help)
    .action((flags: { permissions?: true; cases?: true; deny?: true; markdown?: true }) => {
      if (flags.markdown) io.stdout(referenceText())
      else if (flags.deny) io.stdout(denySchemaText())
      else if (flags.cases) io.stdout(casesSchemaText())
      else io.stdout(flags.permissions ? permissionsSchemaText() : gatewaySchemaText())
    })
}
