// The command line against a real control plane on a database of its own.

import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import { type AdminSurroundings, registerAdminCommands } from '../../src/cli/admin.ts'
import { exitCodeOf, prepareCommands } from '../../src/cli/errors.ts'
import { type CliIo, createIo } from '../../src/cli/io.ts'
import type { ControlDeps } from '../../src/control/dependencies.ts'
import { createSubject, startMs, type Subject, token } from '../control/subject.ts'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Types a command line; its outcome is what a shell would see. */
export type Typed = (...words: string[]) => Promise<Outcome>

export interface Console {
  readonly subject: Subject
  readonly url: string
  readonly type: Typed
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** A control plane that listens, and a command line that knows where and with which token. */
export async function createConsole(t: Teardown, overrides: Partial<ControlDeps> = {}): Promise<Console> {
  const subject = await createSubject(t, overrides)
  await subject.app.listen({ port: 0, host: '127.0.0.1' })
  const address: AddressInfo | string | null = subject.app.server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The control plane does not listen')
  const url = `http://127.0.0.1:${address.port}`
  const type = typist({ LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: token })
  return { subject, url, type }
}

/** A command line in a given environment. */
export function typist(
  env: CliIo['env'],
  surroundings: Partial<AdminSurroundings> & { readonly isTerminal?: boolean } = {},
): Typed {
  return async (...words) => {
    let stdout = ''
    let stderr = ''
    const io = createIo({
      stdout: (text) => void (stdout += text),
      stderr: (text) => void (stderr += text),
      env,
      isTerminal: surroundings.isTerminal ?? false,
    })
    const program = new Command('latchkey')
    registerAdminCommands(program, io, { now: () => startMs, ...surroundings })
    prepareCommands(program, io)
    try {
      await program.parseAsync(words, { from: 'user' })
      return { code: 0, stdout, stderr }
    } catch (error) {
      const code = exitCodeOf(error, io)
      return { code, stdout, stderr }
    }
  }
}

/** The words of a complete `keys create`. */
export function createWords(merchantId: string, ...more: string[]): string[] {
  const named = ['--merchant', merchantId, '--api', 'flintn', '--env', 'live', '--name', 'Checkout']
  return ['keys', 'create', ...named, '--permission', 'transaction.read', ...more]
}
