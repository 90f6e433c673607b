// `latchkey config schema`: what editors complete and check the files by.

import type { Command } from 'commander'
import { gatewaySchemaText, permissionsSchemaText } from '../../config/editor-schema.ts'
import type { CliIo } from '../io.ts'

const help = `
Example:
  $ latchkey config schema > config/gateway.schema.json
  $ latchkey config schema --permissions > config/permissions.schema.json`

/** Adds the verb. */
export function registerSchema(group: Command, io: Pick<CliIo, 'stdout'>): void {
  group
    .command('schema')
    .description('print the JSON Schema of gateway files, for editors')
    .option('--permissions', 'print the schema of permission tables instead')
    .option('--json', 'print JSON (it always is)')
    .addHelpText('after', help)
    .action((options: { permissions?: boolean }) => {
      io.stdout(options.permissions === true ? permissionsSchemaText() : gatewaySchemaText())
    })
}
