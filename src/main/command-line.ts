// The command line: every verb of the program, and the one place that ends the process.

import cluster from 'node:cluster'
import { isatty } from 'node:tty'
import { Command } from 'commander'
import { registerAdminCommands } from '../cli/admin.ts'
import { registerCompletion } from '../cli/completion.ts'
import { registerConfigCommands } from '../cli/config.ts'
import { exitCodeOf, prepareCommands } from '../cli/errors.ts'
import { createIo } from '../cli/io.ts'
import { registerUpstreamsCommands } from '../cli/upstreams.ts'
import { registerDemoCommand } from './demo/demo.ts'
import { registerMigrateCommand } from './migrate.ts'
import { takeSecretFiles } from './secret-files.ts'
import { registerStartCommand } from './start.ts'
import { version } from './version.ts'
import { endFailed } from './worker.ts'

const env: Record<string, string | undefined> = { ...process.env }
// Node makes these streams when they are first asked for, and a pipe then no longer waits while it is full, for no program
// that has it. So `start` does not ask for standard output: its log has a way of its own.
let rereadSecrets = (): void => {}
const io = createIo({
  stdout: (text) => void standardOutput().write(text),
  stderr: (text) => void standardError().write(text),
  env,
  isTerminal: isatty(1),
  isWatched: isatty(2),
  rereadSecrets: () => rereadSecrets(),
})

const program = new Command('latchkey')
  .description('Authentication gateway for payment APIs')
  .version(version)
  .showHelpAfterError()
registerStartCommand(program, io)
registerMigrateCommand(program, io)
registerConfigCommands(program, io)
registerAdminCommands(program, io)
registerUpstreamsCommands(program, io)
registerDemoCommand(program, io)
registerCompletion(program, io)
prepareCommands(program, io)

try {
  rereadSecrets = takeSecretFiles(env)
  await program.parseAsync(process.argv)
} catch (error) {
  if (cluster.isWorker) await endFailed(error)
  process.exitCode = exitCodeOf(error, io)
  // The channel to its primary, or a half-made start, would keep it.
  if (cluster.isWorker) process.exit()
}

function standardOutput(): NodeJS.WriteStream {
  const { stdout } = process
  // A reader that leaves early, such as `head`, is no failure of what is read.
  if (stdout.listenerCount('error', endUnlessLeft) === 0) stdout.on('error', endUnlessLeft)
  return stdout
}

/** What cannot be told there is no reason to end for. */
function standardError(): NodeJS.WriteStream {
  const { stderr } = process
  if (stderr.listenerCount('error', ignore) === 0) stderr.on('error', ignore)
  return stderr
}

function ignore(): void {}

function endUnlessLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
