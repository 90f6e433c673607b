// A variable's value from the file that `NAME_FILE` names, as container platforms hand secrets out. The environment of a
// process is seen by more than the files that it may read.

import { readFileSync } from 'node:fs'
import { whyUnreadable } from './file-fault.ts'

export type SecretFile =
  | { readonly kind: 'text'; readonly text: string }
  /** Names variable and file, and nothing of what it holds. */
  | { readonly kind: 'fault'; readonly fault: string }

/** What the file of `NAME_FILE` holds, without the end of its last line; undefined: none is named. Read anew each time. */
export function readSecretFile(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): SecretFile | undefined {
  const variable = `${name}_FILE`
  const file = Object.hasOwn(env, variable) ? env[variable] : undefined
  if (file === undefined || file === '') return undefined
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    return text === '' ? { kind: 'fault', fault: `${variable}: ${file} is empty` } : { kind: 'text', text }
  } catch (error) {
    return { kind: 'fault', fault: `${variable}: ${file} ${whyUnreadable(error)}` }
  }
}
