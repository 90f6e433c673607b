// `latchkey config …`: what can be said about configuration files without running anything. One file a verb.

import type { Command } from 'commander'
import { type AdminSurroundings, createSession } from './admin.ts'
import { registerCheck } from './config/check.ts'
import { registerDiff } from './config/diff.ts'
import { registerExplain } from './config/explain.ts'
import { registerImportOpenapi } from './config/import-openapi.ts'
import { registerReplay } from './config/replay.ts'
import { registerSchema } from './config/schema.ts'
import { registerTest } from './config/test.ts'
import type { CliIo } from './io.ts'

/** Adds the `config` group. Its failures are CliErrors, for `exitCodeOf`. */
export function registerConfigCommands(
  program: Command,
  io: CliIo,
  surroundings: Partial<AdminSurroundings> = {},
): void {
  const group = program
    .command('config')
    .description('check, explain, test and compare configuration files')
    .addHelpText('after', '\nExample:\n  $ latchkey config check config/gateway.yaml')
  const session = createSession(io, surroundings)
  registerCheck(group, io)
  registerSchema(group, io)
  registerExplain(group, session)
  registerTest(group, io)
  registerDiff(group, io)
  registerReplay(group, session)
  registerImportOpenapi(group, io)
}
