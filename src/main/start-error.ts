// A reason for which the process cannot start: told to the operator as it stands, without a stack.

import { exitCodes } from '../cli/exit.ts'

export class StartError extends Error {
  override readonly name = 'StartError'
  readonly exitCode: number
  /** The message, line for line. */
  readonly told: readonly string[]

  constructor(message: string | readonly string[], exitCode: number = exitCodes.failed) {
    const told = [message].flat()
    super(told.join('\n'))
    this.exitCode = exitCode
    this.told = told
  }
}
