// Secrets in files instead of the environment: `NAME_FILE` names the file that holds what `NAME` would. Read at the start,
// and again when the configuration is (what `${NAME}` means there is config/expand.ts's to find out).

import { readSecretFile } from '../config/secret-file.ts'
import { StartError } from './start-error.ts'

export const secretVariables = [
  'LATCHKEY_ADMIN_TOKEN',
  'LATCHKEY_CACHE_KEY',
  'LATCHKEY_SEAL_KEY',
  'DATABASE_URL',
  'REDIS_URL',
] as const

type Env = Readonly<Record<string, string | undefined>>
type Found = Partial<Record<(typeof secretVariables)[number], string>>

/** What the files say, by variable; a variable that is set itself wins. Throws a StartError that names variable and file. */
export function readSecretFiles(env: Env): Found {
  return readFilesOf(
    env,
    secretVariables.filter((name) => env[name] === undefined || env[name] === ''),
  )
}

/** Puts what files say into `env`. Returns what does it again, with the same variables. Both throw as `readSecretFiles`. */
export function takeSecretFiles(env: Record<string, string | undefined>): () => void {
  const found = readSecretFiles(env)
  Object.assign(env, found)
  const fromFiles = secretVariables.filter((name) => found[name] !== undefined)
  // Read whole before any is put in.
  return () => void Object.assign(env, readFilesOf(env, fromFiles))
}

function readFilesOf(env: Env, names: readonly (typeof secretVariables)[number][]): Found {
  const found: Found = {}
  for (const name of names) {
    const read = readSecretFile(env, name)
    if (read?.kind === 'fault') throw new StartError(read.fault)
    if (read !== undefined) found[name] = read.text
  }
  return found
}
