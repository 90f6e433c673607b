// How a verb ends when it does not succeed: the reason once on stderr, and the exit code (contract 2).

import { type Command, CommanderError } from 'commander'
import { printable } from '../errors/printable.ts'
import { exitCodes } from './exit.ts'
import type { CliIo } from './io.ts'

/** A reason to stop, told to the person as it stands. `lines` are printed below it, indented. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number
  readonly lines: readonly string[]

  constructor(message: string, exitCode: number, lines: readonly string[] = []) {
    super(message)
    this.exitCode = exitCode
    this.lines = lines
  }
}

/**
 * Makes commander throw instead of ending the process, and write through `io`, in `program` and in every verb below
 * it. To be called after all verbs are registered: a setting of the parent does not reach verbs that exist already.
 */
export function prepareCommands(program: Command, io: Pick<CliIo, 'stdout' | 'stderr'>): void {
  program.exitOverride().configureOutput({
    writeOut: (text) => io.stdout(text),
    writeErr: (text) => io.stderr(text),
    outputError: (text, write) => write(oneLine(text)),
  })
  for (const command of program.commands) prepareCommands(command, io)
}

/** What commander says of an argument, which it repeats as it is; its own further line is a guess at what was meant. */
function oneLine(text: string): string {
  const [, message = text, guess = ''] = /^([^]*?)(\n\(Did you mean [^\n]*\?\))?\n$/.exec(text) ?? []
  return `${printable(message)}${guess}\n`
}

/** The exit code for what a verb threw; prints the reason, except where commander has already done so. */
export function exitCodeOf(error: unknown, io: Pick<CliIo, 'stderr'>): number {
  // Help that was asked for arrives here too, with 0. All else of commander's is wrong usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  io.stderr(`error: ${messageLines(error).map(printable).join('\n')}\n`)
  if (error instanceof CliError) for (const line of error.lines) io.stderr(`  ${printable(line)}\n`)
  return hasExitCode(error) ? error.exitCode : exitCodes.failed
}

/** One line, unless the error says that it has several: a text of others in it must not begin one. */
function messageLines(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)]
  const { told } = error as { told?: unknown }
  return Array.isArray(told) ? told.map(String) : [error.message]
}

/** Other folders have end-of-verb errors of their own; what they share is the member. */
function hasExitCode(error: unknown): error is Error & { exitCode: number } {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number'
}
