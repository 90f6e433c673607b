// A reason for which the process cannot start: told to the operator as it stands, without a stack.

import { exitCodes } from '../cli/exit.ts'

export class StartError extends Error {
  override readonly name = 'StartError'
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message)
    this.exitCode = exitCode
  }
}
