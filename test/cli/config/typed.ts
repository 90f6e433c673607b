// `latchkey config …` as a person would type it, without a process of its own.

import { Command } from 'commander'
import { type AdminSurroundings } from '../../../src/cli/admin.ts'
import { registerConfigCommands } from '../../../src/cli/config.ts'
import { exitCodeOf, prepareCommands } from '../../../src/cli/errors.ts'
import { type CliIo, createIo } from '../../../src/cli/io.ts'

export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

interface Surroundings extends Partial<AdminSurroundings> {
  readonly env?: CliIo['env']
  readonly isTerminal?: boolean
}

/** Types `latchkey config` and the words after it. */
export async function typed(words: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const { env = {}, isTerminal = false, ...admin } = surroundings
  let stdout = ''
  let stderr = ''
  const io = createIo({
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env,
    isTerminal,
  })
  const program = new Command('latchkey')
  registerConfigCommands(program, io, admin)
  prepareCommands(program, io)
  try {
    await program.parseAsync(['config', ...words], { from: 'user' })
    return { stdout, stderr, exitCode: 0 }
  } catch (error) {
    const exitCode = exitCodeOf(error, io)
    return { stdout, stderr, exitCode }
  }
}
