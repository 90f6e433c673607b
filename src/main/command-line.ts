// The command line: every verb of the program, and the one place that ends the process.

import { Command } from 'commander'
import { registerAdminCommands } from '../cli/admin.ts'
import { registerConfigCommands } from '../cli/config.ts'
import { exitCodeOf, prepareCommands } from '../cli/errors.ts'
import { createIo } from '../cli/io.ts'
import { registerDemoCommand } from './demo.ts'
import { registerMigrateCommand } from './migrate.ts'
import { readSecretFiles } from './secret-files.ts'
import { registerStartCommand } from './start.ts'
import { version } from './version.ts'

const env: Record<string, string | undefined> = { ...process.env }
const io = createIo({
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  env,
  isTerminal: process.stdout.isTTY,
})

const program = new Command('latchkey')
  .description('Authentication gateway for payment APIs')
  .version(version)
  .showHelpAfterError()
registerStartCommand(program, io)
registerMigrateCommand(program, io)
registerConfigCommands(program, io)
registerAdminCommands(program, io)
registerDemoCommand(program, io)
prepareCommands(program, io)

// A reader that leaves early, such as `head`, is no failure of what is read.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  Object.assign(env, readSecretFiles(env))
  await program.parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitCodeOf(error, io)
}
