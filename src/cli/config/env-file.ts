// Variables from a file, for a gateway file that is checked where those of its machine are not set. Lines as Docker's `--env-file`
// and systemd's `EnvironmentFile` have them in common; nothing is expanded, and no message repeats a value.

import { readFile } from 'node:fs/promises'
import { whyUnreadable } from '../../config/file-fault.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'

/** Of every verb that loads a gateway file. */
export const envFromOption = [
  '--env-from <file>',
  'variables, a line `NAME=VALUE` each; they win over those that are set',
] as const

export interface EnvFromFlags {
  readonly envFrom?: string
}

/** What a gateway file's variables stand for. Throws CliError as `readEnvFile` does. */
export async function environmentOf(env: CliIo['env'], { envFrom }: EnvFromFlags): Promise<CliIo['env']> {
  return envFrom === undefined ? env : { ...env, ...(await readEnvFile(envFrom)) }
}

/** Name → value. Throws CliError (unreadable input) that names the lines that are none. */
export async function readEnvFile(file: string): Promise<Readonly<Record<string, string>>> {
  const lines = (await textOf(file)).replace(/^\ufeff/, '').split(/\r?(?:\n|$)/)
  const found: Record<string, string> = {}
  const faults: string[] = []
  for (const [index, line] of lines.entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) faults.push(`${file}:${index + 1}:1  is no NAME=VALUE`)
    else found[name] = unquoted(value.trim())
  }
  if (faults.length > 0) throw new CliError(`${file} is no file of variables`, exitCodes.usage, faults)
  return found
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(`${file} ${whyUnreadable(error)}`, exitCodes.usage)
  }
}

function unquoted(value: string): string {
  return /^(["']).*\1$/.test(value) && value.length > 1 ? value.slice(1, -1) : value
}
