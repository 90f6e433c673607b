// Secrets in files instead of the environment, as container platforms hand them out: `NAME_FILE` names the file that
// holds what `NAME` would. The environment of a process is seen by more than the files that it may read.

import { readFileSync } from 'node:fs'
import { StartError } from './start-error.ts'

export const secretVariables = [
  'LATCHKEY_ADMIN_TOKEN',
  'LATCHKEY_CACHE_KEY',
  'DATABASE_URL',
  'REDIS_URL',
] as const

type Env = Readonly<Record<string, string | undefined>>

/** What the files say, by variable; a variable that is set itself wins. Throws a StartError that names variable and file. */
export function readSecretFiles(env: Env): Partial<Record<(typeof secretVariables)[number], string>> {
  const found: Partial<Record<(typeof secretVariables)[number], string>> = {}
  for (const name of secretVariables) {
    const file = env[`${name}_FILE`]
    const isSet = env[name] !== undefined && env[name] !== ''
    if (file !== undefined && file !== '' && !isSet) found[name] = readSecret(name, file)
  }
  return found
}

function readSecret(name: string, file: string): string {
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    if (text !== '') return text
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new StartError(`${name}_FILE: ${file} cannot be read (${code})`)
  }
  throw new StartError(`${name}_FILE: ${file} is empty`)
}
